"""Numbers that cannot be cast without a word: signalling NaNs, and those too large for a type."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from aegru_hw.recordings.floats import as_floats
from aegru_hw.recordings.layout import import_file
from benchmarks.made.odoherty import write_odoherty
from benchmarks.made.signals import Signals

TICKS = 60
COUNTS = np.random.default_rng(1).integers(0, 3, (TICKS, 4))
HAND = np.random.default_rng(2).normal(size=(TICKS, 2)).astype(np.float32)
SIGNALLING = {np.float32: (np.uint32, 0x7F800001), np.float64: (np.uint64, 0x7FF0000000000001)}


def signalling(values: np.ndarray, at: int) -> np.ndarray:
    """Return values (T, 2) with a signalling NaN in row `at`; assigning one would quieten it."""
    bits, pattern = SIGNALLING[values.dtype.type]
    changed = values.copy()
    changed.view(bits)[at, 1] = pattern
    return changed


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_values_stay(dtype) -> None:
    values = np.array([[0, 1], [2, 100]], dtype)
    floats = as_floats(values)
    assert floats.dtype == np.float64
    assert floats.tolist() == [[0.0, 1.0], [2.0, 100.0]]
    assert not np.shares_memory(floats, values)


@pytest.mark.parametrize("dtype", SIGNALLING)
def test_a_signalling_nan_is_a_nan(dtype) -> None:
    floats = as_floats(signalling(HAND.astype(dtype), 5))
    assert np.argwhere(np.isnan(floats)).tolist() == [[5, 1]]


@pytest.mark.parametrize("kind", ["npz", "h5"])
@pytest.mark.parametrize("movement", ["velocity", "position"])
def test_it_is_cut_out_of_binned_movement(kind, movement, tmp_path: Path) -> None:
    arrays = {"spikes": COUNTS, "hand": signalling(HAND, 20)}
    path = tmp_path / f"made.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    else:
        with h5py.File(path, "w") as file:
            file.update(arrays)
    recording = import_file(path, counts="spikes", **{movement: "hand"}, tick_seconds=0.05)
    assert recording.segment_starts.tolist() == [0, 20]
    assert np.array_equal(recording.counts, np.delete(COUNTS, 20, axis=0))


def test_it_is_cut_out_of_movement_with_spike_times(tmp_path: Path) -> None:
    spikes = signalling(np.sort(np.random.default_rng(3).uniform(0, 3, (50, 2))), 7)[:, 1]
    times = np.arange(TICKS) * 0.05
    path = tmp_path / "made.h5"
    with h5py.File(path, "w") as file:
        file.update({"st": spikes, "units": np.zeros(50), "hand": signalling(HAND, 20), "t": times})
    recording = import_file(path, spikes="st", units="units", velocity="hand", tick_seconds=0.05)
    assert len(recording.segment_starts) == 2
    assert np.isfinite(recording.velocity).all()


def test_letters_that_are_no_numbers(tmp_path: Path) -> None:
    path = tmp_path / "names.mat"
    write_odoherty(path, Signals(ticks=30, channels=2, trials=1))
    with h5py.File(path, "r+") as file:
        letters = file["#refs#"].create_dataset("other", data=[[77.0], [np.nan], [1e300]])
        file["chan_names"][0, 0] = letters.ref
    first, second = import_file(path).channel_names
    assert (first[0], len(first), second) == ("M", 3, "S1 001")
