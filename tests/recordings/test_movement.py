"""Movement as separate axes, as positions, and with NaN, in every kind of file."""

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import import_binned, read_binned
from aegru_hw.recordings.stretches import keep

TICKS = 60
COUNTS = np.random.default_rng(0).integers(0, 3, (TICKS, 4))
HAND = np.random.default_rng(1).normal(size=(TICKS, 2))


@pytest.fixture(params=["v4", "v5", "h5", "npz", "npy"])
def write(request, tmp_path):
    """Return a function that writes arrays to a file of each kind."""

    def to_file(**arrays: np.ndarray):
        kind = request.param
        path = tmp_path / ("spikes.npy" if kind == "npy" else f"made.{kind}")
        if kind == "npy":
            for name, array in arrays.items():
                np.save(tmp_path / f"{name}.npy", array)
        elif kind == "npz":
            np.savez(path, **arrays)
        elif kind == "h5":
            with h5py.File(path, "w") as file:
                for name, array in arrays.items():
                    file[name] = array
        else:
            with open(path, "wb") as file:
                scipy.io.savemat(file, arrays, format=kind[1])
        return path

    return to_file


def test_separate_axes(write) -> None:
    path = write(spikes=COUNTS, vx=HAND[:, 0], vy=HAND[:, 1])
    recording = read_binned(path, counts="spikes", velocity="vx,vy", tick_seconds=0.05)
    assert np.array_equal(recording.velocity, HAND)
    with pytest.raises(UserError, match="before or behind a comma"):
        read_binned(path, counts="spikes", velocity="vx,", tick_seconds=0.05)


def test_position_alone_with_nan(write) -> None:
    place = HAND.copy()
    place[20:25, 1] = np.nan
    place[26, 0] = 1e200  # leaves tick 25 alone, which has no difference
    reaches = np.array([1.0, 22, 41])
    path = write(spikes=COUNTS, place=place, reaches=reaches)
    imported = import_binned(
        path, counts="spikes", position="place", tick_seconds=0.05, reaches="reaches", reach_base=0
    )
    recording = imported.recording
    whole = [slice(0, 20), slice(27, TICKS)]
    assert recording.segment_starts.tolist() == [0, 20]
    assert recording.reach_starts.tolist() == [0, 1, 20, 34]
    assert np.array_equal(recording.counts, np.concatenate([COUNTS[part] for part in whole]))
    expected = np.concatenate([np.gradient(place[part], axis=0) for part in whole])
    assert np.allclose(recording.velocity, expected)
    assert imported.lost_ticks == 7
    assert imported.notes[0].startswith("7 of 60 ticks (11.7%) in 1 stretch were cut out")


def test_nan_beside_jumps(write) -> None:
    place = np.cumsum(HAND, axis=0) * 0.05
    place[40:] += 100
    vel = HAND.copy()
    vel[10] = np.nan
    path = write(spikes=COUNTS, vel=vel, place=place)
    recording = read_binned(
        path, counts="spikes", velocity="vel", position="place", tick_seconds=0.05
    )
    assert recording.segment_starts.tolist() == [0, 10, 39]


def test_what_is_kept() -> None:
    valid = np.array([1, 1, 0, 1, 0, 0, 1, 1, 1], dtype=bool)
    kept = keep(valid, np.array([0, 7]))
    assert kept.segment_starts.tolist() == [0, 2, 3, 4]
    assert (kept.lost, kept.gaps) == (3, 2)
    assert kept.moved(np.array([0, 2, 3, 4, 8])).tolist() == [0, 2, 3, 5]
    kept = keep(valid, np.array([0, 7]), at_least=2)
    assert kept.mask.tolist() == [True, True, *[False] * 5, True, True]
    assert kept.segment_starts.tolist() == [0, 2]
