"""Spike times and movement samples, from any file with named arrays, put on ticks."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.containers import Container, open_container
from aegru_hw.recordings.fields import as_counts, check_tick_seconds
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.intervals import check_bridge, nominal_interval
from aegru_hw.recordings.likely import check_interval, check_spike_times
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.spike_arrays import (
    LEAST,
    Named,
    read_movement,
    read_trains,
    vector,
)
from aegru_hw.recordings.ticks import (
    MAX_COUNTS_BYTES,
    TICK_SECONDS,
    spiking_ticks,
    tick_edges,
)

_GAP = 1.5
"""Samples further apart than so many times the usual interval, or the tick, have a gap between."""


def import_spike_times(
    path: str | Path,
    named: Named,
    *,
    tick_seconds: float | None = None,
    bridge_seconds: float | None = None,
) -> Imported:
    """Bin spike times at a tick of the user's choice, and interpolate the movement to the ticks.

    The tick is the movement's interval, but at least 4 ms, unless given. Spikes from edge i up to
    edge i+1 belong to tick i+1, where edges start one tick before the first sample, as in
    `read_odoherty`; those of one unit are counted. Segments end where the movement has a gap or is
    not finite, and outside `domain`. A gap is time without a sample beyond 1.5 intervals, or ticks,
    and beyond `bridge_seconds`. From a position velocity is its central difference per tick.

    Raises UserError for arrays that are missing or do not belong together, and for spikes of which
    none lies within the movement: another unit of time, or another clock.
    """
    path = Path(path)
    if (named.velocity is None) == (named.position is None):
        raise UserError("--spikes needs --velocity or --position, one of the two")
    container = open_container(path)
    text = named.velocity or named.position or ""
    movement = read_movement(container, text, named.times)
    times, values = movement.times, movement.values
    trains, names = read_trains(container, named)
    notes: list[str] = []
    usual = nominal_interval(times)
    check_interval(usual, f"'{movement.name}'")
    if tick_seconds is None:
        tick_seconds = max(TICK_SECONDS, usual)
        notes.append(f"the tick is {tick_seconds:g} s, the movement's interval or 4 ms")
    tick = check_tick_seconds(tick_seconds)
    valid = movement.valid & _within(container, named.domain, times)
    if not (times[-1] - times[0]) / tick * len(names) <= MAX_COUNTS_BYTES / 2:
        raise UserError(
            f"{times[-1] - times[0]:.3g} s in ticks of {tick:g} s on {len(names)} units are too "
            f"many; at most {MAX_COUNTS_BYTES // 2} counts are accepted"
        )
    longest = max(_GAP * usual, _GAP * tick, check_bridge(bridge_seconds or 0.0))
    runs = _runs(times, valid, longest, tick)
    if not runs:
        raise UserError(f"the movement has no {LEAST} ticks of {tick:g} s in a row that are valid")
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
    gaps = np.diff(times)[valid[1:] & valid[:-1]]
    bridged = int(((gaps > _GAP * max(usual, tick)) & (gaps <= longest)).sum())
    if bridged:
        notes.append(
            f"the movement is interpolated across {bridged} gaps of at most {bridge_seconds:g} s"
        )
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
    unit = movement.unit
    if named.position is not None:
        of = unit or f"of '{text}'"
        unit = f"{of} per tick"
    return Imported(recording, tuple(notes), lost, unit)


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


def _runs(times: Floats, valid: NDArray[np.bool_], longest: float, tick: float) -> list[Floats]:
    """Return the times of the ticks of each stretch of valid samples without a longer gap."""
    number = np.flatnonzero(valid)
    if not len(number):
        return []
    apart = (np.diff(times[number]) > longest) | (np.diff(number) > 1)
    grids = []
    for piece in np.split(number, np.flatnonzero(apart) + 1):
        first, last = times[piece[0]], times[piece[-1]]
        grids.append(first + tick * np.arange(int((last - first) / tick + 1e-6) + 1))
    return [grid for grid in grids if len(grid) >= LEAST]


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
