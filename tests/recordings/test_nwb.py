"""NWB files written with pynwb, read as recordings."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBFile
from pynwb.behavior import BehavioralTimeSeries, Position

from aegru_hw.cli import main
from aegru_hw.errors import UserError
from aegru_hw.recordings.generator import generate
from aegru_hw.recordings.layout import describe, detect_layout, import_file, open_recording
from aegru_hw.recordings.nwb import read_nwb
from aegru_hw.recordings.odoherty import read_odoherty
from benchmarks.made.nwb import make_series, module, write_nwb
from tests.support.recordings import QUICK, small_recording

SAMPLES = 50


def sample_times(samples: int = SAMPLES, interval: float = 0.004, start: float = 3.0) -> np.ndarray:
    return start + interval * np.arange(samples)


def movement(samples: int = SAMPLES, columns: int = 2, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(samples, columns)).cumsum(axis=0)


@pytest.fixture(scope="module")
def simple(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A whole small file: three units on two electrodes, a velocity, trials."""
    path = tmp_path_factory.mktemp("nwb") / "simple.nwb"
    write_nwb(
        path,
        units=[(1, [3.01, 3.013]), (0, [3.05, 3.0501, 3.101]), (1, [3.01])],
        series={"cursor_vel": movement()},
        times=sample_times(),
        trials=[3.0, 3.05, 3.1],
    )
    return path.read_bytes()


@pytest.fixture
def file_copy(simple: bytes, tmp_path: Path) -> Path:
    (tmp_path / "simple.nwb").write_bytes(simple)
    return tmp_path / "simple.nwb"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "made.mat"
    generate(path, channels=6, seconds=40, seed=5)
    return path


def convert(source: Path, target: Path, samples_per_tick: int = 1) -> Path:
    """Write the content of an O'Doherty file as NWB, movement upsampled as MC_RTT has it."""
    with h5py.File(source) as file:
        time, cursor = file["t"][0], file["cursor_pos"][()].T
        units = []
        for row in file["spikes"][()]:
            for channel, reference in enumerate(row):
                if "MATLAB_empty" not in file[reference].attrs:
                    units.append((channel, file[reference][0].tolist()))
    reaches = read_odoherty(source).reach_starts
    steps = samples_per_tick * (len(time) - 1) + 1
    fine = time[0] + 0.004 / samples_per_tick * np.arange(steps)
    upsampled = np.stack([np.interp(fine, time, axis) for axis in cursor.T], axis=1)
    write_nwb(
        target,
        units=units,
        series={"cursor_pos": cursor if samples_per_tick == 1 else upsampled},
        times=time if samples_per_tick == 1 else fine,
        trials=time[reaches].tolist(),
    )
    return target


def test_the_same_recording_in_both_layouts(generated: Path, tmp_path: Path) -> None:
    expected = read_odoherty(generated)
    read = open_recording(convert(generated, tmp_path / "same.nwb"))
    assert expected.counts.sum() > 1000
    assert np.array_equal(read.counts, expected.counts)
    assert np.array_equal(read.velocity, expected.velocity)
    assert np.array_equal(read.reach_starts, expected.reach_starts)
    assert np.array_equal(read.segment_starts, expected.segment_starts)
    assert read.tick_seconds == expected.tick_seconds


def test_the_same_recording_at_1_khz(generated: Path, tmp_path: Path) -> None:
    expected = read_odoherty(generated)
    path = convert(generated, tmp_path / "fine.nwb", samples_per_tick=4)
    read = read_nwb(path, position="cursor_pos")
    assert read.tick_seconds == 0.004
    assert np.array_equal(read.counts, expected.counts)
    np.testing.assert_allclose(read.velocity, expected.velocity, rtol=0, atol=1e-9)
    assert np.array_equal(read.reach_starts, expected.reach_starts)


def test_units_of_an_electrode(file_copy: Path) -> None:
    either = read_nwb(file_copy)
    assert either.channel_names == ("electrode 0", "electrode 1")
    # Tick k holds the spikes from 3.0 + (k - 2) * 0.004 up to a tick later.
    assert np.argwhere(either.counts).tolist() == [[4, 1], [5, 1], [14, 0], [27, 0]]
    assert either.counts.max() == 1
    counted = read_nwb(file_copy, merge="count")
    assert counted.counts[4].tolist() == [0, 2]
    assert counted.counts[14].tolist() == [2, 0]
    apart = read_nwb(file_copy, merge="none")
    assert apart.channel_names == ("unit 0", "unit 1", "unit 2")
    assert apart.counts[4].tolist() == [1, 0, 1]
    assert np.array_equal((counted.counts > 0).astype(np.uint8), either.counts)
    with pytest.raises(UserError, match="merge 'best' is unknown; accepted are or, count, none"):
        read_nwb(file_copy, merge="best")


def test_longer_ticks_count(file_copy: Path) -> None:
    read = read_nwb(file_copy, tick_seconds=0.02)
    # The movement lasts 0.196 s: ten ticks; tick k holds 3.0 + (k - 2) * 0.02 up to a tick later.
    assert read.counts.shape == (10, 2)
    assert {tick: row.tolist() for tick, row in enumerate(read.counts) if row.any()} == {
        2: [0, 3],
        4: [2, 0],
        7: [1, 0],
    }
    assert np.array_equal(read.velocity, read_nwb(file_copy).velocity[::5])
    assert read_nwb(file_copy, tick_seconds=0.02, merge="or").counts.max() == 1


def test_trials_are_reaches(file_copy: Path) -> None:
    assert read_nwb(file_copy).reach_starts.tolist() == [0, 13, 25]
    with pytest.raises(UserError, match=r"no intervals 'epochs'; it has: trials"):
        read_nwb(file_copy, reaches="epochs")


def test_units_without_electrodes_are_channels(tmp_path: Path) -> None:
    path = write_nwb(
        tmp_path / "units.nwb",
        units=[(None, [3.01]), (None, [3.05])],
        series={"hand_vel": movement()},
        times=sample_times(),
    )
    read = read_nwb(path)
    assert read.channel_names == ("unit 0", "unit 1")
    assert len(read.reach_starts) == 0


def test_mc_rtt(tmp_path: Path) -> None:
    """As in DANDI 000129: 1 kHz, a gap of NaN, observation intervals, four series."""
    rate, samples = 1000.0, 1200
    velocity = movement(samples)
    velocity[500:600] = np.nan
    path = write_nwb(
        tmp_path / "mc_rtt.nwb",
        units=[(0, [0.05, 0.9]), (2, [0.7])],
        observed=[(0.0, 0.499), (0.599, 1.0)],
        series={
            "cursor_pos": movement(samples),
            "finger_pos": movement(samples, 3),
            "finger_vel": velocity,
            "target_pos": movement(samples),
        },
        rate=rate,
    )
    read = open_recording(path)
    # Samples 0 to 499 and 600 to 1000: 125 ticks and 101.
    assert read.segment_starts.tolist() == [0, 125]
    assert read.ticks == 226
    assert read.tick_seconds == 0.004
    np.testing.assert_allclose(read.velocity[:125], velocity[0:500:4], rtol=0, atol=1e-9)
    np.testing.assert_allclose(read.velocity[125:], velocity[600:1001:4], rtol=0, atol=1e-9)
    assert read.channel_names == ("electrode 0", "electrode 2")
    assert read.counts.sum() == 3
    fingers = read_nwb(path, position="finger_pos:1,2")
    assert fingers.ticks == 226
    assert fingers.segment_starts.tolist() == [0, 125]
    with pytest.raises(UserError, match=r"has 3 columns; select two, for .*finger_pos:0,1"):
        read_nwb(path, position="finger_pos")
    with pytest.raises(UserError, match="no column 3; columns 0 to 2 exist"):
        read_nwb(path, position="finger_pos:0,3")
    with pytest.raises(UserError, match="a velocity or a position; give one of the two"):
        read_nwb(path, position="cursor_pos", velocity="finger_vel")


def test_perich_miller(tmp_path: Path) -> None:
    """As in DANDI 000688: containers, movement at 100 Hz, aborted stretches declared invalid."""

    def add(file: NWBFile) -> None:
        times = sample_times(300, 0.01, 1.0)
        behavior = file.processing["behavior"]
        behavior.add(Position(spatial_series=make_series("cursor_pos", movement(300), times)))
        for name, inner in (("Velocity", "cursor_vel"), ("Acceleration", "cursor_acc")):
            series = make_series(inner, movement(300), times)
            behavior.add(BehavioralTimeSeries(time_series=series, name=name))
        file.add_invalid_time_interval(start_time=2.0, stop_time=2.5)

    path = write_nwb(tmp_path / "perich.nwb", units=[(0, [1.503, 1.5031])], change=add)
    read = open_recording(path)
    assert read.tick_seconds == 0.01
    assert read.counts.max() == 2
    assert read.segment_starts.tolist() == [0, 100]
    assert read.ticks == 249
    assert np.array_equal(read.velocity[:100], movement(300)[:100])
    facts = describe(path)
    assert facts["nwb"]["series"]["behavior/Velocity/cursor_vel"] == "300 x 2, 100 Hz, mm/s"
    assert facts["nwb"]["intervals"] == {"invalid_times": 1}


def test_neurotask(tmp_path: Path) -> None:
    """As in DANDI 001056: binned counts, and one series an axis."""
    random = np.random.default_rng(2)
    counts = random.poisson(1.0, (80, 4))
    times = sample_times(80, 0.01)

    def add(file: NWBFile) -> None:
        module(file, "spikes").add(make_series("spikes_counts", counts, times))

    path = write_nwb(
        tmp_path / "neurotask.nwb",
        series={"hand_vel_x": movement(80, 1)[:, 0], "hand_vel_y": movement(80, 1, 9)[:, 0]},
        times=times,
        change=add,
    )
    read = open_recording(path)
    assert np.array_equal(read.counts, counts)
    assert np.array_equal(read.velocity, np.hstack([movement(80, 1), movement(80, 1, 9)]))
    assert read.tick_seconds == 0.01
    swapped = read_nwb(path, velocity="hand_vel_y,hand_vel_x", counts="spikes_counts")
    assert np.array_equal(swapped.velocity, read.velocity[:, ::-1])
    with pytest.raises(UserError, match=r"are 0\.01 s long; --tick 0\.02 is not that"):
        read_nwb(path, tick_seconds=0.02)
    with pytest.raises(UserError, match="--merge is for spike times"):
        read_nwb(path, merge="or")
    with pytest.raises(UserError, match="has 0 units"):
        read_nwb(path, counts="units")


def test_binned_counts_with_gaps(tmp_path: Path) -> None:
    counts = np.random.default_rng(2).poisson(1.0, (80, 4)).astype(np.float64)
    counts[30:33] = np.nan
    velocity = movement(800)
    velocity[600:700, 1] = np.nan

    def add(file: NWBFile) -> None:
        file.add_acquisition(make_series("binned", counts, sample_times(80, 0.01)))

    path = write_nwb(
        tmp_path / "gaps.nwb",
        units=[(0, [3.1])],
        series={"hand_vel": velocity},
        times=sample_times(800, 0.001),
        change=add,
    )
    read = read_nwb(path, counts="acquisition/binned")
    kept = [*range(30), *range(33, 60), *range(70, 80)]
    assert np.array_equal(read.counts, counts[kept])
    assert read.segment_starts.tolist() == [0, 30, 57]
    np.testing.assert_allclose(
        read.velocity, velocity[[10 * bin for bin in kept]], rtol=0, atol=1e-9
    )


def test_ambiguous(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_nwb(
        tmp_path / "two.nwb",
        units=[(0, [3.01])],
        series={"hand_vel": movement(), "cursor_vel": movement(seed=8), "eye_vel": movement()},
        times=sample_times(),
        change=lambda file: module(file, "other").add(
            make_series("hand_vel", movement(seed=9)[:, :1], sample_times())
        ),
    )
    listed = (
        r"more than one velocity: behavior/\w+_vel; behavior/\w+_vel; choose with .*--velocity NAME"
    )
    with pytest.raises(UserError, match=listed):
        open_recording(path)
    facts = describe(path)
    assert "more than one velocity" in facts["choice"]
    assert "recording" not in facts
    assert len(facts["nwb"]["series"]) == 4
    with pytest.raises(
        UserError, match=r"'hand_vel' is ambiguous in .*: behavior/hand_vel, other/"
    ):
        read_nwb(path, velocity="hand_vel")
    assert np.array_equal(read_nwb(path, velocity="cursor_vel").velocity, movement(seed=8))
    assert np.array_equal(read_nwb(path, velocity="behavior/hand_vel").velocity, movement())
    assert main(["inspect", str(path)]) == 0
    assert "behavior/cursor_vel: 50 x 2, 250 Hz, mm/s" in capsys.readouterr().out


def test_missing(tmp_path: Path) -> None:
    still = write_nwb(tmp_path / "still.nwb", units=[(0, [3.01])])
    with pytest.raises(UserError, match=r"no velocity or position .* its series are: none"):
        read_nwb(still)
    with pytest.raises(UserError, match="no series 'hand_vel'; its series are: none"):
        read_nwb(still, velocity="hand_vel")
    silent = write_nwb(
        tmp_path / "silent.nwb", series={"hand_pos": movement()}, times=sample_times()
    )
    with pytest.raises(
        UserError, match=r"no units .*--counts NAME; .* behavior/hand_pos \(50, 2\)"
    ):
        read_nwb(silent)
    with pytest.raises(UserError, match="leave @1 out"):
        read_nwb(silent, position="hand_pos@1")
    with pytest.raises(UserError, match="units 'sorted' are for O'Doherty's files"):
        open_recording(silent, units="sorted")


def test_conversion_to_the_unit(tmp_path: Path) -> None:
    def add(file: NWBFile) -> None:
        series = make_series("hand_vel", np.arange(100, dtype=np.int16).reshape(50, 2), rate=250.0)
        series.fields["conversion"], series.fields["offset"] = 0.5, 3.0
        file.processing["behavior"].add(series)

    path = write_nwb(tmp_path / "scaled.nwb", units=[(0, [0.1])], change=add)
    assert np.array_equal(read_nwb(path).velocity, np.arange(100).reshape(50, 2) * 0.5 + 3.0)


def test_without_pynwb(file_copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynwb", None)
    assert detect_layout(file_copy) == "nwb"
    with pytest.raises(UserError, match=r"needs pynwb: pip install 'aegru-hw\[nwb\]'"):
        open_recording(file_copy)


Change = Callable[[h5py.File], None]


def replace(name: str, values: object) -> Change:
    def change(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attributes)

    return change


def huge(name: str, shape: tuple[int, ...], kind: str = "f8") -> Change:
    def change(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file.create_dataset(name, shape, kind, chunks=True).attrs.update(attributes)

    return change


def nan_timestamp(file: h5py.File) -> None:
    file["processing/behavior/cursor_vel/timestamps"][9] = np.nan


def endless_rate(file: h5py.File) -> None:
    huge(f"{VELOCITY}/data", (2**40, 2))(file)
    del file[f"{VELOCITY}/timestamps"]
    file[f"{VELOCITY}/starting_time"] = 0.0
    file[f"{VELOCITY}/starting_time"].attrs.update({"rate": 250.0, "unit": "seconds"})


def outside(file: h5py.File) -> None:
    del file["units/spike_times"]
    file["units/spike_times"] = h5py.ExternalLink("other.nwb", "/units/spike_times")


def within_itself(file: h5py.File) -> None:
    file["processing/behavior/again"] = file["processing"]


def endless_date(file: h5py.File) -> None:
    del file["session_start_time"]
    file.create_dataset("session_start_time", (2**30,), np.uint8, chunks=(1,))


def endless_schema(file: h5py.File) -> None:
    group = file["specifications/hdmf-common"]
    (version,) = group
    del group[f"{version}/namespace"]
    group.create_dataset(f"{version}/namespace", (2**40,), np.uint8, chunks=(1,))


def remove(name: str) -> Change:
    def change(file: h5py.File) -> None:
        del file[name]

    return change


VELOCITY = "processing/behavior/cursor_vel"


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (huge("units/spike_times", (2**50,)), "is 9007199254740992 bytes large; at most"),
        (huge("units/spike_times", (2**24,)), "claims 134217728 bytes where 0 are stored"),
        (huge("units/spike_times_index", (2**45,), "u8"), "bytes large|damaged"),
        (huge(f"{VELOCITY}/data", (2**40, 2)), "bytes large"),
        (huge(f"{VELOCITY}/timestamps", (2**40,)), "bytes large"),
        (huge("intervals/trials/start_time", (2**45,)), "damaged NWB file: "),
        (huge("general/extracellular_ephys/electrodes/id", (2**45,), "i8"), "damaged NWB file: "),
        (
            replace("units/spike_times_index", np.array([2, 5, 9], np.uint8)),
            "not belong to 3 units",
        ),
        (
            replace("units/spike_times_index", np.array([5, 2, 6], np.uint8)),
            "not belong to 3 units",
        ),
        (replace("units/electrodes", np.array([0, 1, 7])), "electrode that is not listed"),
        (replace("units/electrodes", np.array([0, 1, -7])), "electrode that is not listed"),
        (replace(f"{VELOCITY}/data", np.zeros((49, 2))), "49 samples and 50 timestamps"),
        (replace(f"{VELOCITY}/data", np.full((50, 2), np.nan)), "no three samples in a row"),
        (replace(f"{VELOCITY}/timestamps", np.zeros(50)), "not finite and increasing"),
        (replace(f"{VELOCITY}/data", "text"), "no velocity or position|damaged"),
        (nan_timestamp, "not finite and increasing"),
        (remove(f"{VELOCITY}/timestamps"), "rate None|damaged"),
        (endless_rate, "'behavior/cursor_vel' is 17592186044416 bytes large"),
        (outside, "'spike_times' in /units of .* lies in another file"),
        (endless_date, "'session_start_time' of .* is no text or date; the file is damaged"),
        (endless_schema, r"'hdmf-common/[\d.]+/namespace' of the schema in .* is no text"),
        (within_itself, "has a group that lies in itself, /processing/behavior/again; it is dam"),
    ],
)
def test_damage_and_hostile_sizes(change: Change, text: str, file_copy: Path) -> None:
    with h5py.File(file_copy, "r+") as file:
        change(file)
    with pytest.raises(UserError, match=text) as caught:
        read_nwb(file_copy, velocity="cursor_vel" if "no velocity" not in text else None)
    assert "\n" not in str(caught.value)


def test_links_within_the_file_are_followed(file_copy: Path) -> None:
    expected = read_nwb(file_copy, velocity="cursor_vel")
    with h5py.File(file_copy, "r+") as file:
        file["scratch/velocity"] = h5py.SoftLink(f"/{VELOCITY}")
        file["scratch/twice"] = file["processing/behavior"]
    assert np.array_equal(read_nwb(file_copy, velocity="cursor_vel").velocity, expected.velocity)


@pytest.mark.parametrize("tick", [0.0, -1.0, float("nan"), 1e-12, 1e9])
def test_ticks_that_cannot_be(tick: float, file_copy: Path) -> None:
    with pytest.raises(UserError, match="tick"):
        read_nwb(file_copy, tick_seconds=tick)


def test_truncated_and_altered_files_are_refused_or_read(simple: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.nwb"
    for length in range(0, len(simple) - 1, len(simple) // 25):
        path.write_bytes(simple[:length])
        with pytest.raises(UserError):
            open_recording(path)
    random = np.random.default_rng(1)
    refused = 0
    for _ in range(40):
        altered = bytearray(simple)
        for place in random.integers(0, len(simple), 200):
            altered[place] = random.integers(256)
        path.write_bytes(altered)
        try:
            open_recording(path)
        except UserError as error:
            refused += "\n" not in str(error)
    assert refused > 20


def test_import_and_its_options(
    file_copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.h5"
    arguments = ["import", str(file_copy), str(out), "--tick", "0.02", "--velocity", "cursor_vel"]
    assert main([*arguments, "--merge", "count", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ticks"] == 10
    read = open_recording(out)
    assert read.content_hash == read_nwb(file_copy, tick_seconds=0.02).content_hash
    with pytest.raises(UserError, match="--reach-base is not for NWB"):
        import_file(file_copy, reach_base=0)
    np.savez(tmp_path / "arrays.npz", counts=np.zeros((9, 2)), velocity=np.zeros((9, 2)))
    with pytest.raises(UserError, match="--counts, --velocity and --tick are needed"):
        import_file(tmp_path / "arrays.npz")
    with pytest.raises(UserError, match="--merge is for NWB"):
        import_file(tmp_path / "arrays.npz", merge="or")


@pytest.mark.slow
def test_train_on_an_nwb_file(tmp_path: Path) -> None:
    recording = small_recording(ticks=600)
    times = sample_times(600, 0.05)
    path = write_nwb(
        tmp_path / "small.nwb",
        series={"hand_vel": recording.velocity},
        times=times,
        change=lambda file: module(file, "ecephys").add(
            make_series("spike_counts", recording.counts, times)
        ),
    )
    settings = [part for text in QUICK for part in ("--set", text)]
    assert main(["train", str(path), "--out", str(tmp_path / "run"), "--quiet", *settings]) == 0
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert summary["recording"]["source"] == "small.nwb"
    assert summary["recording"]["ticks"] == 600
