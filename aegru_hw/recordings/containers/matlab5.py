"""MATLAB v5 files: numbers, sparse and logical arrays, structs, struct arrays and cells.

The format is MathWorks' "MAT-File Format", chapter 1. A file is a list of elements, each a type, a
number of bytes and the bytes; an element of type 15 is another element, deflated.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import (
    MAX_TRIALS,
    Container,
    Numbers,
    Shape,
    check_bytes,
    damaged,
    missing,
    shape_of_trials,
)
from aegru_hw.recordings.containers.sparse import dense
from aegru_hw.recordings.hdf5 import MAX_BYTES
from aegru_hw.recordings.recording import MAX_TEXT

_STORED = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8"} | {
    13: "u8"
}
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4"} | {
    14: "i8",
    15: "u8",
}
_KINDS = {1: "cell", 2: "struct", 3: "object", 4: "char", 5: "sparse", 16: "function"} | {
    17: "opaque"
}
_MATRIX, _COMPRESSED = 14, 15
_COMPLEX = 0x0800
_HEAD_BYTES = 2**16
MAX_DEPTH = 16
MAX_NODES = 2_000_000


@dataclass
class _Node:
    """An array as declared: its parts are read later.

    Attributes:
        kind: "numbers", or a name of `_KINDS`.
        code: MATLAB's number of the class.
        rest: what follows the name.
    """

    name: str
    kind: str
    code: int
    shape: tuple[int, ...]
    complex: bool
    rest: memoryview

    @property
    def size(self) -> int:
        size = 1
        for length in self.shape:
            size *= length
        return size


class Matlab5(Container):
    kind = "mat5"
    text = "MATLAB v5"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        with open(path, "rb") as file:
            head = file.read(128)
        self._order = "<" if head[126:128] == b"IM" else ">"
        self._nodes_left = MAX_NODES
        self._shapes: dict[str, Shape] | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return head[:10] == b"MATLAB 5.0" and head[126:128] in (b"IM", b"MI")

    def shapes(self) -> dict[str, Shape]:
        if self._shapes is None:
            self._nodes_left = MAX_NODES
            self._shapes = {}
            for node in self._variables():
                if node.name:
                    self._shapes |= dict(self._leaves(node, node.name))
        return self._shapes

    def load(self, name: str) -> Numbers | list[Numbers]:
        self._nodes_left = MAX_NODES
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
                    raise self._no_numbers(name, node) from None
            raise

    # The file's top level.

    def _variables(self, whole: str | None = None) -> Iterator[_Node]:
        """Yield the variables; those of plain numbers in full only where `whole` names them."""
        size = self.path.stat().st_size
        with open(self.path, "rb") as file:
            at = 128
            while at + 8 <= size:
                file.seek(at)
                tag = file.read(8)
                kind, length = np.frombuffer(tag, f"{self._order}u4").tolist()
                if length > size - at - 8:
                    raise damaged(self.path, "it ends within a variable")
                if kind not in (_MATRIX, _COMPRESSED):
                    raise damaged(self.path, f"element {kind} where a variable is expected")
                yield from self._variable(file.read(length), kind == _COMPRESSED, whole)
                at += 8 + length
            if at != size:
                raise damaged(self.path, "it ends within a variable")

    def _variable(self, data: bytes, compressed: bool, whole: str | None) -> Iterator[_Node]:
        if not compressed:
            yield self._node(memoryview(data))
            return
        node = self._node(memoryview(self._inflated(data, _HEAD_BYTES))[8:])
        if node.kind in ("struct", "cell") or node.name == whole:
            content = memoryview(self._inflated(data, MAX_BYTES))
            _, body, _ = self._element(content, 0)
            node = self._node(body)
        yield node

    def _inflated(self, data: bytes, limit: int) -> bytes:
        try:
            inflater = zlib.decompressobj()
            content = inflater.decompress(data, limit)
        except (zlib.error, MemoryError) as error:
            raise damaged(self.path, error) from None
        if limit == MAX_BYTES:
            if inflater.unconsumed_tail:
                raise UserError(f"{self.path} has a variable of more than {MAX_BYTES} bytes")
            if not inflater.eof:
                raise damaged(self.path, "it ends within a variable")
        return content

    # Elements.

    def _element(self, view: memoryview, at: int) -> tuple[int, memoryview, int]:
        """Return an element's type, its bytes and where the next one begins."""
        if at + 8 > len(view):
            raise damaged(self.path, "an array ends early")
        kind, length = np.frombuffer(view[at : at + 8], f"{self._order}u4").tolist()
        if kind >> 16:
            kind, length = kind & 0xFFFF, kind >> 16
            if length > 4:
                raise damaged(self.path, "an array ends early")
            return kind, view[at + 4 : at + 4 + length], at + 8
        end = at + 8 + length
        if end > len(view):
            raise damaged(self.path, "an array ends early")
        return kind, view[at + 8 : end], end + (-length) % 8

    def _values(self, kind: int, data: memoryview) -> Numbers:
        if kind not in _STORED:
            raise damaged(self.path, f"numbers of type {kind}")
        stored = np.dtype(f"{self._order}{_STORED[kind]}")
        if len(data) % stored.itemsize:
            raise damaged(self.path, "an array ends early")
        return np.frombuffer(data, stored)

    def _node(self, view: memoryview) -> _Node:
        """Read an array's class, shape and name."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise UserError(f"{self.path} has more than {MAX_NODES} arrays")
        if not len(view):
            return _Node("", "numbers", 6, (0, 0), False, view)
        kind, data, at = self._element(view, 0)
        flags = self._values(kind, data)
        if len(flags) < 2 or kind != 6:
            raise damaged(self.path, "an array without its class")
        code = int(flags[0]) & 0xFF
        if code == 17:  # an object of a class, which has no shape
            kind, data, at = self._element(view, at)
            return _Node(self._text(data), "opaque", code, (), False, view[:0])
        kind, data, at = self._element(view, at)
        shape = tuple(self._values(kind, data).tolist())
        if kind != 5 or len(shape) < 2 or len(shape) > 32 or min(shape) < 0:
            raise damaged(self.path, f"an array of shape {shape[:32]}")
        kind, data, at = self._element(view, at)
        if code not in _CLASSES and code not in _KINDS:
            raise damaged(self.path, f"an array of class {code}")
        of = _KINDS.get(code, "numbers")
        return _Node(self._text(data), of, code, shape, bool(flags[0] & _COMPLEX), view[at:])

    def _text(self, data: memoryview) -> str:
        text = bytes(data).split(b"\0")[0].decode("latin-1")
        if len(text) > MAX_TEXT or not text.isprintable():
            raise damaged(self.path, "a name that is not printable")
        return text

    def _children(self, node: _Node) -> Iterator[_Node]:
        """Yield a cell array's cells, in MATLAB's order."""
        yield from self._matrices(node, 0, node.size)

    def _fields(self, node: _Node) -> tuple[list[str], int]:
        """Return a struct's field names and where its values begin."""
        kind, data, at = self._element(node.rest, 0)
        length = self._values(kind, data)
        kind, data, at = self._element(node.rest, at)
        if len(length) != 1 or not 0 < int(length[0]) <= 4096:
            raise damaged(self.path, "a struct without field names")
        width = int(length[0])
        names = [data[n : n + width] for n in range(0, len(data), width)]
        return [self._text(name) for name in names], at

    def _matrices(self, node: _Node, at: int, number: int) -> Iterator[_Node]:
        if number * 8 > len(node.rest) - at:
            raise damaged(self.path, f"'{node.name}' has fewer parts than declared")
        for _ in range(number):
            kind, data, at = self._element(node.rest, at)
            if kind != _MATRIX:
                raise damaged(self.path, f"element {kind} where an array is expected")
            yield self._node(data)

    def _members(self, node: _Node) -> dict[str, list[_Node]]:
        """Return the values of each field of a struct or struct array."""
        names, at = self._fields(node)
        if node.size > MAX_TRIALS:
            raise UserError(f"'{node.name}' has {node.size} structs; at most {MAX_TRIALS}")
        members: dict[str, list[_Node]] = {name: [] for name in names}
        for number, value in enumerate(self._matrices(node, at, node.size * len(names))):
            members[names[number % len(names)]].append(value)
        return members

    # Names and values.

    def _leaves(self, node: _Node, name: str, depth: int = 0) -> Iterator[tuple[str, Shape]]:
        if depth > MAX_DEPTH:
            raise UserError(f"{self.path} has structs in structs, more than {MAX_DEPTH} deep")
        if node.kind == "struct":
            for field, values in self._members(node).items():
                whole = f"{name}.{field}"
                if node.size == 1:
                    yield from self._leaves(values[0], whole, depth + 1)
                elif values and _are_numbers(values):
                    yield whole, shape_of_trials(value.shape for value in values)
        elif node.kind == "cell" and 0 < node.size <= MAX_TRIALS:
            cells = list(self._children(node))
            numbers = max(node.shape) == node.size and _are_numbers(cells)
            yield name, shape_of_trials(cell.shape for cell in cells) if numbers else node.shape
        else:
            yield name, node.shape

    def _load(self, node: _Node, fields: list[str], name: str) -> Numbers | list[Numbers]:
        if node.kind == "struct" and fields:
            values = self._members(node).get(fields[0])
            if values is None:
                raise missing(self.path, name, self.shapes())
            if node.size == 1:
                return self._load(values[0], fields[1:], name)
            if len(fields) > 1:
                raise missing(self.path, name, self.shapes())
            return self._several(values, name, node)
        if fields:
            raise missing(self.path, name, self.shapes())
        if node.kind == "cell" and 0 < node.size <= MAX_TRIALS:
            return self._several(list(self._children(node)), name, node)
        return self._numbers(node, name)

    def _several(self, nodes: list[_Node], name: str, of: _Node) -> list[Numbers]:
        if not _are_numbers(nodes):
            raise self._no_numbers(name, of)
        return [self._numbers(node, name) for node in nodes]

    def _no_numbers(self, name: str, node: _Node) -> UserError:
        return UserError(
            f"'{name}' of {self.path.name} is a {node.kind}; an array of numbers is needed"
        )

    def _numbers(self, node: _Node, name: str) -> Numbers:
        if node.kind == "sparse":
            return self._sparse(node, name)
        if node.kind != "numbers":
            raise self._no_numbers(name, node)
        if node.complex:
            raise UserError(f"'{name}' is not an array of real numbers")
        if not node.size:
            return np.zeros((0, 0))
        kind, data, _ = self._element(node.rest, 0)
        values = self._values(kind, data)
        check_bytes(name, node.shape, 8, len(data))
        if len(values) != node.size:
            raise damaged(self.path, f"'{name}' has {len(values)} of {node.size} numbers")
        return values.astype(_CLASSES[node.code]).reshape(node.shape, order="F")

    def _sparse(self, node: _Node, name: str) -> Numbers:
        if node.complex or len(node.shape) != 2:
            raise UserError(f"'{name}' is not an array of real numbers")
        at, parts = 0, []
        for _ in range(3):
            kind, data, at = self._element(node.rest, at)
            parts.append(self._values(kind, data))
        rows, starts, values = parts
        native = values.astype(values.dtype.newbyteorder("="))
        return dense(name, (node.shape[0], node.shape[1]), native, rows, starts)


def _are_numbers(nodes: list[_Node]) -> bool:
    return all(node.kind in ("numbers", "sparse") for node in nodes)
