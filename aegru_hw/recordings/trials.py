"""Arrays of one stretch, of a trial each, or with trials as an axis: all made a list of trials."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import MAX_TRIALS, Container, Numbers
from aegru_hw.recordings.selector import Selector, time_axes_of_trials

Value = Numbers | list[Numbers]


@dataclass(frozen=True)
class Trials:
    """Arrays cut into trials.

    Attributes:
        arrays: for each trial one (T_i, columns) a selector.
        columns: for each selector how many columns each array that it joins has.
        numbers: which trial of the file each is; those without a tick are left out.
        total: how many trials the file has.
    """

    arrays: list[list[Numbers]]
    columns: list[list[int]]
    numbers: list[int]
    total: int

    @property
    def lengths(self) -> list[int]:
        """Number of ticks of each trial."""
        return [len(arrays[0]) for arrays in self.arrays]

    @property
    def starts(self) -> NDArray[np.int64]:
        """First tick of each trial, where they follow one another."""
        return np.cumsum([0, *self.lengths[:-1]]).astype(np.int64)


def read_trials(container: Container, selectors: list[Selector]) -> Trials:
    """Read the selected arrays, cut into trials.

    One trial where the arrays are matrices of time by columns or columns by time; else one for each
    cell of cell arrays or struct of struct arrays, or for each place on the axis of trials where
    the arrays have three axes. That axis is 0, time 1 and columns 2, or columns 0, time 1 and
    trials 2, unless `@axis` says where time is. A matrix beside arrays of three axes is one of
    trials by time.

    Raises UserError for arrays that do not belong together.
    """
    parts = [part for selector in selectors for part in selector.parts]
    values = [container.read(part.key) for part in parts]
    trials, axes = _trials(parts, values)
    widths = iter(matrix.shape[1 - axis] for matrix, axis in zip(trials[0], axes, strict=True))
    joined = [_joined(selectors, arrays, axes) for arrays in trials]
    for selector, arrays in zip(selectors, zip(*joined, strict=True), strict=True):
        found = sorted({array.shape[1] for array in arrays})
        if len(found) > 1:
            raise UserError(
                f"the trials of '{selector.key}' have {found[0]} and {found[1]} columns"
            )
    lists = [value for value in values if isinstance(value, list)]
    full = [all(array.size for array in arrays) for arrays in zip(*lists, strict=True)]
    full = full or [True] * len(trials)
    return Trials(
        joined,
        [[next(widths) for _ in selector.parts] for selector in selectors],
        [number for number, has_ticks in enumerate(full) if has_ticks],
        len(full),
    )


def _trials(parts: list[Selector], values: list[Value]) -> tuple[list[list[Numbers]], list[int]]:
    """Return matrices, one a part, for each trial, and the time axis of each part."""
    lists = [value for value in values if isinstance(value, list)]
    arrays = [value for value in values if not isinstance(value, list)]
    listed = ", ".join(
        f"{part.key} {_said(value)}" for part, value in zip(parts, values, strict=True)
    )
    if lists and arrays:
        raise UserError(f"some arrays have trials and others none: {listed}")
    if not lists and any(array.ndim == 3 for array in arrays):
        return _of_tensors(parts, arrays)
    if lists:
        if len({len(value) for value in lists}) > 1:
            raise UserError(f"the arrays differ in their trials: {listed}")
        together = [list(arrays) for arrays in zip(*lists, strict=True)]
        trials = [
            [_matrix(part, array) for part, array in zip(parts, arrays, strict=True)]
            for arrays in together
            if all(array.size for array in arrays)
        ]
        if not trials:
            raise UserError(f"no trial of '{parts[0].key}' has a tick")
    else:
        trials = [[_matrix(part, array) for part, array in zip(parts, arrays, strict=True)]]
    shapes = [[matrix.shape for matrix in matrices] for matrices in trials]
    return trials, time_axes_of_trials(parts, shapes)


def _said(value: Value) -> str:
    return f"{len(value)} trials" if isinstance(value, list) else str(value.shape)


def _matrix(part: Selector, array: Numbers) -> Numbers:
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(
            f"'{part.key}' has shape {array.shape}; time by rows or rows by time is needed"
        )
    return array


def _of_tensors(
    parts: list[Selector], arrays: list[Numbers]
) -> tuple[list[list[Numbers]], list[int]]:
    listed = ", ".join(
        f"{part.key} {array.shape}" for part, array in zip(parts, arrays, strict=True)
    )
    said = {part.time_axis for part in parts} - {None}
    if len(said) > 1 or any(array.ndim not in (2, 3) or 0 in array.shape for array in arrays):
        raise UserError(f"the arrays are no tensors of trials, time and columns: {listed}")
    time = said.pop() if said else None
    orders = [(0, 1), (2, 1)] if time is None else [(n, time) for n in range(3) if n != time]
    for trial_axis, time_axis in orders:
        assert time_axis is not None
        whole = [
            array if array.ndim == 3 else array[None] if trial_axis == 2 else array[..., None]
            for array in arrays
        ]
        sizes = {(array.shape[trial_axis], array.shape[time_axis]) for array in whole}
        if len(sizes) == 1 and max(sizes)[0] <= MAX_TRIALS:
            turned = [np.moveaxis(array, (trial_axis, time_axis), (0, 1)) for array in whole]
            return [list(trial) for trial in zip(*turned, strict=True)], [0] * len(parts)
    raise UserError(
        f"the arrays share no trials and times: {listed}; trials by time by columns is needed, or "
        "columns by time by trials, or @axis behind a name, which says where time is"
    )


def _joined(selectors: list[Selector], matrices: list[Numbers], axes: list[int]) -> list[Numbers]:
    columns = iter(
        np.moveaxis(matrix, axis, 0) for matrix, axis in zip(matrices, axes, strict=True)
    )
    joined = []
    for selector in selectors:
        own = [next(columns) for _ in selector.parts]
        try:
            whole = own[0] if len(own) == 1 else np.concatenate(own, axis=1)
        except ValueError:
            lengths = ", ".join(str(len(array)) for array in own)
            raise UserError(f"'{selector.key}' joins arrays of {lengths} ticks") from None
        joined.append(selector.take(whole, 0))
    if len({len(array) for array in joined}) > 1:
        lengths = ", ".join(
            f"{selector.key} {len(array)}"
            for selector, array in zip(selectors, joined, strict=True)
        )
        raise UserError(f"a trial's arrays differ in their ticks: {lengths}")
    return joined
