"""Reader of binned recordings whose arrays the user names."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.recordings.arrays import file_kind, read_arrays
from aegru_hw.recordings.recording import Recording, as_counts, check_tick_seconds
from aegru_hw.recordings.selector import Selector, time_axes

_TOLERANCE = 100.0
"""A break is a residual so many times the typical one."""


def read_binned(
    path: str | Path,
    *,
    counts: str,
    velocity: str,
    tick_seconds: float,
    position: str | None = None,
    reaches: str | None = None,
    reach_base: int | None = None,
) -> Recording:
    """Read spike counts and velocity from a .mat (v5 or v7.3) or .npz file.

    `counts`, `velocity` and `position` are selectors: "KEY", "KEY:0,1" (indices on the axis that
    is not time), each with "@0" or "@1" behind it where the time axis must be said; otherwise time
    is the axis whose length the arrays share. Axes are numbered as Python shows them, that is
    reversed for v7.3. With `position` the recording is cut where position jumps by what velocity
    does not explain (`segment_starts_from_position`); without it there is one segment. `reaches`
    names a list of the first bins of reaches, counted from `reach_base` (1 in a .mat file and 0 in
    a .npz file unless said otherwise); bins before the first of them are a reach too.

    Raises UserError for everything that `Recording`, `read_arrays`, `Selector` and `time_axes`
    refuse, and for a velocity or position that has not two rows.
    """
    path = Path(path)
    tick_seconds = check_tick_seconds(tick_seconds)
    names = ["counts", "velocity"] + (["position"] if position is not None else [])
    texts = [counts, velocity] + ([position] if position is not None else [])
    selectors = [Selector.parse(text) for text in texts]
    keys = [selector.key for selector in selectors] + ([reaches] if reaches is not None else [])
    arrays = read_arrays(path, list(dict.fromkeys(keys)))
    selected = dict(zip(names, _select(selectors, arrays), strict=True))
    spikes = as_counts(np.ascontiguousarray(selected["counts"]))
    moved = _two_columns(selected["velocity"], "velocity", velocity)
    segment_starts = np.zeros(1, dtype=np.int64)
    if position is not None:
        place = _two_columns(selected["position"], "position", position)
        segment_starts = segment_starts_from_position(place, moved, tick_seconds)
    reach_starts = np.zeros(0, dtype=np.int64)
    if reaches is not None:
        if reach_base is None:
            reach_base = 0 if file_kind(path) == "npz" else 1
        reach_starts = _reach_starts(arrays[reaches], reaches, reach_base, len(spikes))
    return Recording(
        counts=spikes,
        velocity=np.ascontiguousarray(moved),
        tick_seconds=tick_seconds,
        segment_starts=segment_starts,
        reach_starts=reach_starts,
        channel_names=tuple(f"channel {number}" for number in range(1, spikes.shape[1] + 1)),
        source=path.name,
        sha256=sha256_of_file(path),
    )


def segment_starts_from_position(
    position: NDArray[np.float64], velocity: NDArray[np.float64], tick_seconds: float
) -> NDArray[np.int64]:
    """Return the first tick of each segment, (S,), found from position and velocity, (T, 2) each.

    The residual of a step is |p(t) - p(t-1) - tick_seconds * v|, with v = v(t) (backward
    difference), v(t-1) (forward) or their mean (sampled derivative), whichever leaves the least
    typical residual. A break is a step whose residual exceeds 100 times the typical one and a
    thousandth of the longest step that velocity explains.

    Raises UserError where velocity explains less than half of a typical step: the two do not
    belong together, or differ in unit.
    """
    for name, array in (("position", position), ("velocity", velocity)):
        if not np.isfinite(array).all():
            tick = int(np.argmin(np.isfinite(array).all(axis=1)))
            raise UserError(f"{name} is not finite at tick {tick}; finite numbers are needed")
    if len(position) < 2:
        return np.zeros(1, dtype=np.int64)
    step = np.diff(position, axis=0)
    later, earlier = velocity[1:], velocity[:-1]
    moving = np.any(step != 0, axis=1) | np.any(later != 0, axis=1) | np.any(earlier != 0, axis=1)
    if not moving.any():
        return np.zeros(1, dtype=np.int64)
    residuals = [
        np.abs(step - tick_seconds * explained).max(axis=1)
        for explained in (later, earlier, (later + earlier) / 2)
    ]
    typical = [float(np.median(residual[moving])) for residual in residuals]
    best = int(np.argmin(typical))
    longest = tick_seconds * float(np.abs(velocity).max())
    typical_step = float(np.median(np.abs(step[moving]).max(axis=1)))
    if typical[best] > 0.5 * typical_step:
        raise UserError(
            f"velocity does not explain position: a typical step is {typical_step:.3g}, of which "
            f"{typical[best]:.3g} is left; check the tick length and that velocity is per second"
        )
    breaks = residuals[best] > max(_TOLERANCE * typical[best], 1e-3 * longest)
    return np.concatenate([[0], np.flatnonzero(breaks) + 1]).astype(np.int64)


def _select(selectors: list[Selector], arrays: dict[str, NDArray[Any]]) -> list[NDArray[Any]]:
    matrices = []
    for selector in selectors:
        array = arrays[selector.key]
        if array.ndim == 1:
            array = array[:, None]
        if array.ndim != 2 or 0 in array.shape:
            raise UserError(
                f"'{selector.key}' has shape {array.shape}; time by rows or rows by time is needed"
            )
        matrices.append(array)
    axes = time_axes(selectors, [matrix.shape for matrix in matrices])
    return [
        selector.take(matrix, axis)
        for selector, matrix, axis in zip(selectors, matrices, axes, strict=True)
    ]


def _two_columns(array: NDArray[Any], what: str, selector: str) -> NDArray[np.float64]:
    if array.shape[1] != 2:
        key = Selector.parse(selector).key
        raise UserError(
            f"{what} '{selector}' has {array.shape[1]} rows; select two, for example {key}:0,1"
        )
    return array.astype(np.float64)


def _reach_starts(array: NDArray[Any], name: str, base: int, ticks: int) -> NDArray[np.int64]:
    if base not in (0, 1):
        raise UserError(f"reaches are counted from {base}; 0 or 1 is accepted")
    starts = array.ravel()
    if starts.size == 0 or not (np.isfinite(starts).all() and (starts == np.rint(starts)).all()):
        raise UserError(f"reaches '{name}' is not a list of bin numbers")
    numbers = starts.astype(np.int64) - base
    if numbers.min() < 0 or numbers.max() >= ticks:
        raise UserError(
            f"reaches '{name}' has bins {starts.min()} to {starts.max()}; {base} to "
            f"{ticks - 1 + base} exist when counted from {base}"
        )
    if np.any(np.diff(numbers) <= 0):
        raise UserError(f"reaches '{name}' is not in increasing order")
    return numbers if numbers[0] == 0 else np.concatenate([[0], numbers])
