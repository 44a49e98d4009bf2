"""Spike times with movement samples, from any container, and temporaldata's layout."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.formats import Asked
from aegru_hw.recordings.layout import (
    describe,
    detect_layout,
    import_file,
    import_with_notes,
    open_recording,
)
from aegru_hw.recordings.spike_arrays import Named
from aegru_hw.recordings.spike_times import import_spike_times

RATE = 100
TIMES = 5 + np.arange(1000) / RATE
HAND = np.stack([np.sin(TIMES), np.cos(TIMES)], axis=1)
random = np.random.default_rng(0)
UNITS = random.integers(0, 3, 900) * 2
SPIKES = np.sort(random.uniform(4, 16, 900))


def expected_counts(tick: float, start: float = 5.0, ticks: int = 1000) -> np.ndarray:
    """Count spikes one by one: the tick i holds those from start + (i-2) to (i-1) ticks."""
    counts = np.zeros((ticks, 3), dtype=int)
    for time, unit in zip(SPIKES, UNITS, strict=True):
        number = int(np.floor((time - start) / tick)) + 2
        if 1 <= number < ticks:
            counts[number, unit // 2] += 1
    return counts


def write(kind: str, folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / f"made.{kind}"
    if kind == "npz":
        np.savez(path, **arrays)
    elif kind == "h5":
        with h5py.File(path, "w") as file:
            for name, array in arrays.items():
                file[name] = array
    else:
        scipy.io.savemat(path, arrays)
    return path


@pytest.mark.parametrize("kind", ["npz", "h5", "mat"])
@pytest.mark.parametrize("tick", [None, 0.05])
def test_times_units_and_movement(kind, tick, tmp_path) -> None:
    path = write(kind, tmp_path, st=SPIKES, unit=UNITS, vel=HAND, time=TIMES, go=TIMES[[10, 500]])
    recording = import_file(
        path, spikes="st", units="unit", velocity="vel", tick_seconds=tick, reaches="go"
    )
    step = tick or 0.01
    ticks = 1000 if tick is None else 200
    assert recording.tick_seconds == step
    assert np.array_equal(recording.counts, expected_counts(step, ticks=ticks))
    assert recording.channel_names == ("unit 0", "unit 2", "unit 4")
    assert np.allclose(recording.velocity, HAND[:: 1 if tick is None else 5])
    starts = [0, 10, 500] if tick is None else [0, 2, 100]
    assert recording.reach_starts.tolist() == starts


def test_a_cell_a_unit_and_positions(tmp_path) -> None:
    cells = np.empty(3, dtype=object)
    cells[:] = [SPIKES[unit == UNITS] for unit in (0, 2, 4)]
    path = tmp_path / "made.mat"
    scipy.io.savemat(path, {"units": cells, "pos": HAND.T, "kin_t": TIMES})
    recording = import_file(path, spikes="units", position="pos", times="kin_t")
    assert np.array_equal(recording.counts, expected_counts(0.01))
    assert np.allclose(recording.velocity, np.gradient(HAND, axis=0))
    with pytest.raises(UserError, match="name them with --times KEY"):
        import_file(path, spikes="units", position="pos")


def test_gaps_and_nan_end_segments(tmp_path) -> None:
    hand = HAND.copy()
    hand[200:210] = np.nan
    keep = np.delete(np.arange(1000), np.arange(600, 650))
    path = write("npz", tmp_path, st=SPIKES, unit=UNITS, vel=hand[keep], time=TIMES[keep])
    imported = import_spike_times(path, Named("st", "unit", "vel"))
    recording = imported.recording
    assert recording.segment_starts.tolist() == [0, 200, 590]
    assert imported.lost_ticks == 60
    assert np.array_equal(recording.counts[10:200], expected_counts(0.01)[10:200])
    assert np.array_equal(recording.counts[600:], expected_counts(0.01)[660:])


def test_a_lost_sample_ends_a_segment_at_long_ticks_too(tmp_path) -> None:
    hand = HAND.copy()
    hand[500] = np.nan
    path = write("npz", tmp_path, st=SPIKES, unit=UNITS, vel=hand, time=TIMES)
    recording = import_file(path, spikes="st", units="unit", velocity="vel", tick_seconds=0.05)
    assert recording.segment_starts.tolist() == [0, 100]


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"st": SPIKES * 1000}, "they look like milliseconds; seconds are needed"),
        ({"unit": UNITS[:-1]}, "has 900 times and 'unit' 899 units"),
        ({"unit": UNITS + 0.5}, "no list of whole numbers"),
        ({"time": TIMES[::-1].copy()}, "not finite and increasing"),
        ({"time": TIMES[:-1]}, "share no length"),
        ({"vel": np.full((1000, 2), np.nan)}, "no 3 ticks of 0.01 s in a row"),
        ({"vel": np.zeros((1000, 3))}, "has 3 rows; select two"),
        ({"unit": np.arange(900.0)[:, None] * np.ones((1, 2))}, "not a list of numbers"),
        ({"time": TIMES * 1e9}, "apart by 'time': milliseconds"),
        ({"time": TIMES * 1e3, "st": SPIKES * 1e3}, "10 apart by 'time': milliseconds?"),
        ({"time": TIMES * 1e2, "st": SPIKES * 1e2}, "1 apart by 'time': milliseconds?"),
        ({"time": 1e9 + TIMES * 0.9e9, "vel": HAND}, "milliseconds?"),
    ],
)
def test_refused(changed, text, tmp_path) -> None:
    arrays = {"st": SPIKES, "unit": UNITS, "vel": HAND, "time": TIMES}
    path = write("npz", tmp_path, **(arrays | changed))
    with pytest.raises(UserError, match=text) as caught:
        import_file(path, spikes="st", units="unit", velocity="vel", tick_seconds=0.01)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"spikes": "st", "velocity": "vel"}, "--units KEY says whose"),
        ({"spikes": "st", "units": "unit"}, "needs --velocity or --position"),
        ({"spikes": "st", "counts": "st", "velocity": "vel"}, "--counts is for binned counts"),
        ({"counts": "vel", "units": "unit", "velocity": "vel"}, "--units is for spike times"),
    ],
)
def test_options_that_do_not_go_together(options, text, tmp_path) -> None:
    path = write("npz", tmp_path, st=SPIKES, unit=UNITS, vel=HAND, time=TIMES)
    with pytest.raises(UserError, match=text):
        import_file(path, **options)


def brainset(path: Path) -> Path:
    with h5py.File(path, "w") as file:
        file["spikes/timestamps"], file["spikes/unit_index"] = SPIKES, UNITS
        file["cursor/timestamps"], file["cursor/vel"], file["cursor/pos"] = TIMES, HAND, -HAND
        file["domain/start"], file["domain/end"] = np.array([4.0, 9.0]), np.array([8.0, 15.5])
        file["trials/start"] = np.array([5.5, 8.5, 11.0])
        file["units/id"] = np.array([b"a", b"b"])
    return path


def test_temporaldata(tmp_path) -> None:
    path = brainset(tmp_path / "session.h5")
    assert detect_layout(path) == "temporaldata"
    recording = open_recording(path)
    within = np.concatenate([HAND[:301], HAND[400:]])
    assert np.allclose(recording.velocity, within)
    assert recording.segment_starts.tolist() == [0, 301]
    assert recording.reach_starts.tolist() == [0, 50, 301, 501]
    assert np.array_equal(recording.counts[:301], expected_counts(0.01)[:301])
    assert describe(path)["recording"]["channels"] == 3
    assert import_file(path) == recording
    coarse = import_file(path, tick_seconds=0.05, position="cursor/pos", channels="unit 2")
    assert coarse.tick_seconds == 0.05
    assert coarse.channel_names == ("unit 2",)
    with pytest.raises(UserError, match="units 'sorted' are for"):
        open_recording(path, units="sorted")
    with h5py.File(path, "r+") as file:
        del file["cursor"]
    assert "cursor/vel or hand/vel" in describe(path)["choice"]


def regular(path: Path, **attributes: object) -> Path:
    """Write a brainset whose cursor is a regular series, of which samples 300 to 399 only fill."""
    brainset(path)
    with h5py.File(path, "r+") as file:
        cursor = file["cursor"]
        del cursor["timestamps"]
        cursor.attrs.update({"object": "RegularTimeSeries", "sampling_rate": 100.0} | attributes)
        cursor["domain/start"] = np.array([5.0, 9.0])
        cursor["domain/end"] = np.array([8.0, 15.0])
        cursor["vel"].attrs["unit"] = "mm/s"
        del file["domain"]
        file["domain/start"], file["domain/end"] = np.array([4.0]), np.array([16.0])
    return path


def test_regular_series(tmp_path) -> None:
    path = regular(tmp_path / "session.h5")
    imported = import_with_notes(path, Asked())
    recording = imported.recording
    assert recording.tick_seconds == 0.01
    assert np.allclose(recording.velocity, np.concatenate([HAND[:300], HAND[400:]]))
    assert recording.segment_starts.tolist() == [0, 300]
    assert np.array_equal(recording.counts[:300], expected_counts(0.01)[:300])
    assert imported.lost_ticks == 100
    assert imported.velocity_unit == "mm/s"
    named = {"spikes": "spikes/timestamps", "units": "spikes/unit_index"}
    assert import_file(path, **named, velocity="cursor/vel").segment_starts.tolist() == [0, 300]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"sampling_rate": -1.0}, "sampling_rate of 'cursor/vel' is no positive number"),
        ({"sampling_rate": np.nan}, "is no positive number"),
        ({"sampling_rate": "fast"}, "is no positive number"),
        ({"sampling_rate": 1e-300}, "is no positive number"),
        ({"sampling_rate": np.ones(2)}, "is no positive number"),
        ({"object": "IrregularTimeSeries"}, "times of 'cursor/vel' are not beside it"),
    ],
)
def test_regular_series_without_a_rate(change, said, tmp_path) -> None:
    with pytest.raises(UserError, match=said):
        open_recording(regular(tmp_path / "session.h5", **change))


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([9.0, 5.0], [15.0, 8.0]),
        ([5.0], [8.0, 9.0]),
        ([np.nan], [9.0]),
        ([-1e300], [1e300]),
        ([], []),
    ],
)
def test_regular_series_without_a_domain(start, end, tmp_path) -> None:
    path = regular(tmp_path / "session.h5")
    with h5py.File(path, "r+") as file:
        del file["cursor/domain"]
        file["cursor/domain/start"], file["cursor/domain/end"] = np.array(start), np.array(end)
    with pytest.raises(UserError, match="domain of 'cursor/vel' is no list of stretches"):
        open_recording(path)
    with h5py.File(path, "r+") as file:
        del file["cursor/domain"]
    with pytest.raises(UserError, match="no array '/cursor/domain/start'"):
        open_recording(path)


def test_gaps_are_bridged_on_request(tmp_path) -> None:
    keep = np.delete(np.arange(1000), np.r_[100:110, 600:650])
    path = write("npz", tmp_path, st=SPIKES, unit=UNITS, vel=HAND[keep], time=TIMES[keep])
    named = {"spikes": "st", "units": "unit", "velocity": "vel"}
    assert import_file(path, **named).segment_starts.tolist() == [0, 100, 590]
    imported = import_with_notes(path, Asked(**named, bridge_seconds=0.2))
    assert imported.recording.segment_starts.tolist() == [0, 600]
    assert np.allclose(imported.recording.velocity[:600], HAND[:600], atol=1e-2)
    assert np.array_equal(imported.recording.counts[:600], expected_counts(0.01)[:600])
    assert "interpolated across 1 gaps of at most 0.2 s" in " ".join(imported.notes)
    assert imported.lost_ticks == 50
    for seconds in (-1.0, np.inf, np.nan):
        with pytest.raises(UserError, match="cannot be bridged; give 0 or more"):
            import_file(path, **named, bridge_seconds=seconds)


def test_jittered_times_are_of_the_nominal_interval(tmp_path) -> None:
    times = TIMES + np.random.default_rng(1).uniform(-0.001, 0.001, 1000)
    path = write("npz", tmp_path, st=SPIKES, unit=UNITS, vel=HAND, time=times)
    recording = import_file(path, spikes="st", units="unit", velocity="vel")
    assert recording.tick_seconds == 0.01
