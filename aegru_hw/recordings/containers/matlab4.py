"""MATLAB v4 files: a list of full and sparse matrices, each behind a header of five integers."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import (
    Container,
    Numbers,
    Shape,
    damaged,
    missing,
)
from aegru_hw.recordings.containers.sparse import dense

_STORED = ("f8", "f4", "i4", "i2", "u2", "u1")
_FULL, _TEXT, _SPARSE = 0, 1, 2
_HEADER = 20
_MAX_NAME = 256


@dataclass(frozen=True)
class _Matrix:
    """A matrix as declared, its numbers from byte `at` on."""

    name: str
    rows: int
    columns: int
    form: int
    stored: np.dtype[np.generic]
    imaginary: bool
    at: int

    @property
    def bytes(self) -> int:
        return self.rows * self.columns * self.stored.itemsize


class Matlab4(Container):
    kind = "mat4"
    text = "MATLAB v4"

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return _header(head) is not None

    def shapes(self) -> dict[str, Shape]:
        return {
            matrix.name: self._sparse_shape(matrix)
            if matrix.form == _SPARSE
            else (matrix.rows, matrix.columns)
            for matrix in self._matrices()
        }

    def load(self, name: str) -> Numbers:
        for matrix in self._matrices():
            if matrix.name == name:
                if matrix.imaginary or matrix.form == _TEXT:
                    raise UserError(f"'{name}' is not an array of real numbers")
                numbers = self._read(matrix)
                return self._full(matrix, numbers) if matrix.form == _SPARSE else numbers
        raise missing(self.path, name, self.shapes())

    def _matrices(self) -> Iterator[_Matrix]:
        size, at = self.path.stat().st_size, 0
        with open(self.path, "rb") as file:
            while at < size:
                file.seek(at)
                header = _header(file.read(_HEADER))
                if header is None:
                    raise damaged(self.path, f"no matrix begins at byte {at}")
                order, form, stored, (rows, columns, imaginary, length) = header
                name = file.read(length).rstrip(b"\0").decode("latin-1")
                if not name.isprintable():
                    raise damaged(self.path, "a name that is not printable")
                matrix = _Matrix(
                    name,
                    rows,
                    columns,
                    form,
                    np.dtype(f"{order}{stored}"),
                    bool(imaginary),
                    at + _HEADER + length,
                )
                at = matrix.at + matrix.bytes * (1 + matrix.imaginary)
                if at > size:
                    raise damaged(self.path, f"it ends within '{name}'")
                yield matrix

    def _read(self, matrix: _Matrix) -> Numbers:
        with open(self.path, "rb") as file:
            file.seek(matrix.at)
            values = np.frombuffer(file.read(matrix.bytes), matrix.stored)
        native = values.astype(matrix.stored.newbyteorder("="))
        return native.reshape((matrix.rows, matrix.columns), order="F")

    def _sparse_shape(self, matrix: _Matrix) -> tuple[int, int]:
        """Return the shape that stands in the last row: (row, column, value) an entry before it."""
        if matrix.columns != 3 or matrix.rows < 1:
            raise damaged(self.path, f"'{matrix.name}' is sparse with {matrix.columns} columns")
        last = self._read(matrix)[-1]
        if not (np.isfinite(last).all() and last[:2].min() >= 0 and last[:2].max() < 2**31):
            raise damaged(self.path, f"'{matrix.name}' is sparse without a shape")
        return int(last[0]), int(last[1])

    def _full(self, matrix: _Matrix, entries: Numbers) -> Numbers:
        height, width = self._sparse_shape(matrix)
        listed = entries[:-1]
        if not (np.abs(listed[:, :2]) < 2**31).all() or width > 2**24:
            raise damaged(self.path, f"'{matrix.name}' is sparse with an index that is no number")
        row, column = (listed[:, axis].astype(np.int64) - 1 for axis in (0, 1))
        order = np.argsort(column, kind="stable")
        starts = np.searchsorted(column[order], np.arange(width + 1))
        if len(column) and (column.min() < 0 or column.max() >= width):
            raise damaged(self.path, f"'{matrix.name}' is sparse with a column beyond {width}")
        return dense(matrix.name, (height, width), listed[order, 2], row[order], starts)


def _header(data: bytes) -> tuple[str, int, str, list[int]] | None:
    """Return byte order, form, stored type and (rows, columns, imaginary, length of the name)."""
    if len(data) < _HEADER:
        return None
    for order, machine in (("<", 0), (">", 1)):
        kind, rows, columns, imaginary, length = np.frombuffer(
            data[:_HEADER], f"{order}i4"
        ).tolist()
        digits = (kind // 1000, kind // 100 % 10, kind // 10 % 10, kind % 10)
        if (
            kind >= 0
            and digits[:2] == (machine, 0)
            and digits[2] < len(_STORED)
            and digits[3] in (_FULL, _TEXT, _SPARSE)
            and min(rows, columns) >= 0
            and imaginary in (0, 1)
            and 0 < length <= _MAX_NAME
        ):
            return order, digits[3], _STORED[digits[2]], [rows, columns, imaginary, length]
    return None
