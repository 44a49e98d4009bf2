"""O'Doherty's files beyond the published protocol: ticks, fingers, units, channels."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings import odoherty, ticks
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.layout import import_file
from aegru_hw.recordings.odoherty import import_odoherty, read_odoherty
from tests.recordings.test_odoherty import sample_times, write

SAMPLES = 400
TIMES = sample_times(SAMPLES)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Three units on four channels, of which the last two are S1's; channel 1 never fires."""
    random = np.random.default_rng(6)
    cells = [
        [np.sort(random.uniform(2.9, 4.7, 200)).tolist() if at != 1 else [] for at in range(4)]
        for _ in range(3)
    ]
    target = np.zeros((2, SAMPLES))
    target[:, 103:] = 1
    path = write(tmp_path / "made.mat", cells, time=TIMES, target=target)
    with h5py.File(path, "r+") as file:
        for number in (0, 1):
            file[f"#refs#/name{number}"][0, 0] = ord("M")
        file["finger_pos"][...] = random.normal(size=(3, SAMPLES)).cumsum(axis=1)
    return path


def trains(path: Path, channel: int, units: slice = slice(None)) -> list[np.ndarray]:
    with h5py.File(path) as file:
        return [file[reference][()].ravel() for reference in file["spikes"][units, channel]]


@pytest.mark.parametrize(("tick", "every"), [(0.008, 2), (0.02, 5), (0.064, 16)])
def test_other_ticks(path: Path, tick: float, every: int) -> None:
    read = read_odoherty(path, tick_seconds=tick)
    ticks = len(TIMES[::every])
    assert (read.tick_seconds, read.ticks) == (tick, ticks)
    # Tick k holds the spikes from t[0] + (k - 2) ticks up to one tick later.
    bins = 3.0 + tick * np.arange(-1, ticks)
    for channel in (0, 2, 3):
        spikes = np.concatenate(trains(path, channel))
        expected = np.histogram(spikes, bins)[0][: ticks - 1]
        assert read.counts[1:, channel].tolist() == expected.tolist()
    assert read.counts[0].tolist() == [0, 0, 0, 0]
    with h5py.File(path) as file:
        place = file["cursor_pos"][()].T[::every]
    assert np.array_equal(read.velocity, np.gradient(place, axis=0))
    assert read.reach_starts.tolist() == [0, 102 // every]


def test_the_defaults_are_the_published_protocol(path: Path) -> None:
    published = read_odoherty(path)
    assert published.tick_seconds == 0.004
    assert published.counts.max() == 1
    assert read_odoherty(path, tick_seconds=0.004, merge="or") == published
    assert read_odoherty(path, position="cursor_pos", names=("M1", "S1")) == published


def test_merges(path: Path) -> None:
    either, counted, apart = (
        read_odoherty(path, tick_seconds=0.02, merge=merge) for merge in ("or", "count", "none")
    )
    assert read_odoherty(path, tick_seconds=0.02) == counted
    assert np.array_equal(either.counts, (counted.counts > 0).astype(np.uint8))
    assert counted.counts.max() > 3
    assert apart.channel_names[:4] == (
        *("M1 000 unsorted", "M1 000 unit 1", "M1 000 unit 2"),
        "S1 002 unsorted",
    )
    assert apart.channels == 9
    assert np.array_equal(apart.counts[:, :3].sum(axis=1), counted.counts[:, 0])
    with pytest.raises(UserError, match="merge 'best' is unknown; accepted are or, count, none"):
        read_odoherty(path, merge="best")


def test_units_with_merges(path: Path) -> None:
    apart = read_odoherty(path, units="sorted", merge="none", names=["M1"])
    assert apart.channel_names == ("M1 000 unit 1", "M1 000 unit 2")
    assert read_odoherty(path, units="unsorted", merge="none").channel_names == (
        *("M1 000 unsorted", "S1 002 unsorted", "S1 003 unsorted"),
    )


def test_fingers(path: Path) -> None:
    read = read_odoherty(path, position="finger_pos")
    with h5py.File(path, "r+") as file:
        fingers = file["finger_pos"][()]
        assert np.array_equal(read.velocity, np.gradient(fingers[1:3].T, axis=0))
        file["finger_pos"][2, 5] = np.nan
    assert np.array_equal(read.counts, read_odoherty(path).counts)
    with pytest.raises(UserError, match="'finger_pos' is not finite at sample 5"):
        read_odoherty(path, position="finger_pos")
    with h5py.File(path, "r+") as file:
        del file["finger_pos"]
        file["finger_pos"] = fingers[:2]
    with pytest.raises(UserError, match=r"'finger_pos' has shape \(2, 400\); \(3 or more, 400\)"):
        read_odoherty(path, position="finger_pos")
    with pytest.raises(UserError, match="'hand_pos' is unknown; accepted are cursor_pos, finger_p"):
        read_odoherty(path, position="hand_pos")


def test_channels_by_name(path: Path) -> None:
    said: list[str] = []
    read = read_odoherty(path, names=["M1"], say=said.append)
    assert read.channel_names == ("M1 000", "M1 001")
    assert np.array_equal(read.counts, read_odoherty(path).counts[:, :2])
    assert said == ["2 of 4 channels are left out by their name"]
    with pytest.raises(UserError, match=r"begins with PMd or V1; they begin with M1, S1$"):
        read_odoherty(path, names=["PMd", "V1"])


@pytest.mark.parametrize("tick", [0.0, -0.004, 0.005, 0.002, 0.0201, np.nan, np.inf])
def test_ticks_between_the_samples(tick: float, path: Path) -> None:
    with pytest.raises(UserError, match=r"no whole number of the samples' 0.004 s"):
        read_odoherty(path, tick_seconds=tick)


def test_ticks_that_are_too_long(path: Path) -> None:
    with pytest.raises(UserError, match=r"400 samples hold no three ticks of 0.8 s"):
        read_odoherty(path, tick_seconds=0.8)
    with pytest.raises(UserError, match=r"a tick of 20 s is longer .*; for 20 ms give 0.02"):
        read_odoherty(path, tick_seconds=20)


def test_bounds_of_units_apart(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odoherty, "MAX_COUNTS_BYTES", 4000)
    with pytest.raises(UserError, match="the units have more than 500 spikes"):
        read_odoherty(path, merge="none")
    monkeypatch.setattr(odoherty, "MAX_COUNTS_BYTES", 2**31)
    monkeypatch.setattr(ticks, "MAX_CHANNELS", 8)
    with pytest.raises(UserError, match="9 units fire; at most 8 channels"):
        read_odoherty(path, merge="none")


def test_no_unit_fires(tmp_path: Path) -> None:
    path = write(tmp_path / "silent.mat", [[[]], [[99.0]]])
    assert read_odoherty(path).counts.sum() == 0
    with pytest.raises(UserError, match="no unit fires"):
        read_odoherty(path, merge="none")


def test_a_tick_that_overflows(tmp_path: Path) -> None:
    path = write(tmp_path / "many.mat", [[[3.05] * 40000], [[3.05] * 40000]])
    assert read_odoherty(path).counts.sum() == 1
    with pytest.raises(UserError, match="a tick holds 80000 spikes; at most 65535"):
        read_odoherty(path, merge="count")


def test_missing_samples_are_lost_and_the_unit_is_said(tmp_path: Path) -> None:
    made = tmp_path / "made.mat"
    generate(made, channels=3, seconds=8)
    assert import_file(made).ticks == 2000
    whole = import_odoherty(made, position="finger_pos", tick_seconds=0.02)
    assert (whole.lost_ticks, whole.velocity_unit) == (0, "cm per tick")
    with h5py.File(made, "r+") as file:
        for name in ("t", "cursor_pos", "target_pos"):
            values = np.delete(file[name][()], [700, 900], axis=1)
            del file[name]
            file[name] = values
    imported = import_odoherty(made)
    assert (imported.lost_ticks, imported.velocity_unit) == (2, "mm per tick")
    assert imported.lost_share == 2 / 2000


def test_positions_that_no_hand_has(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["cursor_pos"][0, 7] = 1e300
    with pytest.raises(UserError, match="'cursor_pos' is not finite at sample 7"):
        read_odoherty(path)
