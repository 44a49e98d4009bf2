"""Of every kind of file `inspect` ends with an `import` line, which works."""

import shlex

import h5py
import numpy as np
import pytest
import scipy.io

from aegru_hw.cli import main
from aegru_hw.recordings import load_recording
from benchmarks.made.array_kinds import matlab
from benchmarks.made.kinds import KINDS
from benchmarks.made.signals import Signals
from benchmarks.made.zarr import stand_in
from tests.cli.commands import done, printed

SIGNALS = Signals(ticks=300, trials=3)
NOT_GUESSED = (
    *("M1_spikes,PMd_spikes", "--channels", "--observed", "--merge", "--reaches", "finger_pos"),
)
FOREIGN = [kind for kind in KINDS if kind.reader != "own"]


def imported(capsys, line: str, out) -> object:
    words = shlex.split(line.replace("OUT.h5", str(out)))
    assert words[:2] == ["aegru-hw", "import"]
    printed(capsys, *words[1:])
    return load_recording(out)


@pytest.mark.parametrize("kind", FOREIGN, ids=lambda kind: kind.name)
def test_the_line_works(kind, tmp_path, capsys) -> None:
    path = tmp_path / kind.file
    kind.write(path, SIGNALS)
    with stand_in():
        check_line(kind, path, tmp_path, capsys)


def check_line(kind, path, tmp_path, capsys) -> None:
    facts = printed(capsys, "inspect", path)
    assert facts["guessed"]
    assert not any("refused" in reason for reason in facts["guessed"])
    guessed = imported(capsys, facts["import"], tmp_path / "a.h5")
    asked = imported(
        capsys,
        shlex.join(["aegru-hw", "import", str(path), "OUT.h5"]) + f" {kind.words}",
        tmp_path / "b.h5",
    )
    assert guessed.source == asked.source
    if not any(option in kind.words for option in NOT_GUESSED):
        if guessed.tick_seconds == asked.tick_seconds:
            assert guessed == asked
        elif "--counts" in kind.words:
            assert np.array_equal(guessed.counts, asked.counts)
            assert np.array_equal(guessed.velocity, asked.velocity)
    assert main(["inspect", str(path)]) == 0
    assert capsys.readouterr().out.rstrip().splitlines()[-1] == f"import: {facts['import']}"


@pytest.mark.parametrize("file", ["td5.mat", "td73.mat"])
def test_outer_names_come_first(file, tmp_path, capsys) -> None:
    (kind,) = (kind for kind in KINDS if kind.file == file)
    kind.write(tmp_path / file, SIGNALS)
    line = printed(capsys, "inspect", tmp_path / file)["import"]
    assert line.endswith("--counts trial_data.M1_spikes --velocity trial_data.vel")


def test_names_that_say_nothing(tmp_path, capsys) -> None:
    path = tmp_path / "contdata.mat"
    hand = np.concatenate([SIGNALS.velocity, SIGNALS.position], axis=1)
    scipy.io.savemat(path, {"Y": SIGNALS.counts.astype(float), "X": hand})
    facts = printed(capsys, "inspect", path)
    assert "its name says nothing" in facts["guessed"][0]
    recording = imported(capsys, facts["import"], tmp_path / "out.h5")
    assert np.array_equal(recording.counts, SIGNALS.counts)
    assert np.array_equal(recording.velocity, SIGNALS.velocity)


@pytest.mark.parametrize("tick", [0.02, 0.03, 0.1])
def test_rates_tell_the_tick(tick, tmp_path, capsys) -> None:
    path = tmp_path / "rates.npz"
    np.savez(path, fr=SIGNALS.counts / tick, vel=SIGNALS.velocity)
    recording = imported(capsys, printed(capsys, "inspect", path)["import"], tmp_path / "out.h5")
    assert recording.tick_seconds == pytest.approx(tick)
    assert np.array_equal(recording.counts, SIGNALS.counts)


def test_spike_times_under_other_names(tmp_path, capsys) -> None:
    path = tmp_path / "sorted.npz"
    np.savez(
        path,
        st=SIGNALS.spike_times,
        clusters=SIGNALS.units,
        cursor_x=SIGNALS.position[:, 0],
        cursor_y=SIGNALS.position[:, 1],
        vel_x=SIGNALS.velocity[:, 0],
        vel_y=SIGNALS.velocity[:, 1],
        kin_ts=SIGNALS.times,
        time=SIGNALS.times[::7],
    )
    line = printed(capsys, "inspect", path)["import"]
    assert line.endswith("--spikes st --units clusters --velocity vel_x,vel_y --times kin_ts")
    recording = imported(capsys, line, tmp_path / "out.h5")
    assert np.array_equal(recording.velocity, SIGNALS.velocity)
    assert recording.channels == SIGNALS.channels


def test_the_line_is_last_beside_a_plot_too(tmp_path, capsys) -> None:
    path = tmp_path / "made.mat"
    done("generate", path, "--channels", 2, "--seconds", 8)
    capsys.readouterr()
    assert main(["inspect", str(path), "--plot", str(tmp_path / "look.html")]) == 0
    last = capsys.readouterr().out.rstrip().splitlines()[-1]
    assert last == f"import: aegru-hw import {path} OUT.h5"


def test_a_broken_rate_does_not_stop_inspect(tmp_path, capsys) -> None:
    path = tmp_path / "regular.h5"
    (kind,) = (kind for kind in KINDS if kind.file == path.name)
    kind.write(path, SIGNALS)
    with h5py.File(path, "r+") as file:
        file["cursor"].attrs["sampling_rate"] = -1.0
    facts = printed(capsys, "inspect", path)
    assert "sampling_rate of 'cursor/vel' is no positive number" in facts["choice"]
    assert facts["guessed"][-1].startswith("tried, it is refused: the sampling_rate")


def test_tensors_of_a_benchmark(tmp_path, capsys) -> None:
    """What is set aside for the evaluation has other trials, and comes first in the file."""
    path = tmp_path / "nlb.h5"
    spikes, hand = (np.stack(SIGNALS.cut(one)) for one in (SIGNALS.counts, SIGNALS.velocity))
    with h5py.File(path, "w") as file:
        file["eval_spikes_heldin"] = spikes[:2]
        file["heldout_spikes"] = spikes
        file["train_behavior"] = hand
        file["train_spikes_heldin"] = spikes
    line = printed(capsys, "inspect", path)["import"]
    assert "--counts train_spikes_heldin --velocity train_behavior" in line
    assert np.array_equal(imported(capsys, line, tmp_path / "out.h5").counts, SIGNALS.counts)


@pytest.mark.parametrize(("axes", "time"), [((0, 2, 1), "@2"), ((1, 2, 0), "@0")])
def test_tensors_with_columns_in_the_middle(axes, time, tmp_path, capsys) -> None:
    path = tmp_path / "tensor.npz"
    spikes, hand = (np.stack(SIGNALS.cut(one)) for one in (SIGNALS.counts, SIGNALS.velocity))
    np.savez(path, spikes=spikes.transpose(axes), vel=hand.transpose(axes))
    line = printed(capsys, "inspect", path)["import"]
    assert f"--counts spikes{time} --velocity vel{time}" in line
    recording = imported(capsys, line, tmp_path / "out.h5")
    assert np.array_equal(recording.counts, SIGNALS.counts)
    assert np.array_equal(recording.velocity, SIGNALS.velocity)


@pytest.mark.parametrize("version", ["5", "7.3"])
def test_velocity_of_xds_is_not_taken_for_position(version, tmp_path, capsys) -> None:
    path = tmp_path / "xds.mat"
    xds = {"spike_counts": SIGNALS.counts, "curs_p": SIGNALS.position, "curs_v": SIGNALS.velocity}
    matlab(version)(path, {"xds": xds | {"bin_width": 0.02}})
    line = printed(capsys, "inspect", path)["import"]
    assert line.endswith("--counts xds.spike_counts --velocity xds.curs_v --tick 0.02")


@pytest.mark.parametrize("version", ["5", "7.3"])
@pytest.mark.parametrize("struct", [False, True])
def test_units_of_which_one_is_silent(version, struct, tmp_path, capsys) -> None:
    path = tmp_path / "units.mat"
    trains = [np.zeros((0, 0)) if number == 2 else one for number, one in enumerate(SIGNALS.trains)]
    units = [{"ts": train, "channel": 1.0} for train in trains] if struct else trains
    cursor = {"cursor_vel": SIGNALS.velocity, "t": SIGNALS.times[:, None]}
    matlab(version)(path, {"units": units} | cursor)
    line = printed(capsys, "inspect", path)["import"]
    name = "units.ts" if struct else "units"
    assert line.endswith(f"--spikes {name} --velocity cursor_vel --times t")
    recording = imported(capsys, line, tmp_path / "out.h5")
    others = np.delete(SIGNALS.counts, 2, axis=1)
    assert np.array_equal(np.delete(recording.counts, 2, axis=1)[1:], others[1:])
    assert not recording.counts[:, 2].any()


def test_a_bin_size_in_milliseconds(tmp_path, capsys) -> None:
    path = tmp_path / "made.mat"
    scipy.io.savemat(path, {"spikes": SIGNALS.counts, "vel": SIGNALS.velocity, "bin_size": 20.0})
    facts = printed(capsys, "inspect", path)
    assert facts["guessed"][-1] == "tick: 'bin_size' is 20: milliseconds?"
    assert facts["import"].endswith("--tick 0.02")


def test_times_in_milliseconds_are_refused_before_import(tmp_path, capsys) -> None:
    path = tmp_path / "made.npz"
    np.savez(
        path,
        spike_times=SIGNALS.spike_times * 1000,
        unit_index=SIGNALS.units,
        vel=SIGNALS.velocity,
        time=SIGNALS.times * 1000,
    )
    facts = printed(capsys, "inspect", path)
    assert "refused: the samples of the movement are 20 apart by 'time'" in facts["guessed"][-1]


@pytest.mark.parametrize("names", [("vx", "vy"), ("v_x", "v_y"), ("VelX", "VelY")])
def test_axes_apart(names, tmp_path, capsys) -> None:
    path = tmp_path / "made.npz"
    np.savez(path, spikes=SIGNALS.counts, **dict(zip(names, SIGNALS.velocity.T, strict=True)))
    line = printed(capsys, "inspect", path)["import"]
    assert f"--counts spikes --velocity {','.join(names)} " in line
    assert np.array_equal(imported(capsys, line, tmp_path / "o.h5").velocity, SIGNALS.velocity)


def test_a_single_trial(tmp_path, capsys) -> None:
    path = tmp_path / "one.mat"
    trial = {"M1_spikes": SIGNALS.counts, "vel": SIGNALS.velocity, "bin_size": 0.02}
    matlab("7.3")(path, {"td": [trial]})
    line = printed(capsys, "inspect", path)["import"]
    assert line.endswith("--counts td.M1_spikes --velocity td.vel")
    assert np.array_equal(imported(capsys, line, tmp_path / "out.h5").counts, SIGNALS.counts)
