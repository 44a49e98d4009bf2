"""Telling files apart, opening and describing them."""

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import read_binned
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.layout import describe, detect_layout, open_recording
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.recording import Recording

Make = Callable[..., Recording]


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("layout") / "made.mat"
    generate(path, channels=3, seconds=8)
    return path


def write_others(folder: Path) -> dict[str, Path]:
    arrays = {"Y": np.ones((5, 3)), "X": np.ones((5, 2))}
    scipy.io.savemat(folder / "v5.mat", arrays)
    np.savez(folder / "arrays.npz", **arrays)
    with h5py.File(folder / "v73.mat", "w") as file:
        for name, array in arrays.items():
            file[name] = array
    return {"mat5": folder / "v5.mat", "npz": folder / "arrays.npz", "hdf5": folder / "v73.mat"}


def test_a_text_serves_as_a_path(generated: Path, make_recording: Make, tmp_path: Path) -> None:
    make_recording().save(str(tmp_path / "own.h5"))
    assert open_recording(str(tmp_path / "own.h5")) == make_recording()
    assert open_recording(str(generated)) == read_odoherty(str(generated))
    assert describe(str(generated)) == describe(generated)
    for kind, path in write_others(tmp_path).items():
        assert detect_layout(str(path)) == kind
    binned = read_binned(str(tmp_path / "arrays.npz"), counts="Y", velocity="X", tick_seconds=0.05)
    assert binned.ticks == 5


def test_own_recording(make_recording: Make, tmp_path: Path) -> None:
    recording = make_recording()
    recording.save(tmp_path / "own.h5")
    assert detect_layout(tmp_path / "own.h5") == "recording"
    assert open_recording(tmp_path / "own.h5").content_hash == recording.content_hash
    with pytest.raises(UserError, match="units already chosen; leave units 'sorted' out"):
        open_recording(tmp_path / "own.h5", units="sorted")


def test_odoherty(generated: Path) -> None:
    assert detect_layout(generated) == "odoherty"
    for units in ("all", "sorted", "unsorted"):
        read = open_recording(generated, units=units)
        assert read.content_hash == read_odoherty(generated, units=units).content_hash
    assert open_recording(generated).content_hash == read_odoherty(generated).content_hash


def test_others_are_to_be_imported(tmp_path: Path) -> None:
    for kind, path in write_others(tmp_path).items():
        assert detect_layout(path) == kind
        with pytest.raises(UserError, match=r"`aegru-hw import FILE OUT\.h5 --counts KEY"):
            open_recording(path)
        facts = describe(path)
        assert facts["layout"] == kind
        assert facts["variables"] == {"Y": [5, 3], "X": [5, 2]}
        assert "recording" not in facts
        json.dumps(facts)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "text.mat").write_text("hello")
    for use in (detect_layout, open_recording, describe):
        with pytest.raises(UserError, match="does not exist"):
            use(tmp_path / "none.mat")
        with pytest.raises(UserError, match=r"neither a \.mat"):
            use(tmp_path / "text.mat")


def test_description_of_a_recording(make_recording: Make, tmp_path: Path) -> None:
    counts = np.zeros((10, 3), dtype=np.uint8)
    counts[2, 0], counts[3:5, 1] = 7, 1
    velocity = np.zeros((10, 2))
    velocity[4] = [2.0, -3.0]
    recording = make_recording(
        10,
        counts=counts,
        velocity=velocity,
        tick_seconds=0.5,
        segment_starts=[0, 4],
        reach_starts=[0, 1, 2],
    )
    recording.save(tmp_path / "own.h5")
    facts = describe(tmp_path / "own.h5")
    assert facts["variables"]["counts"] == [10, 3]
    described = facts["recording"]
    assert described["velocity"]["x"] == {
        "least": 0.0,
        "most": 2.0,
        "standard_deviation": pytest.approx(0.6),
    }
    assert described["velocity"]["y"]["least"] == -3.0
    del described["velocity"]
    assert described == {
        "source": "made.mat",
        "sha256": "0" * 64,
        "channels": 3,
        "ticks": 10,
        "tick_seconds": 0.5,
        "seconds": 5.0,
        "spikes": 9,
        "silent_channels": 1,
        "largest_count": 7,
        "rate": {"least": 0.0, "mean": pytest.approx(0.6), "most": 1.4},
        "segments": 2,
        "segment_ticks": {"least": 4, "most": 6},
        "reaches": 3,
    }
    json.dumps(facts)


def test_description_of_odoherty(generated: Path) -> None:
    facts = describe(generated)
    assert facts["layout"] == "odoherty"
    assert facts["variables"]["finger_pos"] == [3, 2000]
    assert not any(name.startswith("#") for name in facts["variables"])
    assert facts["recording"]["ticks"] == 2000
    json.dumps(facts)


def test_description_of_a_velocity_whose_square_is_too_large(
    make_recording: Make, tmp_path
) -> None:
    make_recording(10, velocity=np.linspace(-1e300, 1e300, 20).reshape(10, 2)).save(
        tmp_path / "far.h5"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described = describe(tmp_path / "far.h5")["recording"]
    assert described["velocity"]["x"]["standard_deviation"] == np.inf
