"""NWB files with what goes wrong in a laboratory."""

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBFile

from aegru_hw.cli import main
from aegru_hw.errors import UserError
from aegru_hw.recordings.layout import describe
from aegru_hw.recordings.nwb import describe_nwb, import_nwb, read_nwb
from benchmarks.made.nwb import make_series, write_nwb

SECONDS, INTERVAL = 30, 0.01
SAMPLES = round(SECONDS / INTERVAL)
TIMES = 3.0 + INTERVAL * np.arange(SAMPLES)


def path_of_hand(times: np.ndarray) -> np.ndarray:
    return np.stack([np.sin(2 * np.pi * 0.7 * times), np.cos(2 * np.pi * 0.4 * times)], axis=1)


def trains(count: int = 2) -> list[tuple[int | None, list[float]]]:
    random = np.random.default_rng(count)
    return [(at, np.sort(random.uniform(3.0, 33.0, 400)).tolist()) for at in range(count)]


def write(path: Path, times: np.ndarray = TIMES, **options: object) -> Path:
    options.setdefault("units", trains())
    series = {"hand_vel": path_of_hand(times)}
    return write_nwb(path, series=series, times=times, **options)  # type: ignore[arg-type]


def rewrite(path: Path, name: str, values: np.ndarray) -> None:
    """Replace an array in place, with its attributes."""
    with h5py.File(path, "r+") as file:
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attributes)


def test_a_series_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    def add(file: NWBFile) -> None:
        file.processing["behavior"].add(make_series("cursor_vel", path_of_hand(TIMES), TIMES))

    path = write(tmp_path / "two.nwb", change=add)
    rewrite(path, "processing/behavior/cursor_vel/timestamps", TIMES[::-1])
    listed = describe_nwb(path)["series"]
    assert listed["behavior/hand_vel"] == "3000 x 2, 100 Hz, mm/s"
    assert listed["behavior/cursor_vel"] == (
        "3000 x 2, unusable: 'behavior/cursor_vel' has timestamps that are not finite and "
        "increasing"
    )
    assert describe(path)["recording"]["ticks"] == SAMPLES
    assert np.array_equal(read_nwb(path).velocity, path_of_hand(TIMES))
    with pytest.raises(UserError, match="'behavior/cursor_vel' has timestamps that are not"):
        read_nwb(path, velocity="cursor_vel")


def test_units_without_electrodes_beside_others(tmp_path: Path) -> None:
    path = write(tmp_path / "some.nwb", units=[(1, [4.0]), (0, [5.0]), (1, [6.0])])
    # The second unit loses its electrode.
    rewrite(path, "units/electrodes", np.array([1, 1]))
    rewrite(path, "units/electrodes_index", np.array([1, 1, 2], dtype=np.uint8))
    said: list[str] = []
    read = read_nwb(path, say=said.append)
    assert read.channel_names == ("electrode 1", "unit 1")
    assert read.counts.sum(axis=0).tolist() == [2, 1]
    assert said == ["1 of 3 units have no electrode; each is a channel of its own"]
    apart = read_nwb(path, merge="none")
    assert apart.channel_names == ("unit 0", "unit 1", "unit 2")
    assert apart.counts.sum(axis=0).tolist() == [1, 1, 1]


def test_no_unit_has_an_electrode(tmp_path: Path) -> None:
    path = write(tmp_path / "none.nwb", units=[(0, [4.0]), (0, [5.0])])
    rewrite(path, "units/electrodes", np.zeros(0, dtype=np.int64))
    rewrite(path, "units/electrodes_index", np.zeros(2, dtype=np.uint8))
    for merge in (None, "none", "or"):
        assert read_nwb(path, merge=merge).channel_names == ("unit 0", "unit 1")


def test_electrodes_that_are_not_listed_do_not_matter_to_units_apart(tmp_path: Path) -> None:
    path = write(tmp_path / "odd.nwb")
    rewrite(path, "units/electrodes", np.array([0, 7]))
    with pytest.raises(UserError, match="electrode that is not listed; try --merge none"):
        read_nwb(path)
    assert read_nwb(path, merge="none").channels == 2


@pytest.fixture
def differing(tmp_path: Path) -> Path:
    """Unit 0 was observed from 3 to 23 s, unit 1 from 13 to 33 s, unit 2 says nothing."""
    path = write(tmp_path / "differ.nwb", units=trains(3), observed=[(3.0, 33.0)])
    rewrite(path, "units/obs_intervals", np.array([[3.0, 23.0], [13.0, 33.0]]))
    rewrite(path, "units/obs_intervals_index", np.array([1, 2, 2], dtype=np.uint8))
    return path


def test_observation_intervals_that_differ(differing: Path) -> None:
    said: list[str] = []
    assert read_nwb(differing, say=said.append).seconds == pytest.approx(10, abs=0.02)
    assert said[:2] == [
        "1 of 3 units have no observation interval; they count as observed throughout",
        "observation intervals differ between units: kept is the 33% of the movement in which all "
        "units were observed; --observed any keeps what one unit was observed in",
    ]
    assert said[2].startswith("413 of 1200 spikes fall within the movement")
    said.clear()
    assert read_nwb(differing, observed="any", say=said.append).ticks == SAMPLES
    assert "100% of the movement in which any unit were observed" in said[1]
    assert read_nwb(differing, observed="ignore", say=said.append).ticks == SAMPLES
    assert len(said) == 2
    with pytest.raises(UserError, match="observed 'some' is unknown; accepted are all, any, ig"):
        read_nwb(differing, observed="some")


def test_observation_intervals_that_exclude_each_other(differing: Path) -> None:
    rewrite(differing, "units/obs_intervals", np.array([[3.0, 13.0], [23.0, 33.0]]))
    with pytest.raises(UserError, match=r"no moment .* --observed any asks for one unit, --observ"):
        read_nwb(differing)
    assert len(read_nwb(differing, observed="any").segment_starts) == 2


def test_empty_observation_intervals(differing: Path) -> None:
    rewrite(differing, "units/obs_intervals", np.zeros((0, 2)))
    rewrite(differing, "units/obs_intervals_index", np.zeros(3, dtype=np.uint8))
    assert read_nwb(differing).ticks == SAMPLES


def test_a_trial_without_a_start(tmp_path: Path) -> None:
    path = write(tmp_path / "trials.nwb", trials=[4.0, np.nan, 6.0])
    said: list[str] = []
    assert read_nwb(path, say=said.append).reach_starts.tolist() == [0, 100, 300]
    assert said == ["1 of 3 'trials' have no start and are left out"]


def test_an_invalid_time_without_an_end(tmp_path: Path) -> None:
    path = write(
        tmp_path / "invalid.nwb",
        change=lambda file: file.add_invalid_time_interval(start_time=13.0, stop_time=np.nan),
    )
    assert read_nwb(path).ticks == 1000


def test_dropped_samples(tmp_path: Path) -> None:
    """Dropped samples once made 82 segments of 30 s."""
    random = np.random.default_rng(3)
    times = np.delete(TIMES, random.choice(np.arange(1, SAMPLES - 1), 82, replace=False))
    said: list[str] = []
    read = read_nwb(write(tmp_path / "dropped.nwb", times), say=said.append)
    whole = read_nwb(write(tmp_path / "whole.nwb"))
    assert read.segment_starts.tolist() == [0]
    assert (read.tick_seconds, read.ticks) == (0.01, SAMPLES)
    assert np.array_equal(read.counts, whole.counts)
    np.testing.assert_allclose(read.velocity, whole.velocity, atol=0.003)
    assert len(said) == 1
    assert "interpolated to every 0.01 s, across" in said[0]
    assert "gaps of at most 0.05 s" in said[0]
    cut = read_nwb(tmp_path / "dropped.nwb", bridge_seconds=0.0)
    assert len(cut.segment_starts) > 50


@pytest.mark.parametrize("jitter", [0.002, 0.004])
def test_jittered_timestamps(jitter: float, tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    times = TIMES + np.append(0, random.uniform(-jitter, jitter, SAMPLES - 1))
    read = read_nwb(write(tmp_path / "jitter.nwb", times))
    assert read.tick_seconds == 0.01
    assert len(read.segment_starts) == 1
    assert abs(read.ticks - SAMPLES) <= 1
    grid = 3.0 + 0.01 * np.arange(read.ticks)
    np.testing.assert_allclose(read.velocity, path_of_hand(grid), atol=0.005)


def test_a_gap_that_is_too_long_to_bridge(tmp_path: Path) -> None:
    times = np.delete(TIMES, np.arange(1000, 1005))
    path = write(tmp_path / "gap.nwb", times)
    assert read_nwb(path).segment_starts.tolist() == [0, 1000]
    assert read_nwb(path, bridge_seconds=0.07).segment_starts.tolist() == [0]
    for seconds in (-1.0, np.nan, np.inf):
        with pytest.raises(UserError, match=r"gaps of .* s cannot be bridged"):
            read_nwb(path, bridge_seconds=seconds)


def test_what_is_not_a_number_is_not_bridged(tmp_path: Path) -> None:
    velocity = path_of_hand(TIMES)
    velocity[1000] = np.nan
    path = write_nwb(
        tmp_path / "nan.nwb", units=trains(), series={"hand_vel": velocity}, times=TIMES
    )
    assert read_nwb(path).segment_starts.tolist() == [0, 1000]


def test_regular_samples_are_not_touched(tmp_path: Path) -> None:
    said: list[str] = []
    assert np.array_equal(
        read_nwb(write(tmp_path / "whole.nwb"), say=said.append).velocity, path_of_hand(TIMES)
    )
    assert said == []


def test_the_share_lost_and_the_unit(tmp_path: Path) -> None:
    values = path_of_hand(TIMES)
    values[1000:1300] = np.nan
    path = write_nwb(tmp_path / "nan.nwb", series={"hand_vel": values}, times=TIMES, units=trains())
    imported = import_nwb(path)
    assert (imported.lost_ticks, imported.lost_share) == (300, 0.1)
    assert imported.velocity_unit == "mm/s"
    assert "300 ticks lie in gaps of the movement, or where it is not valid" in imported.notes
    assert import_nwb(path, tick_seconds=0.05).lost_ticks == 60
    series = {"hand_pos": values, "spike_counts": np.ones((SAMPLES, 2), dtype=np.int64)}
    path = write_nwb(tmp_path / "bins.nwb", series=series, times=TIMES)
    imported = import_nwb(path)
    assert imported.lost_ticks == 300
    assert imported.velocity_unit == "mm per tick"


def test_gaps_are_bridged_on_request(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = np.delete(np.arange(SAMPLES), np.arange(1000, 1030))
    path, out = write(tmp_path / "gap.nwb", TIMES[kept]), tmp_path / "out.h5"
    for options, segments, lost in (
        ([], 2, 30),
        (["--bridge", "0.5"], 1, 0),
        (["--bridge", "0.1"], 2, 30),
    ):
        command = ["import", str(path), str(out), "--force", "--json", *options]
        assert main(command) == 0
        facts = json.loads(capsys.readouterr().out)
        assert (facts["segments"], facts["lost_ticks"]) == (segments, lost)
    assert main(["import", str(path), str(out), "--force", "--bridge", "-1"]) == 1
    assert "cannot be bridged" in capsys.readouterr().err


def test_movement_that_no_hand_makes_is_cut_out(tmp_path: Path) -> None:
    values = path_of_hand(TIMES)
    values[1000] = 1e300
    path = write_nwb(tmp_path / "far.nwb", series={"hand_vel": values}, times=TIMES, units=trains())
    assert import_nwb(path).lost_ticks == 1
    assert describe(path)["recording"]["segments"] == 2


def test_a_clock_in_milliseconds_is_told(tmp_path: Path) -> None:
    units = [(row, [1000 * time for time in train]) for row, train in trains()]
    path = write(tmp_path / "ms.nwb", times=TIMES * 1000, units=units)
    facts = describe(path)
    assert "recording" not in facts
    text = "the samples of the movement are 10 apart by the timestamps of 'behavior/hand_vel'"
    assert text in facts["choice"]
    assert f"tried, it is refused: {text}" in facts["guessed"][-1]


@pytest.mark.parametrize("lacking", ["units", "series"])
def test_a_line_for_what_lacks_spikes_or_movement(lacking: str, tmp_path: Path) -> None:
    options = {"units": trains(), "series": {"hand_vel": path_of_hand(TIMES)}} | {lacking: None}
    path = write_nwb(tmp_path / "part.nwb", times=TIMES, **options)  # type: ignore[arg-type]
    facts = describe(path)
    assert facts["guessed"] == [
        "nothing: no spikes with a movement whose names say so; name series, or units"
    ]
    assert facts["import"].endswith("part.nwb OUT.h5 --counts NAME --velocity NAME")
