"""The generator: the layout it writes, and how hard its recordings are for a linear decoder."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings import generator
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.windows import complete_history, window_counts
from tests.recordings.ridge import lagged, ridge_r2


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "made.mat"
    generate(path, channels=96, seconds=240, seed=5)
    return path


@pytest.fixture(scope="module")
def recording(generated: Path) -> Recording:
    return read_odoherty(generated)


def test_layout(generated: Path) -> None:
    units = []
    with h5py.File(generated) as file:
        assert file.userblock_size == 512
        assert file["t"].shape == (1, 60000)
        assert file["cursor_pos"].shape == file["target_pos"].shape == (2, 60000)
        assert file["finger_pos"].shape == (3, 60000)
        assert file["spikes"].shape == (5, 96)
        assert file["chan_names"].shape == (1, 96)
        assert np.allclose(np.diff(file["t"][0]), 0.004, rtol=0, atol=1e-9)
        for column in file["spikes"][()].T:
            empty = [bool(file[cell].attrs.get("MATLAB_empty", 0)) for cell in column]
            units.append(empty.count(False))
            assert empty == sorted(empty)
            for cell in column[: units[-1]]:
                times = file[cell][()]
                assert times.shape[0] == 1
                assert np.all(np.diff(times) >= 0)
            for cell in column[units[-1] :]:
                assert file[cell][()].tolist() == [0, 0]
    assert set(units) == {1, 2, 3, 4, 5}
    assert generated.read_bytes()[:19] == b"MATLAB 7.3 MAT-file"


def test_rates_and_reaches(recording: Recording) -> None:
    rates = recording.counts.mean(axis=0) / 0.004
    assert rates.min() > 4
    assert rates.max() < 31
    assert 10 < rates.mean() < 20
    lengths = np.diff(recording.reaches)[1:-1] * 0.004
    assert lengths.min() > 0.5
    assert lengths.max() < 0.9 + 0.25 + 0.01


def test_minimum_jerk() -> None:
    path = generator._minimum_jerk(0.6)
    speed = np.diff(path, prepend=0.0)
    assert path[-1] == pytest.approx(1)
    assert speed.max() / 0.004 * 0.6 == pytest.approx(1.875, abs=0.01)
    assert np.allclose(speed, speed[::-1])


def test_the_hand_arrives(recording: Recording, generated: Path) -> None:
    with h5py.File(generated) as file:
        cursor, target = file["cursor_pos"][()].T, file["target_pos"][()].T
    ends = recording.reach_starts[1:]
    miss = np.hypot(*(cursor[ends] - target[ends]).T)
    assert np.median(miss) < 5
    assert np.hypot(*np.diff(target[ends], axis=0).T).min() > 0


def test_firing_runs_ahead_of_the_movement(recording: Recording) -> None:
    """The best lag of a linear decoder of speed from a smooth rate is near the neural lead."""
    rates = window_counts(recording.counts, 5, recording.segment_starts).astype(np.float64)
    speed = np.hypot(*recording.velocity.T)
    scores = {}
    for lag in range(0, 60, 5):
        pairs = rates[: len(rates) - lag], speed[lag:]
        scores[lag] = np.corrcoef(pairs[0].sum(axis=1), pairs[1])[0, 1]
    best = max(scores, key=lambda lag: scores[lag]) * 0.004
    assert 0.05 <= best <= 0.13


def test_noise_is_shared(recording: Recording) -> None:
    """Both halves of the channels rise and fall together, far beyond what movement explains."""
    seconds = recording.counts.reshape(-1, 250, 96).sum(axis=1, dtype=np.int64)
    halves = seconds[:, ::2].sum(axis=1), seconds[:, 1::2].sum(axis=1)
    assert np.corrcoef(*halves)[0, 1] > 0.9


def test_noise_is_private() -> None:
    """Without tuning and shared noise a channel's counts still vary more than Poisson."""
    random = np.random.default_rng(1)
    time = np.arange(100000) * 0.004
    nothing = np.zeros((7, len(time)))
    ratios = []
    for _ in range(8):
        trains = generator._channel_spikes(random, nothing, nothing[:2], time)
        counts, _ = np.histogram(np.concatenate(trains), np.arange(0, 400, 0.5))
        ratios.append(counts.var() / counts.mean())
    assert 1.1 < np.mean(ratios) < 3


def test_ridge_reaches_half_to_seven_tenths(recording: Recording) -> None:
    counts = window_counts(recording.counts, 20, recording.segment_starts)
    complete = complete_history(recording, 20, 5)
    parts = split(recording, complete)
    features = {name: lagged(counts, getattr(parts, name), 20, 5) for name in ("train", "test")}
    r2 = ridge_r2(
        features["train"],
        recording.velocity[parts.train],
        features["test"],
        recording.velocity[parts.test],
        1e5,
    )
    assert 0.5 < r2.mean() < 0.7


def test_same_arguments_give_the_same_file(tmp_path: Path) -> None:
    for name in ("one.mat", "two.mat"):
        generate(tmp_path / name, channels=6, seconds=6, seed=3)
    generate(tmp_path / "three.mat", channels=6, seconds=6, seed=4)
    one, two, three = (
        (tmp_path / name).read_bytes() for name in ("one.mat", "two.mat", "three.mat")
    )
    assert one == two
    assert one != three


def test_progress(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    generate(tmp_path / "quiet.mat", channels=2, seconds=5)
    assert capfd.readouterr() == ("", "")
    generate(tmp_path / "loud.mat", channels=2, seconds=5, progress=True)
    assert "2/2" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"channels": 0}, "0 channels cannot be generated; 1 to 1024"),
        ({"channels": 1025}, "1025 channels"),
        ({"seconds": 4.9}, "4.9 s cannot be generated; 5 to 36000"),
        ({"seconds": float("nan")}, "nan s cannot"),
        ({"seed": -1}, "seed -1 is negative"),
    ],
)
def test_refused(tmp_path: Path, arguments: dict[str, float], text: str) -> None:
    with pytest.raises(UserError, match=text):
        generate(tmp_path / "made.mat", **arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_left_after_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(generator, "_write_matlab_header", fail)
    with pytest.raises(KeyboardInterrupt):
        generate(tmp_path / "made.mat", channels=2, seconds=5)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UserError, match="cannot write"):
        generate(tmp_path / "none" / "made.mat", channels=2, seconds=5)
