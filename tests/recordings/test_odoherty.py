"""The O'Doherty layout, read as the published benchmark's loader reads it."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.recordings import ticks
from aegru_hw.recordings.odoherty import read_odoherty
from aegru_hw.recordings.ticks import spiking_ticks, tick_edges

Change = Callable[[h5py.File], None]
SAMPLES = 50


def sample_times(samples: int = SAMPLES, start: float = 3.0) -> np.ndarray:
    return start + 0.004 * np.arange(samples)


def write(
    path: Path,
    cells: list[list[list[float]]],
    *,
    time: np.ndarray | None = None,
    target: np.ndarray | None = None,
    fingers: int = 3,
    waveforms: bool = False,
) -> Path:
    """Write units x channels of spike times; an empty list becomes an empty MATLAB cell."""
    time = sample_times() if time is None else time
    with h5py.File(path, "w", userblock_size=512) as file:
        file["t"] = time[None]
        file["cursor_pos"] = np.random.default_rng(4).normal(size=(2, len(time))).cumsum(axis=1)
        file["target_pos"] = np.zeros((2, len(time))) if target is None else target
        file["finger_pos"] = np.zeros((fingers, len(time)))
        group = file.create_group("#refs#")
        rows = []
        for unit, row in enumerate(cells):
            rows.append([cell(group, f"{unit}-{at}", times) for at, times in enumerate(row)])
        file.create_dataset("spikes", data=np.array(rows, dtype=object), dtype=h5py.ref_dtype)
        names = []
        for number in range(len(cells[0])):
            codes = np.array([[ord(letter)] for letter in f"S1 {number:03d}"], dtype=np.uint16)
            group[f"name{number}"] = codes
            names.append(group[f"name{number}"].ref)
        file.create_dataset("chan_names", data=np.array([names], object), dtype=h5py.ref_dtype)
        if waveforms:
            waves = group.create_dataset("wave", (48, 2**50), "f8", chunks=(48, 1024))
            rows = [[waves.ref] * len(row) for row in cells]
            file.create_dataset("wf", data=np.array(rows, dtype=object), dtype=h5py.ref_dtype)
    return path


def cell(group: h5py.Group, name: str, times: list[float]) -> h5py.Reference:
    if times:
        return group.create_dataset(name, data=np.array([times])).ref
    empty = group.create_dataset(name, data=np.zeros(2, dtype=np.uint64))
    empty.attrs["MATLAB_empty"] = np.uint8(1)
    return empty.ref


def published_counts(cells: list[list[list[float]]], time: np.ndarray) -> np.ndarray:
    """The rule of the published loader with numpy.histogram, (T, C)."""
    edges = np.arange(time[0] - 0.004, time[-1], 0.004)
    train = np.zeros((max(len(edges), len(time)), len(cells[0])), dtype=np.int64)
    for row in cells:
        for channel, times in enumerate(row):
            bins, _ = np.histogram(np.array(times), bins=edges)
            for index in np.flatnonzero(bins):
                train[index + 1, channel] = 1
    return train[: len(time)]


def test_a_file_by_hand(tmp_path: Path) -> None:
    # Edge i is 3.000 + (i - 1) * 0.004; a spike between edges i and i+1 marks tick i+1.
    cells = [
        [[2.997, 3.001, 3.0011], [3.0985]],
        [[3.0011, 3.005], []],
        [[], [2.0, 3.0031, 9.0]],
    ]
    target = np.zeros((2, SAMPLES))
    target[0, 11:] = 5
    target[1, 30:] = -5
    recording = read_odoherty(write(tmp_path / "hand.mat", cells, target=target))
    assert recording.counts.dtype == np.uint8
    assert np.flatnonzero(recording.counts[:, 0]).tolist() == [1, 2, 3]
    assert np.flatnonzero(recording.counts[:, 1]).tolist() == [2, 26]
    assert recording.counts.max() == 1
    assert recording.reach_starts.tolist() == [0, 10, 29]
    assert recording.segment_starts.tolist() == [0]
    assert recording.tick_seconds == 0.004
    assert recording.channel_names == ("S1 000", "S1 001")
    assert recording.source == "hand.mat"


def test_velocity_is_the_central_difference_per_sample(tmp_path: Path) -> None:
    path = write(tmp_path / "hand.mat", [[[3.1]]])
    with h5py.File(path) as file:
        cursor = file["cursor_pos"][()]
    velocity = read_odoherty(path).velocity
    assert velocity.shape == (SAMPLES, 2)
    for axis in (0, 1):
        position = cursor[axis]
        assert velocity[0, axis] == position[1] - position[0]
        assert velocity[-1, axis] == position[-1] - position[-2]
        for tick in range(1, SAMPLES - 1):
            assert velocity[tick, axis] == (position[tick + 1] - position[tick - 1]) / 2


def test_units(tmp_path: Path) -> None:
    path = write(tmp_path / "units.mat", [[[3.01]], [[3.05]], [[3.09]]])
    ticks = {
        units: np.flatnonzero(read_odoherty(path, units=units).counts).tolist()
        for units in ("all", "sorted", "unsorted")
    }
    assert ticks == {"all": [4, 14, 24], "sorted": [14, 24], "unsorted": [4]}
    with pytest.raises(UserError, match="units 'best' is unknown; accepted are all, sorted"):
        read_odoherty(path, units="best")


@given(
    samples=st.integers(3, 80),
    start=st.floats(0, 5000),
    data=st.data(),
)
@settings(deadline=None, derandomize=True, max_examples=150)
def test_ticks_against_the_histogram(samples: int, start: float, data: st.DataObject) -> None:
    time = sample_times(samples, start)
    edges = tick_edges(time)
    inside = st.floats(start - 0.02, start + samples * 0.004 + 0.02)
    on_edge = st.sampled_from(edges.tolist())
    near = on_edge.map(lambda edge: float(np.nextafter(edge, -1e9)))
    times = np.array(data.draw(st.lists(st.one_of(inside, on_edge, near), max_size=40)))
    bins, _ = np.histogram(times, bins=edges)
    expected = (np.flatnonzero(bins) + 1).tolist()
    assert sorted(set(spiking_ticks(times, edges).tolist())) == expected


def test_the_last_bin_holds_its_right_edge() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    assert spiking_ticks(np.array([0.0, 0.5, 1.0, 2.0]), edges).tolist() == [1, 1, 2, 2]
    assert spiking_ticks(np.array([-0.1, 2.1, np.nan, np.inf, -np.inf]), edges).tolist() == []


@pytest.mark.parametrize("start", [0.0, 3.0, 12.5, 1234.567, 0.1, 7.77])
@pytest.mark.parametrize("samples", [3, 50, 999, 1000])
def test_as_many_ticks_as_samples(tmp_path: Path, start: float, samples: int) -> None:
    time = sample_times(samples, start)
    random = np.random.default_rng(samples)
    cells = [[random.uniform(time[0] - 0.02, time[-1] + 0.02, 30).tolist() for _ in range(3)]]
    recording = read_odoherty(write(tmp_path / "hand.mat", cells, time=time))
    assert recording.ticks == samples
    assert np.array_equal(recording.counts, published_counts(cells, time))


def test_edges_come_one_more_or_fewer_than_samples() -> None:
    lengths = {
        len(tick_edges(sample_times(1000, start))) - 1000 for start in np.arange(0, 50, 0.37)
    }
    assert lengths == {0, 1}
    slow = sample_times(1000) * (1 - 2e-6)
    assert len(tick_edges(slow)) == 1000


def test_a_clock_that_runs_fast_leaves_the_last_ticks_silent(tmp_path: Path) -> None:
    time = 3.0 + 0.004 * 0.9995 * np.arange(6000)
    cells = [[time.tolist()]]
    recording = read_odoherty(write(tmp_path / "fast.mat", cells, time=time))
    assert recording.ticks == 6000
    assert np.array_equal(recording.counts, published_counts(cells, time))
    assert recording.counts[-2:].sum() == 0


def test_empty_cells_are_not_spikes_at_zero(tmp_path: Path) -> None:
    time = sample_times(50, 0.0)
    recording = read_odoherty(write(tmp_path / "zero.mat", [[[]], [[0.1]]], time=time))
    assert recording.counts.sum() == 1


def test_waveforms_are_never_read(tmp_path: Path) -> None:
    path = write(tmp_path / "waves.mat", [[[3.1]]], waveforms=True)
    assert read_odoherty(path).counts.sum() == 1


@pytest.mark.parametrize("fingers", [3, 6])
def test_finger_rows(tmp_path: Path, fingers: int) -> None:
    assert read_odoherty(write(tmp_path / "f.mat", [[[3.1]]], fingers=fingers)).ticks == SAMPLES


def replace(name: str, values: object) -> Change:
    def change(file: h5py.File) -> None:
        del file[name]
        if values is not None:
            file[name] = values

    return change


def nan_cursor(file: h5py.File) -> None:
    file["cursor_pos"][1, 7] = np.nan


def refer(make: Callable[[h5py.File], object]) -> Change:
    def change(file: h5py.File) -> None:
        file["spikes"][0, 0] = make(file)

    return change


def text_cell(file: h5py.File) -> object:
    file["#refs#/text"] = "abc"
    return file["#refs#/text"].ref


def huge_cell(file: h5py.File) -> object:
    return file["#refs#"].create_dataset("huge", (1, 2**40), "f8", chunks=True).ref


def unstored_cell(file: h5py.File) -> object:
    return file["#refs#"].create_dataset("none", (1, 2**20), "f8", chunks=True).ref


def many_cells(file: h5py.File) -> None:
    reference = file["spikes"][0, 0]
    del file["spikes"]
    file.create_dataset("spikes", data=np.full((65, 3), reference), dtype=h5py.ref_dtype)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (replace("t", None), "no array 't'; its arrays are: chan_names, cursor_pos"),
        (replace("spikes", None), "no array 'spikes'"),
        (replace("cursor_pos", None), "no array 'cursor_pos'"),
        (replace("target_pos", None), "no array 'target_pos'"),
        (replace("t", np.zeros((2, SAMPLES))), r"'t' has shape \(2, 50\)"),
        (replace("t", np.zeros((1, 2))), r"'t' has shape \(2,\)"),
        (replace("t", np.zeros((1, SAMPLES))), "'t' is not finite and increasing"),
        (replace("t", np.full((1, SAMPLES), np.nan)), "'t' is not finite and increasing"),
        (replace("t", 3 + 0.001 * np.arange(SAMPLES)[None]), "'t' spans 0.049 s with 50 samples"),
        (replace("t", np.append(sample_times(49), 9.0)[None]), "without gaps"),
        (replace("t", "text"), "'t' holds object"),
        (replace("cursor_pos", np.zeros((2, 49))), r"'cursor_pos' has shape \(2, 49\); \(2, 50\)"),
        (replace("cursor_pos", np.zeros((3, SAMPLES))), r"'cursor_pos' has shape \(3, 50\)"),
        (nan_cursor, "'cursor_pos' is not finite at sample 7"),
        (replace("target_pos", np.zeros((2, 51))), r"'target_pos' has shape \(2, 51\)"),
        (replace("spikes", np.zeros((2, 3))), "'spikes' is float64"),
        (many_cells, "65 units on 3 channels; at most 64"),
        (refer(lambda file: h5py.Reference()), "spikes of unit 0, channel 0 .* refers to no array"),
        (refer(lambda file: file["#refs#"].ref), "refers to no array"),
        (refer(text_cell), "spikes of unit 0, channel 0 holds object"),
        (refer(huge_cell), "spikes of unit 0, channel 0 is 8796093022208 bytes large"),
        (refer(unstored_cell), "claims 8388608 bytes where 0 are stored"),
    ],
)
def test_damage_is_refused(tmp_path: Path, change: Change, text: str) -> None:
    path = write(tmp_path / "damaged.mat", [[[3.1], [3.1]], [[3.1], []]])
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(UserError, match=text) as caught:
        read_odoherty(path)
    assert "\n" not in str(caught.value)


def test_too_many_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ticks, "MAX_COUNTS_BYTES", 99)
    path = write(tmp_path / "many.mat", [[[3.1], [3.1]]])
    with pytest.raises(UserError, match="50 samples on 2 channels are too many"):
        read_odoherty(path)


def test_channel_names_are_made_printable_or_numbered(tmp_path: Path) -> None:
    path = write(tmp_path / "names.mat", [[[3.1]]])
    with h5py.File(path, "r+") as file:
        file["#refs#/name0"][0, 0] = 27
    assert read_odoherty(path).channel_names == ("?1 000",)
    with h5py.File(path, "r+") as file:
        del file["chan_names"]
    assert read_odoherty(path).channel_names == ("channel 1",)


def test_truncated_files_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "cut.mat", [[[3.1], [3.1]]])
    whole = path.read_bytes()
    for length in range(0, len(whole) - 1, 997):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            read_odoherty(path)


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        read_odoherty(tmp_path / "none.mat")
    (tmp_path / "text.mat").write_text("hello")
    with pytest.raises(UserError, match="not an HDF5 file"):
        read_odoherty(tmp_path / "text.mat")
