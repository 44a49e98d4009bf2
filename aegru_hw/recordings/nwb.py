"""Reader of NWB 2 recordings: spike times or binned counts, and the movement of a hand."""

from pathlib import Path
from typing import Any

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.recordings.containers.series import plain_unit
from aegru_hw.recordings.floats import Floats
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.intervals import nominal_interval
from aegru_hw.recordings.likely import check_interval
from aegru_hw.recordings.nwb_choice import choose_bins, choose_movement
from aegru_hw.recordings.nwb_contents import Contents, open_nwb
from aegru_hw.recordings.nwb_movement import (
    BRIDGE_SECONDS,
    read_samples,
    runs_of,
    valid_samples,
)
from aegru_hw.recordings.nwb_numbers import Integers
from aegru_hw.recordings.nwb_ticks import from_bins, from_units
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.say import Say, silent
from aegru_hw.recordings.zarr_store import sha256_of_store

TRIALS = "trials"


def read_nwb(
    path: str | Path,
    *,
    counts: str | None = None,
    velocity: str | None = None,
    position: str | None = None,
    reaches: str | None = None,
    tick_seconds: float | None = None,
    merge: str | None = None,
    observed: str = "all",
    bridge_seconds: float = BRIDGE_SECONDS,
    say: Say = silent,
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
        "or" for ticks up to 4 ms and "count" for longer ones unless given. A unit without an
        electrode is a channel of its own.
    observed: the movement counts where the observation intervals of "all" units hold it, of "any"
        unit (the others are silent then), or everywhere ("ignore"). A unit without an interval
        counts as observed throughout.
    bridge_seconds: the longest time without a sample that does not end a segment.
    say: takes a sentence on everything that was left out or altered.

    Spikes are binned as `read_odoherty` does: those from edge i up to edge i+1 belong to tick i+1,
    where edges start one tick before the first sample. Segments end where the movement has a gap
    or is not finite, where it was not observed, and in `invalid_times`. Samples that are not
    regular (`is_regular`: steps within a tenth of the nominal interval) are interpolated to it.

    Raises UserError for everything that is missing, ambiguous (the text lists what there is) or
    damaged.
    """
    imported = import_nwb(
        path,
        counts=counts,
        velocity=velocity,
        position=position,
        reaches=reaches,
        tick_seconds=tick_seconds,
        merge=merge,
        observed=observed,
        bridge_seconds=bridge_seconds,
    )
    for note in imported.notes:
        say(note)
    return imported.recording


def import_nwb(
    path: str | Path,
    *,
    counts: str | None = None,
    velocity: str | None = None,
    position: str | None = None,
    reaches: str | None = None,
    tick_seconds: float | None = None,
    merge: str | None = None,
    observed: str = "all",
    bridge_seconds: float = BRIDGE_SECONDS,
) -> Imported:
    """Read a recording as `read_nwb` does, with what was left out.

    Lost are the ticks, between the first sample of the movement and the last, that no segment
    holds; of binned counts the bins.
    """
    path = Path(path)
    notes: list[str] = []
    with open_nwb(path, notes.append) as contents:
        series, selected, derived = choose_movement(contents, velocity, position)
        times, values = read_samples(series, selected)
        interval = nominal_interval(times)
        check_interval(interval, f"the timestamps of '{series[0].name}'")
        bins = choose_bins(contents, counts)
        if bins is None:
            units = contents.units(electrodes=merge != "none")
            valid = valid_samples(contents, times, values, units.observed, observed)
            runs = runs_of(contents, times, values, valid, bridge_seconds)
            binned = from_units(units, runs, interval, tick_seconds, merge, contents)
            whole = int((times[-1] - times[0]) / binned.tick_seconds + 1e-6) + 1
        else:
            if merge is not None:
                raise UserError("--merge is for spike times; binned counts have their channels")
            valid = valid_samples(contents, times, values, [])
            runs = runs_of(contents, times, values, valid, bridge_seconds)
            binned = from_bins(bins, runs, tick_seconds)
            whole = bins.shape[0]
        ticks, segment_starts = np.concatenate([run.times for run in binned.runs]), binned.starts
        moved = [np.gradient(r.values, axis=0) if derived else r.values for r in binned.runs]
        reach_starts = _reach_starts(contents, reaches, ticks, binned.tick_seconds)
        unit = plain_unit(series[0].container.unit)
    recording = Recording(
        counts=binned.counts,
        velocity=np.concatenate(moved),
        tick_seconds=binned.tick_seconds,
        segment_starts=segment_starts,
        reach_starts=reach_starts,
        channel_names=binned.channel_names,
        source=path.name,
        sha256=sha256_of_store(path) if path.is_dir() else sha256_of_file(path),
    )
    lost = max(0, whole - recording.ticks)
    if lost:
        notes.append(f"{lost} ticks lie in gaps of the movement, or where it is not valid")
    return Imported(recording, tuple(notes), lost, f"{unit} per tick" if derived and unit else unit)


def describe_nwb(path: str | Path) -> dict[str, Any]:
    """Return the units, series and intervals of an NWB file, in types that JSON has.

    A series that cannot be read is described as unusable, with why.
    """
    with open_nwb(path) as contents:
        return {
            "units": contents.unit_count,
            "series": {name: series.described() for name, series in contents.series.items()},
            "intervals": contents.intervals,
        }


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
