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
from aegru_hw.recordings.hdf5 import (
    find_dataset,
    follow,
    open_hdf5,
    read_numbers,
    read_references,
)
from aegru_hw.recordings.recording import MAX_CHANNELS, MAX_TEXT, Recording
from aegru_hw.recordings.say import Say, silent

TICK_SECONDS = 0.004
UNITS = ("all", "sorted", "unsorted")
MERGES = ("or", "count", "none")
POSITIONS = ("cursor_pos", "finger_pos")
VARIABLES = ("cursor_pos", "spikes", "t", "target_pos")
"""The variables that make a file one of this layout."""

MAX_UNITS = 64
MAX_COUNTS_BYTES = 2**31
MAX_SPIKE_BYTES = 2**28

_FINGER_ROWS = (1, 2)
"""Rows of `finger_pos` that the cursor follows: of z, -x, -y in cm, and in some files angles."""


def is_odoherty(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file has the variables of this layout."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in VARIABLES)


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
    path = Path(path)
    if units not in UNITS:
        raise UserError(f"units '{units}' is unknown; accepted are {', '.join(UNITS)}")
    every = _samples_a_tick(tick_seconds)
    tick = TICK_SECONDS if every == 1 else float(tick_seconds)
    if merge is None:
        merge = "or" if every == 1 else "count"
    if merge not in MERGES:
        raise UserError(f"merge '{merge}' is unknown; accepted are {', '.join(MERGES)}")
    if position not in POSITIONS:
        raise UserError(f"position '{position}' is unknown; accepted are {', '.join(POSITIONS)}")
    with open_hdf5(path) as file:
        time = _read_time(file)
        samples = len(time)
        ticks = time[::every]
        if len(ticks) < 3:
            raise UserError(f"{samples} samples hold no three ticks of {tick:g} s")
        place = _read_positions(file, position, samples)
        target = _read_positions(file, "target_pos", samples)
        cells = _read_cells(file)
        rows = {"all": slice(None), "sorted": slice(1, None), "unsorted": slice(0, 1)}[units]
        labels = _channel_names(file, cells.shape[1])
        kept = _kept_channels(labels, names, path.name, say)
        if merge == "none":
            counts, names = _bin_units(
                file, cells[rows], rows.start or 0, [(at, labels[at]) for at in kept], ticks, tick
            )
        else:
            counts, names = (
                _bin_channels(file, cells[rows], kept, ticks, tick, merge),
                [labels[at] for at in kept],
            )
    return Recording(
        counts=counts,
        velocity=np.gradient(place[::every], axis=0),
        tick_seconds=tick,
        segment_starts=np.zeros(1, dtype=np.int64),
        reach_starts=reach_starts(target) // every,
        channel_names=tuple(names),
        source=path.name,
        sha256=sha256_of_file(path),
    )


def tick_edges(
    time: NDArray[np.float64], tick_seconds: float = TICK_SECONDS
) -> NDArray[np.float64]:
    """Return the published benchmark's bin edges in seconds for sample times (T,)."""
    return np.arange(time[0] - tick_seconds, time[-1], tick_seconds)


def spiking_ticks(spike_times: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the tick i+1 for each spike from edge i up to edge i+1.

    The last bin holds its right edge too, as in numpy.histogram. Spikes elsewhere are left out.
    """
    bins = np.searchsorted(edges, spike_times, side="right") - 1
    bins[spike_times == edges[-1]] = len(edges) - 2
    return bins[(bins >= 0) & (bins < len(edges) - 1)] + 1


def reach_starts(target: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first tick of each reach for target positions (T, 2).

    The first reach starts at tick 0, each other at the last sample before its target appears. A
    target that changes between samples 0 and 1 leaves a first reach without ticks.
    """
    ends = np.flatnonzero(np.any(target[1:] != target[:-1], axis=1))
    return np.concatenate([[0], ends]).astype(np.int64)


def _read_time(file: h5py.File) -> NDArray[np.float64]:
    time = np.squeeze(_read(file, "t"))
    if time.ndim != 1 or len(time) < 3:
        raise UserError(f"'t' has shape {time.shape}; 1 x samples, at least 3, is needed")
    if not np.isfinite(time).all() or not (np.diff(time) > 0).all():
        raise UserError("'t' is not finite and increasing; sample times in seconds are needed")
    expected = (time[-1] - time[0]) / TICK_SECONDS + 1
    if abs(expected - len(time)) > 2 + len(time) / 1000:
        raise UserError(
            f"'t' spans {time[-1] - time[0]:.3f} s with {len(time)} samples; "
            "250 samples a second without gaps are needed"
        )
    return time


def _read_positions(file: h5py.File, name: str, samples: int) -> NDArray[np.float64]:
    array = _read(file, name)
    if name == "finger_pos":
        if array.ndim != 2 or array.shape[0] < 3 or array.shape[1] != samples:
            raise UserError(
                f"'{name}' has shape {array.shape}; (3 or more, {samples}) is needed, as 't' has"
            )
        array = array[list(_FINGER_ROWS)]
    if array.shape != (2, samples):
        raise UserError(f"'{name}' has shape {array.shape}; (2, {samples}) is needed, as 't' has")
    if name != "target_pos" and not np.isfinite(array).all():
        sample = int(np.argmin(np.isfinite(array).all(axis=0)))
        raise UserError(f"'{name}' is not finite at sample {sample}; finite numbers are needed")
    return np.ascontiguousarray(array.T)


def _read(file: h5py.File, name: str) -> NDArray[np.float64]:
    array = read_numbers(find_dataset(file, name), what=f"'{name}'")
    return array.astype(np.float64)


def _read_cells(file: h5py.File) -> NDArray[np.object_]:
    dataset = find_dataset(file, "spikes")
    cells = read_references(dataset, what="'spikes'", max_items=MAX_UNITS * MAX_CHANNELS)
    if cells is None or cells.ndim != 2 or 0 in cells.shape:
        raise UserError(
            f"'spikes' is {dataset.dtype} {dataset.shape}; units by channels of references to "
            "spike times are needed"
        )
    if cells.shape[0] > MAX_UNITS or cells.shape[1] > MAX_CHANNELS:
        raise UserError(
            f"'spikes' has {cells.shape[0]} units on {cells.shape[1]} channels; at most "
            f"{MAX_UNITS} on {MAX_CHANNELS} are accepted"
        )
    return cells


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


def _check_size(ticks: int, channels: int, itemsize: int) -> None:
    if channels > MAX_CHANNELS:
        raise UserError(f"{channels} units fire; at most {MAX_CHANNELS} channels are accepted")
    if ticks * channels * itemsize > MAX_COUNTS_BYTES:
        raise UserError(
            f"{ticks} samples on {channels} channels are too many to read; "
            f"at most {MAX_COUNTS_BYTES // itemsize} counts are accepted"
        )


def _bin_channels(
    file: h5py.File,
    cells: NDArray[np.object_],
    kept: list[int],
    ticks: NDArray[np.float64],
    tick_seconds: float,
    merge: str,
) -> Counts:
    """Return what the units of each kept channel fire together, (T, kept)."""
    counts = _new_counts(len(ticks), len(kept), merge)
    edges = tick_edges(ticks, tick_seconds)
    for (unit, column), reference in np.ndenumerate(cells[:, kept]):
        what = f"spikes of unit {unit}, channel {kept[column]}"
        spiking = _spiking(file, reference, what, edges, len(ticks))
        if merge == "or":
            counts[spiking, column] = 1
        else:
            _add(counts[:, column], spiking, what)
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
    counts = _new_counts(len(ticks), len(fired), "count")
    for column, spiking in enumerate(fired):
        _add(counts[:, column], spiking, f"unit '{names[column]}'")
    return counts, names


def _new_counts(ticks: int, channels: int, merge: str) -> Counts:
    kind = np.dtype(np.uint8 if merge == "or" else np.uint16)
    _check_size(ticks, channels, kind.itemsize)
    return np.zeros((ticks, channels), dtype=kind)


def _add(counts: NDArray[Any], spiking: NDArray[np.intp], what: str) -> None:
    total = counts + np.bincount(spiking, minlength=len(counts))
    if total.max() > np.iinfo(np.uint16).max:
        raise UserError(f"{what}: a tick holds {total.max()} spikes; at most 65535 are accepted")
    counts[:] = total


def _spiking(
    file: h5py.File, reference: Any, what: str, edges: NDArray[np.float64], ticks: int
) -> NDArray[np.intp]:
    times = _spike_times(follow(file, reference, what), what)
    spiking = spiking_ticks(times, edges)
    # Rounding of t[-1] can leave an edge more or fewer than samples.
    return spiking[spiking < ticks]


def _spike_times(dataset: h5py.Dataset, what: str) -> NDArray[np.float64]:
    times = read_numbers(dataset, what=what, max_bytes=MAX_SPIKE_BYTES)
    return times.astype(np.float64).ravel()


def _channel_names(file: h5py.File, channels: int) -> tuple[str, ...]:
    numbered = tuple(f"channel {number}" for number in range(1, channels + 1))
    dataset = file.get("chan_names")
    if not isinstance(dataset, h5py.Dataset):
        return numbered
    cells = read_references(dataset, what="'chan_names'", max_items=MAX_CHANNELS)
    if cells is None or cells.size != channels:
        return numbered
    return tuple(_text(follow(file, cell, "'chan_names'")) for cell in cells.ravel())


def _text(dataset: h5py.Dataset) -> str:
    codes: NDArray[Any] = read_numbers(dataset, what="a channel name", max_bytes=2 * MAX_TEXT)
    letters = map(chr, codes.astype(np.uint16).ravel())
    return "".join(letter if letter.isprintable() else "?" for letter in letters)
