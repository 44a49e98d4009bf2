"""Reader of NWB 2 recordings: spike times or binned counts, and the movement of a hand."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.nwb_contents import Contents, Floats, Integers, Series, Units, open_nwb
from aegru_hw.recordings.odoherty import (
    MAX_COUNTS_BYTES,
    TICK_SECONDS,
    spiking_ticks,
    tick_edges,
)
from aegru_hw.recordings.recording import (
    MAX_CHANNELS,
    Recording,
    as_counts,
    check_tick_seconds,
)
from aegru_hw.recordings.selector import Selector

MERGES = ("or", "count", "none")
UNITS = "units"
TRIALS = "trials"
INVALID = "invalid_times"

_GAP = 1.5
"""Samples further apart than so many times the usual interval have a gap between them."""

_NOT_A_HAND = ("target", "eye", "gaze", "pupil")


@dataclass(frozen=True)
class Run:
    """A stretch of movement without a gap: times (n,) in seconds and columns (n, 2)."""

    times: Floats
    values: Floats


def read_nwb(
    path: str | Path,
    *,
    counts: str | None = None,
    velocity: str | None = None,
    position: str | None = None,
    reaches: str | None = None,
    tick_seconds: float | None = None,
    merge: str | None = None,
) -> Recording:
    """Read a recording from an NWB 2 file.

    counts: "units" (spike times, the default where the file has units) or the name of a series of
        binned counts (T, C), whose bins are then the ticks.
    velocity, position: the name of a series, its last parts being enough ("cursor_vel" for
        "behavior/Velocity/cursor_vel"); of two columns ("finger_pos:0,1") or of two series with
        one each ("hand_vel_x,hand_vel_y"). At most one of the two: velocity is taken as it is, and
        from position it is the central difference per tick. Without either, the only velocity of
        the file is taken, else its only position, counting neither targets nor eyes.
    reaches: a table of intervals whose starts divide the recording; "trials" where there is one.
    tick_seconds: the sampling interval of the movement, but at least 4 ms, unless given. The
        movement is interpolated to the ticks.
    merge: what becomes of the units of one electrode: "or" (0/1 a tick, as in the published
        benchmark) or "count" their spikes, or "none": each unit is a channel of its own, counted.
        "or" for ticks up to 4 ms and "count" for longer ones unless given.

    Spikes are binned as `read_odoherty` does: those from edge i up to edge i+1 belong to tick i+1,
    where edges start one tick before the first sample. Segments end where the movement has a gap
    or is not finite, outside the observation intervals that all units share, and in
    `invalid_times`.

    Raises UserError for everything that is missing, ambiguous (the text lists what there is) or
    damaged.
    """
    path = Path(path)
    with open_nwb(path) as contents:
        series, selected, derived = _movement(contents, velocity, position)
        times, values = _samples(series, selected)
        bins = _bins(contents, counts)
        if bins is None:
            units = contents.units()
            valid = _valid(contents, times, values, units.observed)
            binned = _from_units(
                units, _runs(times, values, valid), times, tick_seconds, merge, contents
            )
        else:
            if merge is not None:
                raise UserError("--merge is for spike times; binned counts have their channels")
            valid = _valid(contents, times, values, [])
            binned = _from_bins(bins, _runs(times, values, valid), tick_seconds)
        ticks, segment_starts = np.concatenate([run.times for run in binned.runs]), binned.starts
        moved = [np.gradient(r.values, axis=0) if derived else r.values for r in binned.runs]
        reach_starts = _reach_starts(contents, reaches, ticks, binned.tick_seconds)
    return Recording(
        counts=binned.counts,
        velocity=np.concatenate(moved),
        tick_seconds=binned.tick_seconds,
        segment_starts=segment_starts,
        reach_starts=reach_starts,
        channel_names=binned.channel_names,
        source=path.name,
        sha256=sha256_of_file(path),
    )


def describe_nwb(path: str | Path) -> dict[str, Any]:
    """Return the units, series and intervals of an NWB file, in types that JSON has."""
    with open_nwb(path) as contents:
        return {
            "units": contents.unit_count,
            "series": {
                name: f"{' x '.join(map(str, series.shape))}, {_rate(series):g} Hz, "
                f"{series.container.unit}"
                for name, series in contents.series.items()
            },
            "intervals": contents.intervals,
        }


def _rate(series: Series) -> float:
    if series.container.rate is not None:
        return float(series.container.rate)
    intervals = np.diff(series.times()) if series.shape[0] > 1 else np.ones(1)
    return round(1 / float(np.median(intervals)), 6)


# What to read.


def _movement(
    contents: Contents, velocity: str | None, position: str | None
) -> tuple[list[Series], tuple[int, ...], bool]:
    """Return one series or two, the columns chosen, and whether they are positions."""
    if velocity is not None and position is not None:
        raise UserError("an NWB recording has a velocity or a position; give one of the two")
    if velocity is not None or position is not None:
        selector = Selector.parse(velocity or position or "")
        if selector.time_axis == 1:
            raise UserError(f"'{selector.key}' has time first, as all of NWB; leave @1 out")
        series = [_named(contents, name) for name in selector.key.split(",")]
        return series, selector.rows, position is not None
    for what, letters in (("velocity", "vel"), ("position", "pos")):
        found = _candidates(contents, letters)
        if len(found) == 1:
            return found[0], (), what == "position"
        if found:
            listed = "; ".join(",".join(series.name for series in group) for group in found)
            raise UserError(
                f"{contents.path.name} offers more than one {what}: {listed}; "
                f"choose with `aegru-hw import FILE.nwb OUT.h5 --{what} NAME`"
            )
    raise UserError(
        f"{contents.path.name} has no velocity or position with two columns that names itself so; "
        f"{_listed(contents)}; choose with --velocity NAME or --position NAME:0,1"
    )


def _candidates(contents: Contents, letters: str) -> list[list[Series]]:
    """Return the series of two columns, or pairs NAME_x, NAME_y, with the letters in their name."""
    named = {
        name: series
        for name, series in contents.series.items()
        if letters in name.rpartition("/")[2].lower()
        and not any(word in name.lower() for word in _NOT_A_HAND)
    }
    groups = [[series] for series in named.values() if series.shape[1:] == (2,)]
    for name, series in named.items():
        other = named.get(f"{name[:-1]}y") if name.endswith("_x") else None
        if other is not None and len(series.shape) == len(other.shape) == 1:
            groups.append([series, other])
    return groups


def _named(contents: Contents, name: str) -> Series:
    found = [
        series for key, series in contents.series.items() if f"/{key}".endswith(f"/{name.strip()}")
    ]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(series.name for series in found)
        raise UserError(f"'{name}' is ambiguous in {contents.path.name}: {listed}; give it whole")
    raise UserError(f"{contents.path.name} has no series '{name}'; {_listed(contents)}")


def _listed(contents: Contents) -> str:
    names = ", ".join(f"{name} {series.shape}" for name, series in contents.series.items())
    return f"its series are: {names or 'none'}"


def _bins(contents: Contents, counts: str | None) -> Series | None:
    """Return the series of binned counts, None for spike times."""
    if counts is not None and counts != UNITS:
        return _named(contents, counts)
    if contents.unit_count or counts == UNITS:
        return None
    found = [
        series
        for name, series in contents.series.items()
        if len(series.shape) == 2 and ("spike" in name.lower() or "count" in name.lower())
    ]
    if len(found) != 1:
        raise UserError(
            f"{contents.path.name} has no units with spike times; name a series of binned counts "
            f"with --counts NAME; {_listed(contents)}"
        )
    return found[0]


# The movement.


def _samples(series: list[Series], columns: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return the times (T,) and the two chosen columns (T, 2) of one series or of two together."""
    pieces = [one.columns() for one in series]
    times = series[0].times()
    for other in series[1:]:
        if not np.array_equal(other.times(), times):
            raise UserError(f"'{series[0].name}' and '{other.name}' have different times")
    values = np.concatenate(pieces, axis=1)
    name = ",".join(one.name for one in series)
    beyond = [column for column in columns if column >= values.shape[1]]
    if beyond:
        raise UserError(
            f"'{name}' has no column {beyond[0]}; columns 0 to {values.shape[1] - 1} exist"
        )
    if columns:
        values = values[:, list(columns)]
    if values.shape[1] != 2:
        raise UserError(
            f"'{name}' has {values.shape[1]} columns; select two, for example {name}:0,1"
        )
    return times, values


def _valid(
    contents: Contents, times: Floats, values: Floats, observed: list[Floats]
) -> NDArray[np.bool_]:
    """Return which samples are finite, observed by all units, and not declared invalid."""
    valid: NDArray[np.bool_] = np.asarray(np.isfinite(values).all(axis=1))
    seen = set()
    for intervals in observed:
        if intervals.tobytes() not in seen:
            seen.add(intervals.tobytes())
            valid &= _inside(times, intervals)
    if INVALID in contents.intervals:
        valid &= ~_inside(times, contents.interval_bounds(INVALID))
    return valid


def _inside(times: Floats, intervals: Floats) -> NDArray[np.bool_]:
    """Return which times lie in any of the closed intervals (n, 2)."""
    begun = np.searchsorted(np.sort(intervals[:, 0]), times, side="right")
    ended = np.searchsorted(np.sort(intervals[:, 1]), times, side="left")
    return begun > ended


def _runs(times: Floats, values: Floats, valid: NDArray[np.bool_]) -> list[Run]:
    """Return the stretches of valid samples without a gap, each at least three samples long."""
    kept = np.flatnonzero(valid)
    usual = float(np.median(np.diff(times)))
    breaks = np.diff(times[kept]) > _GAP * usual
    pieces = np.split(kept, np.flatnonzero(breaks) + 1)
    runs = [Run(times[piece], values[piece]) for piece in pieces if len(piece) > 2]
    if not runs:
        raise UserError("the movement has no three samples in a row that are finite and observed")
    return runs


# The ticks.


@dataclass(frozen=True)
class Binned:
    """Spike counts (T, C) on ticks, and the movement at them, one run a segment."""

    counts: Counts
    runs: list[Run]
    tick_seconds: float
    channel_names: tuple[str, ...]

    @property
    def starts(self) -> Integers:
        """First tick of each segment."""
        lengths = [len(run.times) for run in self.runs]
        return np.cumsum([0, *lengths[:-1]]).astype(np.int64)


def _from_units(
    units: Units,
    runs: list[Run],
    times: Floats,
    tick_seconds: float | None,
    merge: str | None,
    contents: Contents,
) -> Binned:
    interval = float(np.median(np.diff(times)))
    if tick_seconds is None:
        tick_seconds = max(TICK_SECONDS, round(interval, 9))
    tick = check_tick_seconds(tick_seconds)
    if merge is None:
        merge = "or" if tick <= TICK_SECONDS * (1 + 1e-6) else "count"
    if merge not in MERGES:
        raise UserError(f"merge '{merge}' is unknown; accepted are {', '.join(MERGES)}")
    channels, names = _channels(units, merge)
    expected = sum((run.times[-1] - run.times[0]) / tick + 1 for run in runs)
    if not expected * len(names) <= MAX_COUNTS_BYTES / 2:
        raise UserError(
            f"{contents.path.name} has {expected:.3g} ticks of {tick:g} s on {len(names)} "
            f"channels; at most {MAX_COUNTS_BYTES // 2} counts are accepted"
        )
    gridded = [grid for grid in (_on_ticks(run, interval, tick) for run in runs) if grid]
    if not gridded:
        raise UserError(f"no stretch of the movement holds three ticks of {tick:g} s")
    counts = _count_spikes(units.trains(), channels, len(names), gridded, tick, merge)
    return Binned(counts, gridded, tick, names)


def _channels(units: Units, merge: str) -> tuple[Integers, tuple[str, ...]]:
    """Return each unit's channel, and the channels' names."""
    if merge == "none" or units.electrodes is None:
        channels = np.arange(len(units))
        names = tuple(f"unit {number}" for number in channels)
    else:
        rows, channels = np.unique(units.electrodes, return_inverse=True)
        names = tuple(units.electrode_names[row] for row in rows)
    if len(names) > MAX_CHANNELS:
        raise UserError(f"{len(names)} channels are too many; at most {MAX_CHANNELS} are accepted")
    return channels, names


def _on_ticks(run: Run, interval: float, tick: float) -> Run | None:
    """Return a run with one sample a tick, None where it holds fewer than three ticks."""
    if abs(interval / tick - 1) < 1e-3:
        return run
    count = int((run.times[-1] - run.times[0]) / tick + 1e-6) + 1
    if count < 3:
        return None
    times = run.times[0] + tick * np.arange(count)
    return Run(times, _interpolated(run, times))


def _interpolated(run: Run, times: Floats) -> Floats:
    return np.stack([np.interp(times, run.times, axis) for axis in run.values.T], axis=1)


def _count_spikes(
    trains: list[Floats],
    channels: Integers,
    width: int,
    runs: list[Run],
    tick: float,
    merge: str,
) -> Counts:
    """Return the spikes (T, C) of each channel's units on the ticks of all runs."""
    total = sum(len(run.times) for run in runs)
    counts = np.zeros((total, width), dtype=np.uint8 if merge == "or" else np.uint16)
    start = 0
    for run in runs:
        edges = tick_edges(run.times, tick)
        stretch = counts[start : start + len(run.times)]
        for train, channel in zip(trains, channels, strict=True):
            first = np.searchsorted(train, edges[0], side="left")
            last = np.searchsorted(train, edges[-1], side="right")
            ticks = spiking_ticks(train[first:last], edges)
            ticks = ticks[ticks < len(stretch)]
            if merge == "or":
                stretch[ticks, channel] = 1
                continue
            spikes = np.bincount(ticks, minlength=len(stretch)) + stretch[:, channel]
            if spikes.max() > np.iinfo(np.uint16).max:
                raise UserError(f"a tick of channel {channel} holds {spikes.max()} spikes")
            stretch[:, channel] = spikes
        start += len(run.times)
    return counts.astype(np.uint8) if counts.max() <= 255 else counts


def _from_bins(series: Series, runs: list[Run], tick_seconds: float | None) -> Binned:
    counts = series.columns()
    times = series.times()
    tick = round(float(np.median(np.diff(times))), 9)
    if tick_seconds is not None and abs(tick_seconds / tick - 1) > 1e-3:
        raise UserError(
            f"the bins of '{series.name}' are {tick:g} s long; --tick {tick_seconds:g} is not that"
        )
    known = np.isfinite(counts).all(axis=1)
    at_bins, kept = [], []
    for run in runs:
        within = (times >= run.times[0] - tick / 1000) & (times <= run.times[-1] + tick / 1000)
        chosen = np.flatnonzero(known & within)
        breaks = np.diff(times[chosen]) > _GAP * tick
        for piece in np.split(chosen, np.flatnonzero(breaks) + 1):
            if len(piece) > 2:
                at_bins.append(Run(times[piece], _interpolated(run, times[piece])))
                kept.append(piece)
    if not kept:
        raise UserError(f"'{series.name}' and the movement have no three bins in common")
    spikes = as_counts(counts[np.concatenate(kept)])
    names = tuple(f"channel {number}" for number in range(1, spikes.shape[1] + 1))
    return Binned(spikes, at_bins, tick, names)


def _reach_starts(
    contents: Contents, reaches: str | None, ticks: Floats, tick_seconds: float
) -> Integers:
    """Return the first tick of each reach: at or after the start of each interval."""
    if reaches is None and not contents.intervals.get(TRIALS):
        return np.zeros(0, dtype=np.int64)
    starts = contents.interval_bounds(reaches or TRIALS)[:, 0]
    first = np.searchsorted(ticks, starts - tick_seconds / 1000)
    found = np.unique(np.append(first[first < len(ticks)], 0))
    return found.astype(np.int64)
