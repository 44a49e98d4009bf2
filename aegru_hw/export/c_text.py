"""C text: integer types, constants and tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.parts import Linear

LINE = 96
"""Characters of a line of numbers."""


def c_type(low: int, high: int) -> str:
    """Return the smallest C99 integer type that holds every code from low to high."""
    for bits in (8, 16, 32, 64):
        if low >= 0 and high < 1 << bits:
            return f"uint{bits}_t"
        if low >= -(1 << (bits - 1)) and high < 1 << (bits - 1):
            return f"int{bits}_t"
    raise ValueError(f"no C integer holds {low} to {high}")


def type_of(codes: NDArray[np.int64]) -> str:
    """Return the smallest C99 integer type that holds all codes."""
    return c_type(int(codes.min(initial=0)), int(codes.max(initial=0)))


def defines(constants: Mapping[str, int]) -> str:
    """Return macros of whole numbers, by their names without the prefix."""
    return "\n".join(f"#define AEGRU_{name} {_number(value)}" for name, value in constants.items())


def typedefs(types: Mapping[str, tuple[str, str]]) -> str:
    """Return typedefs: by name, the integer type and what it holds."""
    return "\n".join(
        f"typedef {kind} aegru_{name}_t; /* {says} */" for name, (kind, says) in types.items()
    )


def array(kind: str, name: str, codes: NDArray[np.int64], comment: str, length: str = "") -> str:
    """Return a table in ROM; an empty one, which C has not, gets an entry that nobody reads."""
    numbers = [_number(int(code)) for code in codes] or ["0"]
    return f"/* {comment} */\nstatic const {kind} {name}[{length}] = {{\n{_lines(numbers)}\n}};"


def _number(value: int) -> str:
    """Return a literal: the most negative of a width is not one in C, a difference is."""
    bits = 64 if not -(1 << 31) <= value < 1 << 31 else 32
    if value == -(1 << (bits - 1)):
        return f"({_number(value + 1)} - 1)"
    text = f"INT64_C({abs(value)})" if bits == 64 else str(abs(value))
    return f"(-{text})" if value < 0 else text


def _lines(numbers: Iterable[str]) -> str:
    lines, line = [], "   "
    for number in numbers:
        if len(line) + len(number) + 2 > LINE:
            lines.append(line)
            line = "   "
        line += f" {number},"
    return "\n".join([*lines, line])


@dataclass(frozen=True)
class Columns:
    """The non-zero weights of a matrix (outputs, inputs), column by column.

    start: (inputs + 1,) first entry of each column. row, weight: of each entry.
    """

    start: NDArray[np.int64]
    row: NDArray[np.int64]
    weight: NDArray[np.int64]

    @classmethod
    def of(cls, linear: Linear) -> "Columns":
        column, row = np.nonzero(linear.weight.T)
        start = np.concatenate([[0], np.cumsum(linear.column_sizes)])
        return cls(start, row.astype(np.int64), linear.weight[row, column])
