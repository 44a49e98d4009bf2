"""The variables of an O'Doherty file (Zenodo record 583331), checked."""

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.fields import MAX_CHANNELS, MAX_TEXT
from aegru_hw.recordings.floats import as_floats
from aegru_hw.recordings.hdf5 import find_dataset, follow, read_numbers, read_references
from aegru_hw.recordings.stretches import usable
from aegru_hw.recordings.ticks import TICK_SECONDS

VARIABLES = ("cursor_pos", "spikes", "t", "target_pos")
"""The variables that make a file one of this layout."""

MAX_UNITS = 64
MAX_SPIKE_BYTES = 2**28

_FINGER_ROWS = (1, 2)
"""Rows of `finger_pos` that the cursor follows: of z, -x, -y in cm, and in some files angles."""


def is_odoherty(file: h5py.File) -> bool:
    """Tell whether an open HDF5 file has the variables of this layout."""
    return all(isinstance(file.get(name), h5py.Dataset) for name in VARIABLES)


def read_time(file: h5py.File) -> NDArray[np.float64]:
    """Return the times (T,) of the samples in seconds, which are 4 ms apart."""
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


def read_positions(file: h5py.File, name: str, samples: int) -> NDArray[np.float64]:
    """Return the positions (T, 2) of the cursor, the finger or the target."""
    array = _read(file, name)
    if name == "finger_pos":
        if array.ndim != 2 or array.shape[0] < 3 or array.shape[1] != samples:
            raise UserError(
                f"'{name}' has shape {array.shape}; (3 or more, {samples}) is needed, as 't' has"
            )
        array = array[list(_FINGER_ROWS)]
    if array.shape != (2, samples):
        raise UserError(f"'{name}' has shape {array.shape}; (2, {samples}) is needed, as 't' has")
    if name != "target_pos" and not usable(array.T).all():
        sample = int(np.argmin(usable(array.T)))
        raise UserError(f"'{name}' is not finite at sample {sample}; finite numbers are needed")
    return np.ascontiguousarray(array.T)


def _read(file: h5py.File, name: str) -> NDArray[np.float64]:
    array = read_numbers(find_dataset(file, name), what=f"'{name}'")
    return as_floats(array)


def read_cells(file: h5py.File) -> NDArray[np.object_]:
    """Return references (units, channels) to spike times; the first row is of unsorted ones."""
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


def spike_times(file: h5py.File, reference: Any, what: str) -> NDArray[np.float64]:
    """Return the spike times (n,) in seconds that a cell refers to."""
    dataset = follow(file, reference, what)
    times = read_numbers(dataset, what=what, max_bytes=MAX_SPIKE_BYTES)
    return as_floats(times).ravel()


def channel_names(file: h5py.File, channels: int) -> tuple[str, ...]:
    """Return the names that the file gives its channels, else numbers from 1."""
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
    with np.errstate(invalid="ignore"):
        letters = map(chr, codes.astype(np.uint16).ravel())
    return "".join(letter if letter.isprintable() else "?" for letter in letters)
