"""Elements of a MATLAB v5 file: arrays as they declare themselves, and the parts of each.

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
    Numbers,
    check_bytes,
    damaged,
)
from aegru_hw.recordings.containers.sparse import dense
from aegru_hw.recordings.fields import MAX_TEXT
from aegru_hw.recordings.hdf5 import MAX_BYTES

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
MATRIX, COMPRESSED = 14, 15
_COMPLEX = 0x0800
HEAD_BYTES = 2**16
MAX_DEPTH = 16
MAX_NODES = 2_000_000


@dataclass
class Node:
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


class Elements:
    """Reads elements of one file; those of all its structs and cells are counted and limited.

    Attributes:
        path: of the file.
        order: of its bytes, "<" or ">".
    """

    def __init__(self, path: Path, order: str) -> None:
        self.path = path
        self.order = order
        self._nodes_left = MAX_NODES

    def begin(self) -> None:
        """Count anew."""
        self._nodes_left = MAX_NODES

    def inflated(self, data: bytes, limit: int) -> bytes:
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

    def element(self, view: memoryview, at: int) -> tuple[int, memoryview, int]:
        """Return an element's type, its bytes and where the next one begins."""
        if at + 8 > len(view):
            raise damaged(self.path, "an array ends early")
        kind, length = np.frombuffer(view[at : at + 8], f"{self.order}u4").tolist()
        if kind >> 16:
            kind, length = kind & 0xFFFF, kind >> 16
            if length > 4:
                raise damaged(self.path, "an array ends early")
            return kind, view[at + 4 : at + 4 + length], at + 8
        end = at + 8 + length
        if end > len(view):
            raise damaged(self.path, "an array ends early")
        return kind, view[at + 8 : end], end + (-length) % 8

    def values(self, kind: int, data: memoryview) -> Numbers:
        if kind not in _STORED:
            raise damaged(self.path, f"numbers of type {kind}")
        stored = np.dtype(f"{self.order}{_STORED[kind]}")
        if len(data) % stored.itemsize:
            raise damaged(self.path, "an array ends early")
        return np.frombuffer(data, stored)

    def node(self, view: memoryview) -> Node:
        """Read an array's class, shape and name."""
        self._nodes_left -= 1
        if self._nodes_left < 0:
            raise UserError(f"{self.path} has more than {MAX_NODES} arrays")
        if not len(view):
            return Node("", "numbers", 6, (0, 0), False, view)
        kind, data, at = self.element(view, 0)
        flags = self.values(kind, data)
        if len(flags) < 2 or kind != 6:
            raise damaged(self.path, "an array without its class")
        code = int(flags[0]) & 0xFF
        if code == 17:  # an object of a class, which has no shape
            kind, data, at = self.element(view, at)
            return Node(self._text(data), "opaque", code, (), False, view[:0])
        kind, data, at = self.element(view, at)
        shape = tuple(self.values(kind, data).tolist())
        if kind != 5 or len(shape) < 2 or len(shape) > 32 or min(shape) < 0:
            raise damaged(self.path, f"an array of shape {shape[:32]}")
        kind, data, at = self.element(view, at)
        if code not in _CLASSES and code not in _KINDS:
            raise damaged(self.path, f"an array of class {code}")
        of = _KINDS.get(code, "numbers")
        return Node(self._text(data), of, code, shape, bool(flags[0] & _COMPLEX), view[at:])

    def _text(self, data: memoryview) -> str:
        text = bytes(data).split(b"\0")[0].decode("latin-1")
        if len(text) > MAX_TEXT or not text.isprintable():
            raise damaged(self.path, "a name that is not printable")
        return text

    def children(self, node: Node) -> Iterator[Node]:
        """Yield a cell array's cells, in MATLAB's order."""
        yield from self._matrices(node, 0, node.size)

    def _fields(self, node: Node) -> tuple[list[str], int]:
        """Return a struct's field names and where its values begin."""
        kind, data, at = self.element(node.rest, 0)
        length = self.values(kind, data)
        kind, data, at = self.element(node.rest, at)
        if len(length) != 1 or not 0 < int(length[0]) <= 4096:
            raise damaged(self.path, "a struct without field names")
        width = int(length[0])
        names = [data[n : n + width] for n in range(0, len(data), width)]
        return [self._text(name) for name in names], at

    def _matrices(self, node: Node, at: int, number: int) -> Iterator[Node]:
        if number * 8 > len(node.rest) - at:
            raise damaged(self.path, f"'{node.name}' has fewer parts than declared")
        for _ in range(number):
            kind, data, at = self.element(node.rest, at)
            if kind != MATRIX:
                raise damaged(self.path, f"element {kind} where an array is expected")
            yield self.node(data)

    def members(self, node: Node) -> dict[str, list[Node]]:
        """Return the values of each field of a struct or struct array."""
        names, at = self._fields(node)
        if node.size > MAX_TRIALS:
            raise UserError(f"'{node.name}' has {node.size} structs; at most {MAX_TRIALS}")
        members: dict[str, list[Node]] = {name: [] for name in names}
        for number, value in enumerate(self._matrices(node, at, node.size * len(names))):
            members[names[number % len(names)]].append(value)
        return members

    def no_numbers(self, name: str, node: Node) -> UserError:
        return UserError(
            f"'{name}' of {self.path.name} is a {node.kind}; an array of numbers is needed"
        )

    def numbers(self, node: Node, name: str) -> Numbers:
        if node.kind == "sparse":
            return self._sparse(node, name)
        if node.kind != "numbers":
            raise self.no_numbers(name, node)
        if node.complex:
            raise UserError(f"'{name}' is not an array of real numbers")
        if not node.size:
            return np.zeros((0, 0))
        kind, data, _ = self.element(node.rest, 0)
        values = self.values(kind, data)
        check_bytes(name, node.shape, 8, len(data))
        if len(values) != node.size:
            raise damaged(self.path, f"'{name}' has {len(values)} of {node.size} numbers")
        return self._of_class(node, values, name).reshape(node.shape, order="F")

    def _of_class(self, node: Node, values: Numbers, name: str) -> Numbers:
        """Return numbers, stored in the smallest type that holds them, in the array's own."""
        with np.errstate(invalid="ignore", over="ignore"):
            numbers = values.astype(_CLASSES[node.code])
        if numbers.dtype.kind != "f" and not np.array_equal(numbers, values):
            raise damaged(self.path, f"'{name}' has numbers that are no {numbers.dtype}")
        return numbers

    def _sparse(self, node: Node, name: str) -> Numbers:
        if node.complex or len(node.shape) != 2:
            raise UserError(f"'{name}' is not an array of real numbers")
        at, parts = 0, []
        for _ in range(3):
            kind, data, at = self.element(node.rest, at)
            parts.append(self.values(kind, data))
        rows, starts, values = parts
        native = values.astype(values.dtype.newbyteorder("="))
        return dense(name, (node.shape[0], node.shape[1]), native, rows, starts)


def are_numbers(nodes: list[Node]) -> bool:
    return all(node.kind in ("numbers", "sparse") for node in nodes)
