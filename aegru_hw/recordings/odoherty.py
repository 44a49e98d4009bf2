"""Reader of the O'Doherty recordings (Zenodo record 583331), MATLAB v7.3."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.recordings.hdf5 import (
    find_dataset,
    follow,
    open_hdf5,
    read_numbers,
    read_references,
)
from aegru_hw.recordings.recording import MAX_CHANNELS, MAX_TEXT, Recording

TICK_SECONDS = 0.004
UNITS = ("all", "sorted", "unsorted")
VARIABLES = ("cursor_pos", "spikes", "t", "target_pos")
"""The variables that make a file one of this layout."""

MAX_UNITS = 64
MAX_COUNTS_BYTES = 2**31
MAX_SPIKE_BYTES = 2**28


def is_odoherty(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file has the variables of this layout."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in VARIABLES)


def read_odoherty(path: str | Path, *, units: str = "all") -> Recording:
    """Read a recording of O'Doherty, Cardoso, Makin and Sabes as the published benchmark does.

    `units` is "all", "sorted" (rows 1 and up of `spikes`) or "unsorted" (row 0). Ticks, after
    NeuroBench 2.3: edges = arange(t[0] - 4 ms, t[-1], 4 ms); a spike from edge i up to edge i+1
    marks tick i+1; a tick is 0 or 1 per unit and the units of a channel are OR-ed. So tick 0 is
    always silent, and a tick holds the spikes of the 4 ms that ended one tick before its sample.
    The recording has as many ticks as `cursor_pos` has samples; the edges are one more or fewer
    where t[-1] is rounded, and then the last tick is dropped or silent. Velocity is the central
    difference of `cursor_pos` per sample, one-sided at the ends. Sample i is the first tick of a
    reach where `target_pos` differs at sample i+1. There is one segment.

    Waveforms (`wf`) are never read. Raises UserError for a missing file or variable, for shapes
    that do not belong together, and for times that are not 250 Hz.
    """
    path = Path(path)
    if units not in UNITS:
        raise UserError(f"units '{units}' is unknown; accepted are {', '.join(UNITS)}")
    with open_hdf5(path) as file:
        time = _read_time(file)
        samples = len(time)
        cursor = _read_positions(file, "cursor_pos", samples)
        target = _read_positions(file, "target_pos", samples)
        cells = _read_cells(file)
        if samples * cells.shape[1] > MAX_COUNTS_BYTES:
            raise UserError(
                f"{samples} samples on {cells.shape[1]} channels are too many to read; "
                f"at most {MAX_COUNTS_BYTES} counts are accepted"
            )
        rows = {"all": slice(None), "sorted": slice(1, None), "unsorted": slice(0, 1)}[units]
        counts = _bin_channels(file, cells[rows], time)
        names = _channel_names(file, cells.shape[1])
    return Recording(
        counts=counts,
        velocity=np.gradient(cursor, axis=0),
        tick_seconds=TICK_SECONDS,
        segment_starts=np.zeros(1, dtype=np.int64),
        reach_starts=reach_starts(target),
        channel_names=names,
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
    if array.shape != (2, samples):
        raise UserError(f"'{name}' has shape {array.shape}; (2, {samples}) is needed, as 't' has")
    if name == "cursor_pos" and not np.isfinite(array).all():
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


def _bin_channels(
    file: h5py.File, cells: NDArray[np.object_], time: NDArray[np.float64]
) -> NDArray[np.uint8]:
    edges = tick_edges(time)
    # Rounding of t[-1] can leave an edge more or fewer than samples; the counts are cut below.
    counts = np.zeros((max(len(time), len(edges)), cells.shape[1]), dtype=np.uint8)
    for (unit, channel), reference in np.ndenumerate(cells):
        what = f"spikes of unit {unit}, channel {channel}"
        times = _spike_times(follow(file, reference, what), what)
        counts[spiking_ticks(times, edges), channel] = 1
    return np.ascontiguousarray(counts[: len(time)])


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
