"""Spike times and movement samples, from any file with named arrays, put on ticks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.containers import Container, Numbers, open_container
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.likely import check_spike_times
from aegru_hw.recordings.odoherty import (
    MAX_COUNTS_BYTES,
    TICK_SECONDS,
    spiking_ticks,
    tick_edges,
)
from aegru_hw.recordings.recording import MAX_CHANNELS, Recording, as_counts, check_tick_seconds
from aegru_hw.recordings.selector import Selector
from aegru_hw.recordings.stretches import usable
from aegru_hw.recordings.trials import read_trials

Floats = NDArray[np.float64]

TIMES = ("timestamps", "timestamp", "times", "time", "t", "tt", "timeframe", "time_frame")
"""Names of the times of samples, looked for beside the movement and then anywhere."""

_GAP = 1.5
"""Samples further apart than so many times the usual interval, or the tick, have a gap between."""

_LEAST = 3
"""Ticks of the shortest segment."""


@dataclass(frozen=True)
class Named:
    """The arrays that make a recording, by name; None where there is none.

    Attributes:
        spikes: times in seconds, (n,), or one array a unit.
        units: the unit of each time, (n,).
        velocity, position: a selector of two columns, exactly one of the two.
        times: times in seconds of the movement's samples; found beside it where it is None.
        reaches: times in seconds at which reaches start.
        domain: first and last times of the stretches that were recorded.
    """

    spikes: str
    units: str | None = None
    velocity: str | None = None
    position: str | None = None
    times: str | None = None
    reaches: str | None = None
    domain: tuple[str, str] | None = None


def import_spike_times(
    path: str | Path, named: Named, *, tick_seconds: float | None = None
) -> Imported:
    """Bin spike times at a tick of the user's choice, and interpolate the movement to the ticks.

    The tick is the movement's interval, but at least 4 ms, unless given. Spikes from edge i up to
    edge i+1 belong to tick i+1, where edges start one tick before the first sample, as in
    `read_odoherty`; those of one unit are counted. Segments end where the movement has a gap or is
    not finite, and outside `domain`. From a position velocity is its central difference per tick.

    Raises UserError for arrays that are missing or do not belong together, and for spikes of which
    none lies within the movement: another unit of time, or another clock.
    """
    path = Path(path)
    if (named.velocity is None) == (named.position is None):
        raise UserError("--spikes needs --velocity or --position, one of the two")
    container = open_container(path)
    text = named.velocity or named.position or ""
    times, values = _movement(container, text, named.times)
    trains, names = _trains(container, named)
    notes: list[str] = []
    usual = float(np.median(np.diff(times)))
    if tick_seconds is None:
        tick_seconds = max(TICK_SECONDS, round(usual, 9))
        notes.append(f"the tick is {tick_seconds:g} s, the movement's interval or 4 ms")
    tick = check_tick_seconds(tick_seconds)
    valid = usable(values) & _within(container, named.domain, times)
    if not (times[-1] - times[0]) / tick * len(names) <= MAX_COUNTS_BYTES / 2:
        raise UserError(
            f"{times[-1] - times[0]:.3g} s in ticks of {tick:g} s on {len(names)} units are too "
            f"many; at most {MAX_COUNTS_BYTES // 2} counts are accepted"
        )
    runs = _runs(times, valid, max(usual, tick), tick)
    if not runs:
        raise UserError(f"the movement has no {_LEAST} ticks of {tick:g} s in a row that are valid")
    _check_overlap(trains, times, notes)
    counts = [_binned(trains, grid, tick) for grid in runs]
    kept = times[valid], values[valid]
    moved = [
        np.stack([np.interp(grid, kept[0], axis) for axis in kept[1].T], axis=1) for grid in runs
    ]
    if named.position is not None:
        moved = [np.gradient(place, axis=0) for place in moved]
        notes.append(f"velocity is the central difference of '{text}' per tick")
    ticks = np.concatenate(runs)
    lost = max(0, int((times[-1] - times[0]) / tick + 1e-6) + 1 - len(ticks))
    if lost:
        notes.append(f"{lost} ticks lie in gaps of the movement, or where it is not valid")
    recording = Recording(
        counts=as_counts(np.concatenate(counts)),
        velocity=np.concatenate(moved),
        tick_seconds=tick,
        segment_starts=np.cumsum([0, *(len(grid) for grid in runs[:-1])]).astype(np.int64),
        reach_starts=_reach_starts(container, named.reaches, ticks, tick),
        channel_names=names,
        source=path.name,
        sha256=sha256_of_file(path),
    )
    unit = f"of '{text}' per tick" if named.position is not None else ""
    return Imported(recording, tuple(notes), lost, unit)


def vector(container: Container, name: str) -> Floats:
    """Read an array of one axis, or with all others 1, as float64; UserError for another."""
    array = container.read(name)
    if isinstance(array, list) or array.size != max(array.shape, default=0):
        raise UserError(f"'{name}' is not a list of numbers")
    return np.ravel(array).astype(np.float64)


def _movement(container: Container, text: str, times: str | None) -> tuple[Floats, Floats]:
    """Return the times (T,) and values (T, 2) of the movement."""
    selector = Selector.parse(text)
    times = times or _times_beside(container, container.resolve(selector.parts[0].key))
    trials = read_trials(container, [selector, Selector.parse(times)]).arrays
    if len(trials) > 1:
        raise UserError(f"'{text}' has trials; spike times need one movement with its times")
    values, column = (array.astype(np.float64) for array in trials[0])
    if values.shape[1] != 2:
        raise UserError(f"'{text}' has {values.shape[1]} rows; select two, for example {text}:0,1")
    if column.shape[1] != 1 or len(column) < _LEAST:
        raise UserError(f"'{times}' has shape {column.shape}; the time of each sample is needed")
    seconds = column[:, 0]
    if not np.isfinite(seconds).all() or not (np.diff(seconds) > 0).all():
        raise UserError(f"'{times}' is not finite and increasing; times in seconds are needed")
    return seconds, values


def _times_beside(container: Container, movement: str) -> str:
    """Return the name of the times beside the movement; UserError where there is none."""
    shapes = container.shapes()
    parent = movement[: max(movement.rfind("/"), movement.rfind(".")) + 1]
    for place in dict.fromkeys((parent, "")):
        for name in TIMES:
            if f"{place}{name}" in shapes:
                return f"{place}{name}"
    raise UserError(
        f"the times of '{movement}' are not beside it; name them with --times KEY, in seconds"
    )


def _trains(container: Container, named: Named) -> tuple[list[Floats], tuple[str, ...]]:
    """Return the sorted spike times of each unit, and the units' names."""
    spikes = container.read(named.spikes)
    if isinstance(spikes, list):
        if named.units is not None:
            raise UserError(f"'{named.spikes}' has a list of times a unit; leave --units out")
        _check_units(len(spikes))
        trains = [_sorted(np.ravel(train)) for train in spikes]
        return trains, tuple(f"unit {number}" for number in range(len(trains)))
    times = vector(container, named.spikes)
    if named.units is None:
        raise UserError(f"'{named.spikes}' is one list of times; --units KEY says whose each is")
    ids = vector(container, named.units)
    if len(ids) != len(times):
        raise UserError(
            f"'{named.spikes}' has {len(times)} times and '{named.units}' {len(ids)} units"
        )
    if not len(ids) or not (np.isfinite(ids).all() and (ids == np.rint(ids)).all()):
        raise UserError(f"'{named.units}' is no list of whole numbers")
    order = np.argsort(ids, kind="stable")
    numbers, starts = np.unique(ids[order], return_index=True)
    _check_units(len(numbers))
    pieces = np.split(times[order], starts[1:])
    return [_sorted(piece) for piece in pieces], tuple(f"unit {number:.0f}" for number in numbers)


def _check_units(number: int) -> None:
    if not 0 < number <= MAX_CHANNELS:
        raise UserError(f"{number} units are not possible; 1 to {MAX_CHANNELS} are accepted")


def _sorted(times: Numbers) -> Floats:
    seconds = np.sort(times.astype(np.float64))
    return seconds[np.isfinite(seconds)]


def _within(
    container: Container, domain: tuple[str, str] | None, times: Floats
) -> NDArray[np.bool_]:
    if domain is None:
        return np.ones(len(times), dtype=np.bool_)
    first, last = (np.sort(vector(container, name)) for name in domain)
    if len(first) != len(last):
        raise UserError(f"'{domain[0]}' and '{domain[1]}' differ in their number")
    begun = np.searchsorted(first, times, side="right")
    ended = np.searchsorted(last, times, side="left")
    inside: NDArray[np.bool_] = begun > ended
    return inside


def _runs(times: Floats, valid: NDArray[np.bool_], usual: float, tick: float) -> list[Floats]:
    """Return the times of the ticks of each stretch of valid samples without a gap."""
    number = np.flatnonzero(valid)
    if not len(number):
        return []
    apart = (np.diff(times[number]) > _GAP * usual) | (np.diff(number) > 1)
    grids = []
    for piece in np.split(number, np.flatnonzero(apart) + 1):
        first, last = times[piece[0]], times[piece[-1]]
        grids.append(first + tick * np.arange(int((last - first) / tick + 1e-6) + 1))
    return [grid for grid in grids if len(grid) >= _LEAST]


def _check_overlap(trains: list[Floats], times: Floats, notes: list[str]) -> None:
    """Refuse spikes of another unit of time or clock, and say where few fall in the movement."""
    spikes = np.concatenate(trains)
    if not len(spikes):
        raise UserError("there is no spike")
    check_spike_times(spikes, float(times[0]), float(times[-1]), len(trains), notes.append)


def _binned(trains: list[Floats], grid: Floats, tick: float) -> Counts:
    """Return the spikes (T, units) of the ticks of one stretch."""
    edges = tick_edges(grid, tick)
    counts = np.zeros((len(grid), len(trains)), dtype=np.uint16)
    for unit, train in enumerate(trains):
        first = np.searchsorted(train, edges[0], side="left")
        last = np.searchsorted(train, edges[-1], side="right")
        ticks = spiking_ticks(train[first:last], edges)
        spikes = np.bincount(ticks[ticks < len(grid)], minlength=len(grid))
        if spikes.max() > np.iinfo(np.uint16).max:
            raise UserError(f"a tick of unit {unit} holds {spikes.max()} spikes")
        counts[:, unit] = spikes
    return counts


def _reach_starts(
    container: Container, reaches: str | None, ticks: Floats, tick: float
) -> NDArray[np.int64]:
    """Return the first tick of each reach: at or after each start."""
    if reaches is None:
        return np.zeros(0, dtype=np.int64)
    starts = vector(container, reaches)
    first = np.searchsorted(ticks, starts[np.isfinite(starts)] - tick / 1000)
    return np.unique(np.append(first[first < len(ticks)], 0)).astype(np.int64)
