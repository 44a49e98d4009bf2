"""MATLAB v5 files: numbers, sparse and logical arrays, structs, struct arrays and cells."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import (
    MAX_TRIALS,
    Container,
    Numbers,
    Shape,
    damaged,
    missing,
    shape_of_trials,
)
from aegru_hw.recordings.containers.matlab5_elements import (
    COMPRESSED,
    HEAD_BYTES,
    MATRIX,
    MAX_DEPTH,
    Elements,
    Node,
    are_numbers,
)
from aegru_hw.recordings.hdf5 import MAX_BYTES


class Matlab5(Container):
    kind = "mat5"
    text = "MATLAB v5"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with open(path, "rb") as file:
            head = file.read(128)
        self._elements = Elements(path, "<" if head[126:128] == b"IM" else ">")
        self._shapes: dict[str, Shape] | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return head[:10] == b"MATLAB 5.0" and head[126:128] in (b"IM", b"MI")

    def shapes(self) -> dict[str, Shape]:
        if self._shapes is None:
            self._elements.begin()
            self._shapes = {}
            for node in self._variables():
                if node.name:
                    self._shapes |= dict(self._leaves(node, node.name))
        return self._shapes

    def load(self, name: str) -> Numbers | list[Numbers]:
        self._elements.begin()
        top, *fields = name.split(".")
        for node in self._variables(whole=top):
            if node.name == top:
                return self._load(node, fields, name)
        raise missing(self.path, name, self.shapes())

    def resolve(self, name: str) -> str:
        try:
            return super().resolve(name)
        except UserError:
            for node in self._variables():
                if node.name == name and node.kind != "numbers":
                    raise self._elements.no_numbers(name, node) from None
            raise

    # The file's top level.

    def _variables(self, whole: str | None = None) -> Iterator[Node]:
        """Yield the variables; those of plain numbers in full only where `whole` names them."""
        size = self.path.stat().st_size
        with open(self.path, "rb") as file:
            at = 128
            while at + 8 <= size:
                file.seek(at)
                tag = file.read(8)
                kind, length = np.frombuffer(tag, f"{self._elements.order}u4").tolist()
                if length > size - at - 8:
                    raise damaged(self.path, "it ends within a variable")
                if kind not in (MATRIX, COMPRESSED):
                    raise damaged(self.path, f"element {kind} where a variable is expected")
                yield from self._variable(file.read(length), kind == COMPRESSED, whole)
                at += 8 + length
            if at != size:
                raise damaged(self.path, "it ends within a variable")

    def _variable(self, data: bytes, compressed: bool, whole: str | None) -> Iterator[Node]:
        if not compressed:
            yield self._elements.node(memoryview(data))
            return
        node = self._elements.node(memoryview(self._elements.inflated(data, HEAD_BYTES))[8:])
        if node.kind in ("struct", "cell") or node.name == whole:
            content = memoryview(self._elements.inflated(data, MAX_BYTES))
            _, body, _ = self._elements.element(content, 0)
            node = self._elements.node(body)
        yield node

    # Names and values.

    def _leaves(self, node: Node, name: str, depth: int = 0) -> Iterator[tuple[str, Shape]]:
        if depth > MAX_DEPTH:
            raise UserError(f"{self.path} has structs in structs, more than {MAX_DEPTH} deep")
        if node.kind == "struct":
            for field, values in self._elements.members(node).items():
                whole = f"{name}.{field}"
                if node.size == 1:
                    yield from self._leaves(values[0], whole, depth + 1)
                elif values:
                    yield from self._leaves_of_trials(values, whole, depth + 1)
        elif node.kind == "cell" and 0 < node.size <= MAX_TRIALS:
            cells = list(self._elements.children(node))
            numbers = max(node.shape) == node.size and are_numbers(cells)
            yield name, shape_of_trials(cell.shape for cell in cells) if numbers else node.shape
        else:
            yield name, node.shape

    def _leaves_of_trials(
        self, nodes: list[Node], name: str, depth: int
    ) -> Iterator[tuple[str, Shape]]:
        """Yield what the same field of several structs holds: numbers, or structs with them."""
        if depth > MAX_DEPTH:
            raise UserError(f"{self.path} has structs in structs, more than {MAX_DEPTH} deep")
        if are_numbers(nodes):
            yield name, shape_of_trials(node.shape for node in nodes)
        elif _are_structs(nodes):
            for field, values in self._members_of_trials(nodes).items():
                if len(values) == len(nodes):
                    yield from self._leaves_of_trials(values, f"{name}.{field}", depth + 1)

    def _members_of_trials(self, nodes: list[Node]) -> dict[str, list[Node]]:
        """Return the values of each field of several structs."""
        members: dict[str, list[Node]] = {}
        for node in nodes:
            for field, values in self._elements.members(node).items():
                members.setdefault(field, []).extend(values)
        return members

    def _load(self, node: Node, fields: list[str], name: str) -> Numbers | list[Numbers]:
        if node.kind == "struct" and fields:
            values = self._elements.members(node).get(fields[0])
            if values is None:
                raise missing(self.path, name, self.shapes())
            if node.size == 1:
                return self._load(values[0], fields[1:], name)
            for field in fields[1:]:
                within = self._members_of_trials(values) if _are_structs(values) else {}
                if len(within.get(field, ())) != len(values):
                    raise missing(self.path, name, self.shapes())
                values = within[field]
            return self._several(values, name, node)
        if fields:
            raise missing(self.path, name, self.shapes())
        if node.kind == "cell" and 0 < node.size <= MAX_TRIALS:
            return self._several(list(self._elements.children(node)), name, node)
        return self._elements.numbers(node, name)

    def _several(self, nodes: list[Node], name: str, of: Node) -> list[Numbers]:
        if not are_numbers(nodes):
            raise self._elements.no_numbers(name, of)
        return [self._elements.numbers(node, name) for node in nodes]


def _are_structs(nodes: list[Node]) -> bool:
    return all(node.kind == "struct" and node.size == 1 for node in nodes)
