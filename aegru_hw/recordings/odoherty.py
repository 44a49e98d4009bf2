"""Reader of the O'Doherty recordings (Zenodo record 583331), MATLAB v7.3."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.fields import MAX_TEXT
from aegru_hw.recordings.hdf5 import open_hdf5
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.likely import check_tick
from aegru_hw.recordings.odoherty_file import (
    channel_names,
    is_odoherty,
    read_cells,
    read_positions,
    read_time,
    spike_times,
)
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.say import Say, silent
from aegru_hw.recordings.ticks import (
    MAX_COUNTS_BYTES,
    TICK_SECONDS,
    add_spikes,
    check_merge,
    new_counts,
    spiking_ticks,
    tick_edges,
)

__all__ = ["TICK_SECONDS", "import_odoherty", "is_odoherty", "reach_starts", "read_odoherty"]

UNITS = ("all", "sorted", "unsorted")
POSITIONS = {"cursor_pos": "mm", "finger_pos": "cm"}
"""The movements that a file holds, and their units of length."""


def read_odoherty(
    path: str | Path,
    *,
    units: str = "all",
    tick_seconds: float = TICK_SECONDS,
    position: str = "cursor_pos",
    merge: str | None = None,
    names: Sequence[str] = (),
    say: Say = silent,
) -> Recording:
    """Read a recording of O'Doherty, Cardoso, Makin and Sabes as the published benchmark does.

    `units` is "all", "sorted" (rows 1 and up of `spikes`) or "unsorted" (row 0). Ticks, after
    NeuroBench 2.3: edges = arange(t[0] - 4 ms, t[-1], 4 ms); a spike from edge i up to edge i+1
    marks tick i+1; a tick is 0 or 1 per unit and the units of a channel are OR-ed. So tick 0 is
    always silent, and a tick holds the spikes of the 4 ms that ended one tick before its sample.
    The recording has as many ticks as `cursor_pos` has samples; the edges are one more or fewer
    where t[-1] is rounded, and then the last tick is dropped or silent. Velocity is the central
    difference of `cursor_pos` per sample, one-sided at the ends. Sample i is the first tick of a
    reach where `target_pos` differs at sample i+1. There is one segment.

    The other options leave the published protocol:

    tick_seconds: a whole number of samples. The ticks stand at every so many samples, spikes are
        binned by the same rule with that length, and velocity is the central difference of the
        positions at the ticks, per tick.
    position: "cursor_pos", or "finger_pos": its rows 1 and 2, which the cursor follows; they are in
        cm and point the other way, and are taken so.
    merge: "or" is as published, "count" adds the spikes of a channel's units, and with "none"
        each unit that fires at all is a channel of its own, counted. "or" at 4 ms and "count"
        beyond unless given.
    names: the beginnings of the names of the channels to keep, such as "M1"; all where empty. The
        recordings of 192 channels hold S1 too.
    say: takes a sentence on everything that was left out.

    Waveforms (`wf`) are never read. Raises UserError for a missing file or variable, for shapes
    that do not belong together, for times that are not 250 Hz, for options that are unknown, and
    where no channel is left.
    """
    imported = import_odoherty(
        path,
        units=units,
        tick_seconds=tick_seconds,
        position=position,
        merge=merge,
        names=names,
    )
    for note in imported.notes:
        say(note)
    return imported.recording


def import_odoherty(
    path: str | Path,
    *,
    units: str = "all",
    tick_seconds: float = TICK_SECONDS,
    position: str = "cursor_pos",
    merge: str | None = None,
    names: Sequence[str] = (),
) -> Imported:
    """Read a recording as `read_odoherty` does, with what was left out.

    Lost are the ticks that samples are too few for; of 1000 samples one may be missing.
    """
    path = Path(path)
    if units not in UNITS:
        raise UserError(f"units '{units}' is unknown; accepted are {', '.join(UNITS)}")
    every = _samples_a_tick(tick_seconds)
    tick = TICK_SECONDS if every == 1 else float(tick_seconds)
    if merge is None:
        merge = "or" if every == 1 else "count"
    check_merge(merge)
    notes: list[str] = []
    if position not in POSITIONS:
        raise UserError(f"position '{position}' is unknown; accepted are {', '.join(POSITIONS)}")
    with open_hdf5(path) as file:
        time = read_time(file)
        samples = len(time)
        ticks = time[::every]
        if len(ticks) < 3:
            check_tick(tick, 0)
            raise UserError(f"{samples} samples hold no three ticks of {tick:g} s")
        place = read_positions(file, position, samples)
        target = read_positions(file, "target_pos", samples)
        cells = read_cells(file)
        rows = {"all": slice(None), "sorted": slice(1, None), "unsorted": slice(0, 1)}[units]
        labels = channel_names(file, cells.shape[1])
        kept = _kept_channels(labels, names, path.name, notes.append)
        if merge == "none":
            counts, names = _bin_units(
                file, cells[rows], rows.start or 0, [(at, labels[at]) for at in kept], ticks, tick
            )
        else:
            counts, names = (
                _bin_channels(file, cells[rows], kept, ticks, tick, merge),
                [labels[at] for at in kept],
            )
    recording = Recording(
        counts=counts,
        velocity=np.gradient(place[::every], axis=0),
        tick_seconds=tick,
        segment_starts=np.zeros(1, dtype=np.int64),
        reach_starts=reach_starts(target) // every,
        channel_names=tuple(names),
        source=path.name,
        sha256=sha256_of_file(path),
    )
    expected = round((time[-1] - time[0]) / TICK_SECONDS) + 1
    lost = max(0, -(-expected // every) - len(ticks))
    return Imported(recording, tuple(notes), lost, f"{POSITIONS[position]} per tick")


def reach_starts(target: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first tick of each reach for target positions (T, 2).

    The first reach starts at tick 0, each other at the last sample before its target appears. A
    target that changes between samples 0 and 1 leaves a first reach without ticks.
    """
    ends = np.flatnonzero(np.any(target[1:] != target[:-1], axis=1))
    return np.concatenate([[0], ends]).astype(np.int64)


def _samples_a_tick(tick_seconds: float) -> int:
    ratio = float(tick_seconds) / TICK_SECONDS
    if not (math.isfinite(ratio) and ratio > 0.5 and abs(ratio - round(ratio)) < 1e-6 * ratio):
        raise UserError(
            f"ticks of {tick_seconds:g} s are no whole number of the samples' {TICK_SECONDS:g} s; "
            "0.004, 0.02 and 0.064 are, for example"
        )
    return round(ratio)


def _kept_channels(
    labels: tuple[str, ...], beginnings: Sequence[str], source: str, say: Say
) -> list[int]:
    """Return the channels whose name begins with any of the texts; all where there is none."""
    kept = [
        channel
        for channel, label in enumerate(labels)
        if not beginnings or label.startswith(tuple(beginnings))
    ]
    if not kept:
        words = sorted({label.split(" ")[0] for label in labels})[:8]
        raise UserError(
            f"no channel of {source} has a name that begins with {' or '.join(beginnings)}; they "
            f"begin with {', '.join(words)}"
        )
    if len(kept) < len(labels):
        say(f"{len(labels) - len(kept)} of {len(labels)} channels are left out by their name")
    return kept


def _bin_channels(
    file: h5py.File,
    cells: NDArray[np.object_],
    kept: list[int],
    ticks: NDArray[np.float64],
    tick_seconds: float,
    merge: str,
) -> Counts:
    """Return what the units of each kept channel fire together, (T, kept)."""
    counts = new_counts(len(ticks), len(kept), merge)
    edges = tick_edges(ticks, tick_seconds)
    for (unit, column), reference in np.ndenumerate(cells[:, kept]):
        what = f"spikes of unit {unit}, channel {kept[column]}"
        spiking = _spiking(file, reference, what, edges, len(ticks))
        if merge == "or":
            counts[spiking, column] = 1
        else:
            add_spikes(counts[:, column], spiking, what)
    return counts


def _bin_units(
    file: h5py.File,
    cells: NDArray[np.object_],
    first_unit: int,
    channels: list[tuple[int, str]],
    ticks: NDArray[np.float64],
    tick_seconds: float,
) -> tuple[Counts, list[str]]:
    """Return the counts (T, units) of each unit that fires, and the units' names."""
    edges = tick_edges(ticks, tick_seconds)
    names, fired, total = [], [], 0
    for channel, label in channels:
        for unit, reference in enumerate(cells[:, channel], first_unit):
            what = f"spikes of unit {unit}, channel {channel}"
            spiking = _spiking(file, reference, what, edges, len(ticks))
            total += spiking.nbytes
            if total > MAX_COUNTS_BYTES:
                raise UserError(f"the units have more than {MAX_COUNTS_BYTES // 8} spikes")
            if len(spiking):
                names.append(f"{label[: MAX_TEXT - 16]} {f'unit {unit}' if unit else 'unsorted'}")
                fired.append(spiking)
    if not fired:
        raise UserError("no unit fires while the movement was sampled")
    counts = new_counts(len(ticks), len(fired), "count")
    for column, spiking in enumerate(fired):
        add_spikes(counts[:, column], spiking, f"unit '{names[column]}'")
    return counts, names


def _spiking(
    file: h5py.File, reference: Any, what: str, edges: NDArray[np.float64], ticks: int
) -> NDArray[np.intp]:
    spiking = spiking_ticks(spike_times(file, reference, what), edges)
    # Rounding of t[-1] can leave an edge more or fewer than samples.
    return spiking[spiking < ticks]
