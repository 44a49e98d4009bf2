"""Trials: struct arrays, cell arrays and tensors, each trial a segment and a reach."""

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.errors import UserError
from aegru_hw.recordings.binned import import_binned, read_binned
from aegru_hw.recordings.containers import matlab73, open_container
from benchmarks.made.matlab73 import write_matlab73

LENGTHS = (30, 25, 41)
STARTS = [0, 30, 55]
random = np.random.default_rng(5)
M1 = [random.integers(0, 4, (length, 6)) for length in LENGTHS]
PMD = [random.integers(0, 4, (length, 3)) for length in LENGTHS]
PLACE = [np.cumsum(random.normal(size=(length, 2)), axis=0) for length in LENGTHS]
VEL = [random.normal(size=(length, 2)) for length in LENGTHS]


def trial_data() -> list[dict[str, object]]:
    return [
        {"M1_spikes": m1, "PMd_spikes": pmd, "vel": vel, "pos": pos, "bin_size": 0.01}
        | {"idx_go_cue": 4.0}
        for m1, pmd, vel, pos in zip(M1, PMD, VEL, PLACE, strict=True)
    ]


def write(kind: str, path: Path, **variables: object) -> Path:
    if kind == "v7.3":
        write_matlab73(path, variables)
        return path
    for name, value in variables.items():
        if isinstance(value, list) and not isinstance(value[0], dict):
            variables[name] = cell = np.empty(len(value), dtype=object)
            cell[:] = value
        elif isinstance(value, list):
            fields = list(value[0])
            array = np.empty((1, len(value)), dtype=[(field, object) for field in fields])
            for number, trial in enumerate(value):
                for field in fields:
                    array[field][0, number] = trial[field]
            variables[name] = array
    scipy.io.savemat(path, variables, do_compression=True)
    return path


both = pytest.mark.parametrize("kind", ["v5", "v7.3"])


@both
def test_struct_array_of_trials(kind, tmp_path) -> None:
    path = write(kind, tmp_path / "td.mat", trial_data=trial_data())
    imported = import_binned(path, counts="M1_spikes,PMd_spikes", velocity="trial_data.vel")
    recording = imported.recording
    areas = [np.concatenate(area) for area in (M1, PMD)]
    assert np.array_equal(recording.counts, np.concatenate(areas, axis=1))
    assert np.array_equal(recording.velocity, np.concatenate(VEL))
    assert recording.tick_seconds == 0.01
    assert recording.segment_starts.tolist() == recording.reach_starts.tolist() == STARTS
    assert recording.channel_names[5:7] == ("M1_spikes 6", "PMd_spikes 1")
    assert any("'trial_data.bin_size'" in note for note in imported.notes)
    first = sorted(open_container(path).shapes()["trial_data.M1_spikes"][1:], key=str)
    assert first == [6, None]


@both
def test_velocity_from_position_within_each_trial(kind, tmp_path) -> None:
    path = write(kind, tmp_path / "td.mat", trial_data=trial_data())
    imported = import_binned(path, counts="M1_spikes", position="pos")
    expected = np.concatenate([np.gradient(pos, axis=0) for pos in PLACE])
    assert np.allclose(imported.recording.velocity, expected)
    assert any("central difference of 'pos' per tick" in note for note in imported.notes)


@both
def test_cells_with_a_matrix_a_trial(kind, tmp_path) -> None:
    path = write(kind, tmp_path / "cells.mat", spikes=list(M1), hand=[v.T for v in VEL])
    recording = read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02)
    assert np.array_equal(recording.counts, np.concatenate(M1))
    assert np.array_equal(recording.velocity, np.concatenate(VEL))
    assert recording.reach_starts.tolist() == STARTS


@both
def test_trials_that_do_not_belong_together(kind, tmp_path) -> None:
    path = write(kind, tmp_path / "td.mat", spikes=list(M1), hand=VEL[:2], flat=VEL[0])
    with pytest.raises(UserError, match="differ in their trials: spikes 3 trials, hand 2 trials"):
        read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02)
    with pytest.raises(UserError, match="some arrays have trials and others none"):
        read_binned(path, counts="spikes", velocity="flat", tick_seconds=0.02)
    write(kind, path, spikes=list(M1), hand=[VEL[0], VEL[1], VEL[2][:-1]])
    with pytest.raises(UserError, match="share no length"):
        read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02)


@both
def test_trials_without_ticks_are_left_out(kind, tmp_path) -> None:
    spikes, hand = [M1[0], np.zeros((0, 6)), M1[2]], [VEL[0], np.zeros((0, 2)), VEL[2]]
    path = write(kind, tmp_path / "cells.mat", spikes=spikes, hand=hand)
    recording = read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02)
    assert np.array_equal(recording.counts, np.concatenate([M1[0], M1[2]]))
    assert recording.reach_starts.tolist() == [0, 30]


def tensors() -> dict[str, np.ndarray]:
    return {
        "train_spikes_heldin": np.random.default_rng(1).integers(0, 3, (4, 20, 7)).astype(float),
        "train_behavior": np.random.default_rng(2).normal(size=(4, 20, 2)),
    }


@pytest.mark.parametrize("kind", ["h5", "npz", "v5", "v7.3"])
@pytest.mark.parametrize("turned", [False, True])
def test_tensors(kind, turned, tmp_path) -> None:
    arrays = tensors()
    path = tmp_path / f"tensor.{kind}"
    stored = {name: array.T if turned else array for name, array in arrays.items()}
    if kind == "h5":
        with h5py.File(path, "w") as file:
            for name, array in stored.items():
                file[name] = array
    elif kind == "npz":
        np.savez(path, **stored)
    else:
        write(kind, path, **stored)
    names = {"counts": "train_spikes_heldin", "velocity": "train_behavior"}
    recording = read_binned(path, **names, tick_seconds=0.005)
    assert np.array_equal(recording.counts, arrays["train_spikes_heldin"].reshape(80, 7))
    assert np.array_equal(recording.velocity, arrays["train_behavior"].reshape(80, 2))
    assert recording.reach_starts.tolist() == recording.segment_starts.tolist() == [0, 20, 40, 60]


def test_padding_of_tensors_is_cut(tmp_path) -> None:
    arrays = tensors()
    for array in arrays.values():
        array[1, 15:] = np.nan
    np.savez(tmp_path / "padded.npz", **arrays)
    names = {"counts": "train_spikes_heldin", "velocity": "train_behavior"}
    imported = import_binned(tmp_path / "padded.npz", **names, tick_seconds=0.005)
    assert imported.lost_ticks == 5
    assert imported.recording.segment_starts.tolist() == [0, 20, 35, 55]


def test_where_time_is_can_be_said(tmp_path) -> None:
    arrays = {name: array.swapaxes(1, 2) for name, array in tensors().items()}
    np.savez(tmp_path / "t.npz", **arrays)
    names = {"counts": "train_spikes_heldin@2", "velocity": "train_behavior@2"}
    recording = read_binned(tmp_path / "t.npz", **names, tick_seconds=0.005)
    expected = tensors()["train_spikes_heldin"].reshape(80, 7)
    assert np.array_equal(recording.counts, expected)
    with pytest.raises(UserError, match="share no trials and times"):
        read_binned(
            tmp_path / "t.npz",
            counts="train_spikes_heldin",
            velocity="train_behavior",
            tick_seconds=0.005,
        )


def cued(cues: list[float]) -> list[dict[str, object]]:
    return [trial | {"idx_go_cue": cue} for trial, cue in zip(trial_data(), cues, strict=True)]


@both
def test_go_cues_are_reaches_on_request(kind, tmp_path) -> None:
    path = write(kind, tmp_path / "td.mat", trial_data=cued([4.0, np.nan, 41.0]))
    names = {"counts": "M1_spikes", "velocity": "trial_data.vel"}
    by_default = import_binned(path, **names)
    assert by_default.recording.reach_starts.tolist() == STARTS
    assert any("--reaches idx_go_cue starts reaches there" in note for note in by_default.notes)
    imported = import_binned(path, **names, reaches="idx_go_cue")
    assert imported.recording.segment_starts.tolist() == STARTS
    # Counted from 1 within each trial: bin 4 of the first, bin 41 of the third, which is its last.
    assert imported.recording.reach_starts.tolist() == [0, 3, 95]
    said = "each of 3 trials is a segment, and reaches start at 'idx_go_cue', which 1 of them lack"
    assert said in imported.notes
    from_0 = read_binned(path, **names, reaches="idx_go_cue", reach_base=1)
    assert from_0 == imported.recording
    with pytest.raises(UserError, match=r"bin 41\.0 in trial 2, whose bins are 0 to 40"):
        read_binned(path, **names, reaches="idx_go_cue", reach_base=0)


@both
@pytest.mark.parametrize(
    ("cues", "said"),
    [
        ([0.0, 1.0, 1.0], "bin 0.0 in trial 0, whose bins are 1 to 30 when counted from 1"),
        ([1.0, 26.0, 1.0], "bin 26.0 in trial 1, whose bins are 1 to 25"),
        ([1.5, 1.0, 1.0], "not a list of bin numbers"),
        ([np.inf, 1.0, 1.0], "not a list of bin numbers"),
        ([np.nan] * 3, "has no bin in any trial"),
    ],
)
def test_cues_that_cannot_be(kind, cues, said, tmp_path) -> None:
    path = write(kind, tmp_path / "td.mat", trial_data=cued(cues))
    with pytest.raises(UserError, match=said):
        read_binned(path, counts="M1_spikes", velocity="trial_data.vel", reaches="idx_go_cue")


@both
def test_cues_belong_to_their_trials_where_one_has_no_ticks(kind, tmp_path) -> None:
    spikes, hand = [M1[0], np.zeros((0, 6)), M1[2]], [VEL[0], np.zeros((0, 2)), VEL[2]]
    path = write(kind, tmp_path / "c.mat", spikes=spikes, hand=hand, cue=np.array([2.0, 9.0, 5.0]))
    recording = read_binned(
        path, counts="spikes", velocity="hand", tick_seconds=0.02, reaches="cue"
    )
    assert recording.reach_starts.tolist() == [0, 1, 34]
    path = write(kind, tmp_path / "c.mat", spikes=spikes, hand=hand, cue=np.array([2.0, 9.0]))
    with pytest.raises(UserError, match="has no bin for each of 3 trials"):
        read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02, reaches="cue")


@both
def test_structs_within_trials(kind, tmp_path) -> None:
    trials = [
        trial | {"kin": {"hand": {"v": vel}, "n": 1.0}}
        for trial, vel in zip(trial_data(), VEL, strict=True)
    ]
    path = write(kind, tmp_path / "td.mat", td=trials)
    shapes = open_container(path).shapes()
    assert sorted(shapes["td.kin.hand.v"][1:], key=str) == [2, None]
    for name in ("td.kin.hand.v", "kin.hand.v", "v"):
        recording = read_binned(path, counts="M1_spikes", velocity=name)
        assert np.array_equal(recording.velocity, np.concatenate(VEL))
    del trials[1]["kin"]["hand"]["v"]
    path = write(kind, tmp_path / "td.mat", td=trials)
    assert "td.kin.hand.v" not in open_container(path).shapes()
    with pytest.raises(UserError, match=r"no array 'td\.kin\.hand\.v'"):
        read_binned(path, counts="M1_spikes", velocity="td.kin.hand.v")


def test_trials_of_other_widths(tmp_path) -> None:
    path = write("v5", tmp_path / "c.mat", spikes=[M1[0], PMD[1]], hand=VEL[:2])
    with pytest.raises(UserError, match="trials of 'spikes' have 3 and 6 columns"):
        read_binned(path, counts="spikes", velocity="hand", tick_seconds=0.02)


def test_structs_within_trials_are_looked_at_within_bounds(tmp_path, monkeypatch) -> None:
    trials = [trial | {"kin": {"v": vel}} for trial, vel in zip(trial_data(), VEL, strict=True)]
    path = write("v7.3", tmp_path / "td.mat", td=trials)
    monkeypatch.setattr(matlab73, "MAX_WITHIN", 2)
    shapes = open_container(path).shapes()
    assert "td.kin.v" not in shapes
    assert shapes["td.kin"] == (1, 3)
    assert np.array_equal(
        read_binned(path, counts="M1_spikes", velocity="td.vel").velocity, np.concatenate(VEL)
    )
