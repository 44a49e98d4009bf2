"""Reader of binned recordings whose arrays the user names."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.recordings.bin_size import bin_size_of
from aegru_hw.recordings.containers import Container, open_container
from aegru_hw.recordings.fields import as_counts, check_tick_seconds
from aegru_hw.recordings.floats import as_floats
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.likely import velocity_remark
from aegru_hw.recordings.rates import spike_counts_of
from aegru_hw.recordings.reaches import reach_starts
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.selector import Selector
from aegru_hw.recordings.stretches import Kept, differences, keep, usable
from aegru_hw.recordings.trials import read_trials

_TOLERANCE = 100.0
"""A break is a residual so many times the typical one."""

"""A `bin_size` beyond so many seconds is in another unit."""


def read_binned(
    path: str | Path,
    *,
    counts: str,
    velocity: str | None = None,
    tick_seconds: float | None = None,
    position: str | None = None,
    reaches: str | None = None,
    reach_base: int | None = None,
    rates: bool | None = None,
) -> Recording:
    """Read spike counts and velocity from named arrays; see `import_binned`."""
    return import_binned(
        path,
        counts=counts,
        velocity=velocity,
        tick_seconds=tick_seconds,
        position=position,
        reaches=reaches,
        reach_base=reach_base,
        rates=rates,
    ).recording


def import_binned(
    path: str | Path,
    *,
    counts: str,
    velocity: str | None = None,
    tick_seconds: float | None = None,
    position: str | None = None,
    reaches: str | None = None,
    reach_base: int | None = None,
    rates: bool | None = None,
) -> Imported:
    """Read spike counts and velocity from a .mat (v4, v5 or v7.3), HDF5, .npz or .npy file.

    counts, velocity, position: selectors: "KEY", "KEY:0,1" (indices on the axis that is not time),
        each with "@0" or "@1" behind it where the time axis must be said; otherwise time is the
        axis whose length the arrays share. Axes are numbered as Python shows them, that is
        reversed for v7.3. "KEY,KEY" joins arrays: areas of counts, or x and y of a velocity. A key
        is a whole name or its last parts. Arrays with trials (`read_trials`) are put one after
        another, each trial a segment and a reach.
    tick_seconds: the length of a bin; where it is not given, `bin_size` of the file.
    position: with a velocity, the recording is cut where position jumps by what velocity does not
        explain (`segment_starts_from_position`). Without one, velocity is the central difference
        of position per tick, within each segment.
    reaches: the first bins of reaches (`reaches.reach_starts`), counted from `reach_base` (1 in a
        .mat file and 0 in a NumPy file unless said otherwise); with trials a bin within each. Bins
        before the first of them are a reach too.
    rates: counts are spikes per second (`spike_counts_of`).

    Ticks whose movement is not finite, or whose counts are all NaN (the padding of trials), are
    cut out and end a segment; so is, where velocity is a difference, a segment of one tick.

    Raises UserError for everything that `Recording`, `Container`, `Selector` and `read_trials`
    refuse, and for a velocity or position that has not two rows.
    """
    path = Path(path)
    if tick_seconds is not None:
        tick_seconds = check_tick_seconds(tick_seconds)
    texts = {"counts": counts, "velocity": velocity, "position": position}
    selectors = {name: Selector.parse(text) for name, text in texts.items() if text is not None}
    if len(selectors) < 2:
        raise UserError(f"--velocity or --position is needed to import {path}")
    container = open_container(path)
    read = read_trials(container, list(selectors.values()))
    trials = read.arrays
    notes: list[str] = []
    if tick_seconds is None:
        tick_seconds = _bin_size(container, selectors["counts"], notes)
    starts = read.starts
    columns = dict(
        zip(
            selectors, (np.concatenate(arrays) for arrays in zip(*trials, strict=True)), strict=True
        )
    )
    moves = {
        name: _two_columns(columns[name], name, text)
        for name, text in texts.items()
        if name != "counts" and text is not None
    }
    kept = _kept(columns["counts"], moves, starts, notes)
    moves = {name: array[kept.mask] for name, array in moves.items()}
    spikes = as_counts(spike_counts_of(columns["counts"][kept.mask], tick_seconds, rates=rates))
    segment_starts = kept.segment_starts
    if "velocity" not in moves:
        moved = differences(moves["position"], segment_starts)
        notes.append(f"velocity is the central difference of '{position}' per tick")
    else:
        moved = moves["velocity"]
        if "position" in moves:
            segment_starts = _breaks(moves["position"], moved, segment_starts, tick_seconds)
    starts_of_reaches = reach_starts(container, read, reaches, reach_base, notes)
    recording = Recording(
        counts=spikes,
        velocity=np.ascontiguousarray(moved),
        tick_seconds=tick_seconds,
        segment_starts=segment_starts,
        reach_starts=kept.moved(starts_of_reaches),
        channel_names=_channel_names(selectors["counts"], read.columns[0]),
        source=path.name,
        sha256=sha256_of_file(path),
    )
    unit = _unit(container, selectors, position)
    return Imported(recording, tuple(notes), kept.lost, unit)


def _unit(container: Container, selectors: dict[str, Selector], position: str | None) -> str:
    """Return the velocity's unit, as far as the file says one."""
    moved = "velocity" if "velocity" in selectors else "position"
    unit = container.unit(container.resolve(selectors[moved].parts[0].key))
    if moved == "velocity":
        return unit
    of = unit or f"of '{position}'"
    return f"{of} per tick"


def _kept(
    counts: NDArray[Any],
    moves: dict[str, NDArray[np.float64]],
    starts: NDArray[np.int64],
    notes: list[str],
) -> Kept:
    """Return which ticks are kept, and say what was lost."""
    valid = np.ones(len(counts), dtype=np.bool_)
    for name, array in moves.items():
        finite = usable(array)
        if not finite.any():
            raise UserError(f"{name} is nan or infinite at every tick; finite numbers are needed")
        valid &= finite
    if counts.dtype.kind == "f" and len(starts) > 1:  # trials may be padded
        valid &= ~np.isnan(counts).all(axis=1)
    derived = "velocity" not in moves
    kept = keep(valid, starts, at_least=2 if derived else 1)
    if not kept.mask.any():
        raise UserError("no stretch of ticks with finite counts and movement is long enough")
    if kept.lost:
        notes.append(
            f"{kept.lost} of {len(valid)} ticks ({kept.lost / len(valid):.1%}) in {kept.gaps} "
            f"{'stretch' if kept.gaps == 1 else 'stretches'} were cut out: "
            f"{' or '.join(moves)} is not finite there"
        )
    return kept


def _breaks(
    position: NDArray[np.float64],
    velocity: NDArray[np.float64],
    segment_starts: NDArray[np.int64],
    tick_seconds: float,
) -> NDArray[np.int64]:
    """Return segment starts with those that position's jumps add."""
    if len(segment_starts) == 1:
        return segment_starts_from_position(position, velocity, tick_seconds)
    ends = np.append(segment_starts[1:], len(position))
    found = [
        start + segment_starts_from_position(position[start:end], velocity[start:end], tick_seconds)
        for start, end in zip(segment_starts, ends, strict=True)
    ]
    return np.concatenate(found)


def _bin_size(container: Container, counts: Selector, notes: list[str]) -> float:
    """Return the tick that the file's `bin_size` says; UserError where it says none."""
    said = bin_size_of(container, container.resolve(counts.parts[0].key))
    if said is None:
        raise UserError(f"--counts, --velocity and --tick are needed to import {container.path}")
    if said.seconds is None:
        raise UserError(said.problem)
    notes.append(f"the tick of {said.seconds:g} s is the file's '{said.name}'")
    return said.seconds


def _channel_names(counts: Selector, widths: list[int]) -> tuple[str, ...]:
    """Return "channel 1" and so on, or the name of its area and a number where areas are joined."""
    if len(widths) == 1:
        number = len(counts.rows) or widths[0]
        return tuple(f"channel {n}" for n in range(1, number + 1))
    names = [
        f"{re.split('[./]', part.key)[-1]} {n}"
        for part, width in zip(counts.parts, widths, strict=True)
        for n in range(1, width + 1)
    ]
    return tuple(names[row] for row in counts.rows) if counts.rows else tuple(names)


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
        why = velocity_remark(position, velocity, tick_seconds)
        raise UserError(
            f"velocity does not explain position: a typical step is {typical_step:.3g}, of which "
            f"{typical[best]:.3g} is left; check the tick length and that velocity is per second"
            + ("" if why is None else f" ({why})")
        )
    breaks = residuals[best] > max(_TOLERANCE * typical[best], 1e-3 * longest)
    return np.concatenate([[0], np.flatnonzero(breaks) + 1]).astype(np.int64)


def _two_columns(array: NDArray[Any], what: str, selector: str) -> NDArray[np.float64]:
    if array.shape[1] != 2:
        key = Selector.parse(selector).key
        raise UserError(
            f"{what} '{selector}' has {array.shape[1]} rows; select two, for example {key}:0,1"
        )
    return as_floats(array)
