"""The real recordings, where AEGRU_RECORDINGS names their folder."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.recordings.binned import read_binned
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.splits import split
from tests.recordings.ridge import lagged, ridge_r2


@pytest.fixture(scope="module")
def stevenson(real_recordings: Path) -> Recording:
    return read_binned(
        real_recordings / "stevenson2011.mat",
        counts="spikes",
        velocity="handVel:0,1",
        position="handPos:0,1",
        reaches="startBins",
        tick_seconds=0.05,
    )


@pytest.fixture(scope="module")
def contdata(real_recordings: Path) -> Recording:
    return read_binned(
        real_recordings / "contdata95.mat",
        counts="Y",
        velocity="X:2,3",
        position="X:0,1",
        tick_seconds=0.1,
    )


def test_stevenson(stevenson: Recording) -> None:
    assert stevenson.counts.shape == (15536, 196)
    assert stevenson.counts.dtype == np.uint8
    assert stevenson.counts.max() == 26
    assert (stevenson.counts.sum(axis=0) == 0).sum() == 1
    assert stevenson.counts.sum() / stevenson.seconds / 196 == pytest.approx(15.5, abs=0.05)
    assert stevenson.segment_starts.tolist() == [0]
    assert len(stevenson.reach_starts) == 181
    assert stevenson.reach_starts[:4].tolist() == [0, 34, 123, 258]


def test_contdata(contdata: Recording) -> None:
    assert contdata.counts.shape == (31413, 95)
    lengths = np.diff(contdata.segments)
    assert (len(lengths), lengths.min(), lengths.max()) == (1456, 19, 29)
    parts = split(contdata)
    assert parts.train.sum() == contdata.segment_starts[728]
    assert parts.test.sum() == 31413 - contdata.segment_starts[728 + 364]


def test_saved_and_read(stevenson: Recording, contdata: Recording, tmp_path: Path) -> None:
    for recording in (stevenson, contdata):
        recording.save(tmp_path / "recording.h5")
        assert load_recording(tmp_path / "recording.h5").content_hash == recording.content_hash


@pytest.mark.parametrize(
    ("name", "expected"), [("stevenson", (0.840, 0.739)), ("contdata", (0.758, 0.716))]
)
def test_ridge(request: pytest.FixtureRequest, name: str, expected: tuple[float, float]) -> None:
    """The folder's own figures: the current bin and nine lags, contiguous 75/25 split."""
    recording: Recording = request.getfixturevalue(name)
    ticks = np.arange(recording.ticks)
    train = (ticks >= 9) & (ticks < recording.ticks * 3 // 4)
    test = ticks >= recording.ticks * 3 // 4
    features = [lagged(recording.counts, mask, 1, 10) for mask in (train, test)]
    labels = [recording.velocity[mask] for mask in (train, test)]
    r2 = ridge_r2(features[0], labels[0], features[1], labels[1], 1000.0)
    assert r2 == pytest.approx(expected, abs=0.003)
