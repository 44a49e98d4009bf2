"""Selectors that name an array of a file, some of its rows, and its time axis."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError

_SYNTAX = re.compile(r"(?P<key>[^:@]+)(?::(?P<rows>\d{1,9}(?:,\d{1,9})*))?(?:@(?P<axis>[012]))?")


@dataclass(frozen=True)
class Selector:
    """An array of a file: KEY, KEY:rows, KEY@axis or KEY:rows@axis; KEY,KEY for several joined.

    Attributes:
        key: name of the array, or names with commas between them.
        rows: indices on the axis that is not time, all of them where empty.
        time_axis: 0, 1 or (in tensors of trials) 2, None where it is to be found.
    """

    key: str
    rows: tuple[int, ...] = ()
    time_axis: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Selector":
        """Read a selector such as `handVel:0,1`, `X:2,3` or `Y@0`."""
        match = _SYNTAX.fullmatch(text)
        if match is None:
            raise UserError(
                f"'{text}' names no array; accepted are KEY, KEY,KEY (joined), KEY:0,1 (rows) and "
                "KEY@0 or KEY@1 (which axis is time)"
            )
        rows = tuple(int(row) for row in match["rows"].split(",")) if match["rows"] else ()
        axis = int(match["axis"]) if match["axis"] else None
        return cls(match["key"], rows, axis)

    @property
    def parts(self) -> list["Selector"]:
        """One selector, without rows, for each array that is joined."""
        names = [name.strip() for name in self.key.split(",")]
        if not all(names):
            raise UserError(f"'{self.key}' names no array before or behind a comma")
        return [Selector(name, (), self.time_axis) for name in names]

    def take(self, array: NDArray[Any], time_axis: int) -> NDArray[Any]:
        """Return the selected rows of a two-dimensional array with time first, (T, rows)."""
        columns = np.moveaxis(array, time_axis, 0)
        if not self.rows:
            return columns
        beyond = [row for row in self.rows if row >= columns.shape[1]]
        if beyond:
            raise UserError(
                f"'{self.key}' has no row {beyond[0]}; rows 0 to {columns.shape[1] - 1} exist"
            )
        return columns[:, list(self.rows)]


def time_axes(selectors: list[Selector], shapes: list[tuple[int, ...]]) -> list[int]:
    """Return the time axis of each array: the one whose length all the arrays share.

    `shapes` are two-dimensional. Raises UserError where no length is shared, and where more than
    one axis qualifies and no `@axis` settles it.
    """
    return time_axes_of_trials(selectors, [shapes])


def time_axes_of_trials(
    selectors: list[Selector], trials: list[list[tuple[int, ...]]]
) -> list[int]:
    """Return the time axis of each array as `time_axes`, the same in every trial.

    `trials` has the two-dimensional shapes of all arrays for each trial; where a trial alone leaves
    it open, another settles it.
    """
    fitting = [_open_axes(selector) for selector in selectors]
    listed = ""
    for shapes in trials:
        lengths = (
            {shape[axis] for axis in _open_axes(selector)}
            for selector, shape in zip(selectors, shapes, strict=True)
        )
        shared = set.intersection(*lengths)
        if len(shared) > 1:
            shared.discard(1)  # of vectors
        fitting = [
            tuple(axis for axis in axes if shape[axis] in shared)
            for axes, shape in zip(fitting, shapes, strict=True)
        ]
        listed = ", ".join(
            f"{selector.key} {shape}" for selector, shape in zip(selectors, shapes, strict=True)
        )
        if not all(fitting):
            raise UserError(f"the arrays share no length that could be time: {listed}")
    for selector, axes in zip(selectors, fitting, strict=True):
        if len(axes) > 1:
            raise UserError(
                f"which axis is time is ambiguous: {listed}; append @0 or @1 to the name, "
                f"for example {selector.key}@0"
            )
    return [axes[0] for axes in fitting]


def _open_axes(selector: Selector) -> tuple[int, ...]:
    if selector.time_axis == 2:
        raise UserError(f"'{selector.key}' has no axis 2; @0 or @1 says which axis is time")
    return (0, 1) if selector.time_axis is None else (selector.time_axis,)
