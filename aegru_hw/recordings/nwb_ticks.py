"""Spikes of an NWB file on ticks: from spike times, or from a series of binned counts."""

from dataclasses import dataclass

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.fields import MAX_CHANNELS, as_counts, check_tick_seconds
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.intervals import is_regular, nominal_interval
from aegru_hw.recordings.likely import check_spike_times
from aegru_hw.recordings.nwb_contents import Contents
from aegru_hw.recordings.nwb_movement import GAP, Run, interpolated
from aegru_hw.recordings.nwb_numbers import Integers
from aegru_hw.recordings.nwb_series import Series
from aegru_hw.recordings.nwb_units import NOWHERE, Units
from aegru_hw.recordings.ticks import (
    MAX_COUNTS_BYTES,
    TICK_SECONDS,
    check_merge,
    spiking_ticks,
    tick_edges,
)


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


def from_units(
    units: Units,
    runs: list[Run],
    interval: float,
    tick_seconds: float | None,
    merge: str | None,
    contents: Contents,
) -> Binned:
    """Return the spikes of the units on ticks, and the movement at them.

    interval: of the movement's samples, in seconds.
    """
    if tick_seconds is None:
        tick_seconds = max(TICK_SECONDS, interval)
    tick = check_tick_seconds(tick_seconds)
    if merge is None:
        merge = "or" if tick <= TICK_SECONDS * (1 + 1e-6) else "count"
    check_merge(merge)
    channels, names = _channels(units, merge, contents)
    expected = sum((run.times[-1] - run.times[0]) / tick + 1 for run in runs)
    if not expected * len(names) <= MAX_COUNTS_BYTES / 2:
        raise UserError(
            f"{contents.path.name} has {expected:.3g} ticks of {tick:g} s on {len(names)} "
            f"channels; at most {MAX_COUNTS_BYTES // 2} counts are accepted"
        )
    gridded = [grid for grid in (_on_ticks(run, interval, tick) for run in runs) if grid]
    if not gridded:
        raise UserError(f"no stretch of the movement holds three ticks of {tick:g} s")
    begin, end = gridded[0].times[0], gridded[-1].times[-1]
    check_spike_times(units.times, begin - tick, end, len(names), contents.say)
    counts = _count_spikes(units.trains(), channels, len(names), gridded, tick, merge)
    return Binned(counts, gridded, tick, names)


def _channels(units: Units, merge: str, contents: Contents) -> tuple[Integers, tuple[str, ...]]:
    """Return each unit's channel, and the channels' names."""
    every = np.arange(len(units))
    if merge == "none" or units.electrodes is None:
        channels, names = every, tuple(f"unit {number}" for number in every)
    else:
        homeless = units.electrodes == NOWHERE
        places = np.where(homeless, len(units.electrode_names) + every, units.electrodes)
        rows, channels = np.unique(places, return_inverse=True)
        known = len(units.electrode_names)
        names = tuple(
            units.electrode_names[row] if row < known else f"unit {row - known}" for row in rows
        )
        if homeless.any():
            contents.say(
                f"{homeless.sum()} of {len(units)} units have no electrode; each is a channel "
                "of its own"
            )
    if len(names) > MAX_CHANNELS:
        raise UserError(f"{len(names)} channels are too many; at most {MAX_CHANNELS} are accepted")
    return channels, names


def _on_ticks(run: Run, interval: float, tick: float) -> Run | None:
    """Return a run with one sample a tick, None where it holds fewer than three ticks."""
    if abs(interval / tick - 1) < 1e-3 and is_regular(run.times, interval):
        return run
    count = int((run.times[-1] - run.times[0]) / tick + 1e-6) + 1
    if count < 3:
        return None
    times = run.times[0] + tick * np.arange(count)
    return Run(times, interpolated(run, times))


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


def from_bins(series: Series, runs: list[Run], tick_seconds: float | None) -> Binned:
    """Return the binned counts of a series, and the movement at its bins."""
    counts = series.columns()
    times = series.times()
    tick = nominal_interval(times)
    if tick_seconds is not None and abs(tick_seconds / tick - 1) > 1e-3:
        raise UserError(
            f"the bins of '{series.name}' are {tick:g} s long; --tick {tick_seconds:g} is not that"
        )
    known = np.isfinite(counts).all(axis=1)
    at_bins, kept = [], []
    for run in runs:
        within = (times >= run.times[0] - tick / 1000) & (times <= run.times[-1] + tick / 1000)
        chosen = np.flatnonzero(known & within)
        breaks = np.diff(times[chosen]) > GAP * tick
        for piece in np.split(chosen, np.flatnonzero(breaks) + 1):
            if len(piece) > 2:
                at_bins.append(Run(times[piece], interpolated(run, times[piece])))
                kept.append(piece)
    if not kept:
        raise UserError(f"'{series.name}' and the movement have no three bins in common")
    spikes = as_counts(counts[np.concatenate(kept)])
    names = tuple(f"channel {number}" for number in range(1, spikes.shape[1] + 1))
    return Binned(spikes, at_bins, tick, names)
