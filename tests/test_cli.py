"""The user's mistakes: one clear line, a non-zero exit, nothing half-written."""

import json
import os
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

from aegru_hw.cli import main
from tests.support.recordings import QUICK, small_recording

SETTINGS = [part for text in QUICK for part in ("--set", text)]


@pytest.fixture(scope="module")
def recording_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "small.h5"
    small_recording().save(path)
    return path


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory, recording_path) -> Path:
    """Return a run that went the whole way, firmware included."""
    run = tmp_path_factory.mktemp("run") / "run"
    assert main(["run", str(recording_path), "--out", str(run), "--quiet", *SETTINGS]) == 0
    return run


@pytest.fixture
def run_copy(finished_run, tmp_path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def refused(capsys, *arguments: object) -> str:
    """Run a command that must be refused; return the one line that it says."""
    capsys.readouterr()
    assert main([str(argument) for argument in arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    lines = captured.err.strip().splitlines()
    assert len(lines) == 1, lines
    assert lines[0].startswith("aegru-hw: ")
    return lines[0]


def leave_placements(run: Path) -> None:
    """Leave what `synth --target` and `sweep-lanes` leave."""
    for folder in (run / "synth" / "ecp5-25k", run / "lanes" / "ecp5-25k_p4"):
        folder.mkdir(parents=True)
        (folder / "resources.json").write_text("{}")


@pytest.mark.slow
def test_run_goes_the_whole_way_without_a_mismatch(finished_run) -> None:
    summary = json.loads((finished_run / "summary.json").read_text())
    assert set(summary["r2"]) >= {"float", "pruned", "fixed", "firmware"}
    assert all(set(r2) == {"mean", "x", "y"} for r2 in summary["r2"].values())
    assert summary["mismatches"] == {
        "qat_vs_fixed": 0,
        "streaming_vs_window": 0,
        "step_vs_window": 0,
        "firmware_vs_fixed": 0,
        "rtl_vs_fixed": 0,
    }
    assert summary["ticks_compared"] > 300
    assert (
        summary["r2"]["fixed"]
        == summary["r2"]["firmware"]
        == summary["r2"]["rtl"]
        == pytest.approx(summary["r2"]["quantised"])
    )
    macs = summary["macs"]
    assert macs["streaming_effective"] < macs["streaming_dense"] < macs["reference_dense"]
    assert macs["reference_effective"] < macs["reference_dense"]
    assert macs["rtl"] == macs["streaming_effective"]
    assert summary["cycles"]["predicted_equal"] is True
    assert summary["cycles"]["lanes"] == summary["energy"]["lanes"] == 4
    assert summary["energy"]["per_tick_nj"]["engine"] > 0
    assert summary["cycles"]["per_tick_max"] >= summary["cycles"]["latency_max"] > 0
    assert summary["sparsity"] >= 0.5
    assert set(summary["footprint_bytes"]) == {"float", "fixed"}
    assert summary["seed"] == 0
    assert "torch" in summary["versions"]
    assert not (finished_run / "checkpoint.safetensors").exists()
    assert "R² along the chain" in (finished_run / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_command_prints_json(finished_run, recording_path, tmp_path, capsys) -> None:
    velocity = tmp_path / "velocity.npz"
    for arguments in (
        ["simulate", finished_run, recording_path, "--out", velocity, "--json"],
        ["simulate", finished_run, recording_path, "--lanes", "16", "--json"],
        ["verify", finished_run, "--json"],
        ["verify", finished_run, recording_path, "--json"],
        ["inspect", recording_path, "--json"],
        ["report", finished_run, "--json"],
    ):
        capsys.readouterr()
        assert main([str(argument) for argument in arguments]) == 0
        captured = capsys.readouterr()
        assert isinstance(json.loads(captured.out), dict)
        assert captured.err == ""
    decoded = np.load(velocity, allow_pickle=False)["velocity"]
    assert decoded.shape == (1500, 2)
    assert np.isfinite(decoded).all()


@pytest.mark.slow
def test_verify_fails_where_an_execution_differs(run_copy, monkeypatch, capsys) -> None:
    from aegru_hw import pipeline

    real = pipeline.run_streaming_form

    def one_code_off(decoder, counts):
        result = real(decoder, counts)
        result.velocity[100, 0] += 1
        return result

    monkeypatch.setattr(pipeline, "run_streaming_form", one_code_off)
    assert main(["verify", str(run_copy), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["mismatches"]["streaming_vs_window"] == 1


@pytest.mark.slow
def test_verify_fails_where_a_counter_is_not_as_predicted(run_copy, monkeypatch, capsys) -> None:
    from aegru_hw.rtl import verification

    real = verification.tick_costs

    def one_cycle_more(decoder, plan, counts):
        costs = real(decoder, plan, counts)
        costs.cycles[70] += 1
        return costs

    monkeypatch.setattr(verification, "tick_costs", one_cycle_more)
    assert main(["verify", str(run_copy), "--json"]) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary["cycles"]["predicted_equal"] is False
    assert not any(summary["mismatches"].values())


@pytest.mark.slow
def test_the_engine_of_a_run(run_copy, recording_path, capsys) -> None:
    assert "--force" in refused(capsys, "synth", run_copy, "--backend", "rtl")
    leave_placements(run_copy)
    again = ["synth", str(run_copy), "--backend", "rtl", "--lanes", "16", "--force", "--json"]
    assert main(again) == 0
    assert json.loads(capsys.readouterr().out)["parameters"]["Lanes"] == 16
    summary = json.loads((run_copy / "summary.json").read_text())
    # What was found of another engine.
    assert not {"cycles", "energy"} & set(summary)
    assert "rtl" not in summary["r2"]
    assert "rtl" not in summary["macs"]
    assert "rtl_vs_fixed" not in summary["mismatches"]
    assert not (run_copy / "synth").exists()
    assert not (run_copy / "lanes").exists()
    assert main(["verify", str(run_copy), "--json"]) == 0
    cycles = json.loads(capsys.readouterr().out)["cycles"]
    assert cycles["lanes"] == 16
    assert main(["simulate", str(run_copy), str(recording_path), "--lanes", "16"]) == 0
    assert "utilisation" in capsys.readouterr().out
    (run_copy / "rtl" / "parameters.json").write_text("{}")
    assert "parameters.json" in refused(capsys, "verify", run_copy, "--quiet")


@pytest.mark.slow
def test_quantize_again_at_other_widths(run_copy, capsys) -> None:
    line = refused(capsys, "quantize", run_copy)
    assert "--force" in line
    line = refused(capsys, "quantize", run_copy, "--force", "--set", "network.hidden=9")
    assert "network" in line
    leave_placements(run_copy)
    assert main(["quantize", str(run_copy), "--force", "--quiet", "--set", "widths.weight=4"]) == 0
    for made_from_the_decoder_before in ("rtl", "synth", "lanes"):
        assert not (run_copy / made_from_the_decoder_before).exists()
    assert not (run_copy / "hls").exists()  # it was made from the decoder before
    assert not (run_copy / "report.html").exists()
    assert main(["verify", str(run_copy), "--quiet"]) == 0
    assert "firmware" not in json.loads((run_copy / "summary.json").read_text())["r2"]


@pytest.mark.slow
def test_an_existing_run_is_not_overwritten(run_copy, recording_path, capsys) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in run_copy.rglob("*"))
    for command in ("train", "run"):
        assert "--force" in refused(capsys, command, recording_path, "--out", run_copy)
    assert "--force" in refused(capsys, "synth", run_copy)
    assert sorted((path, path.stat().st_mtime_ns) for path in run_copy.rglob("*")) == before


def test_force_does_not_remove_what_is_no_run(recording_path, tmp_path, capsys) -> None:
    precious = tmp_path / "thesis.tex"
    precious.write_text("years of work")
    refused(capsys, "train", recording_path, "--out", tmp_path, "--force")
    assert precious.exists()


@pytest.mark.slow
def test_another_channel_count_is_refused(finished_run, tmp_path, capsys) -> None:
    other = tmp_path / "other.h5"
    small_recording(channels=13).save(other)
    for command in ("verify", "simulate"):
        line = refused(capsys, command, finished_run, other)
        assert "13 channels" in line
        assert "12" in line


@pytest.mark.slow
def test_another_tick_is_refused(finished_run, tmp_path, capsys) -> None:
    other = tmp_path / "other.h5"
    small_recording(tick_seconds=0.1).save(other)
    assert "0.1 s" in refused(capsys, "verify", finished_run, other)


@pytest.mark.slow
def test_a_tampered_decoder_is_refused(run_copy, capsys) -> None:
    with h5py.File(run_copy / "decoder.h5", "r+") as file:
        file["recurrent/weight"][0, 0] += 1
    assert "checksum" in refused(capsys, "verify", run_copy, "--quiet")
    (run_copy / "decoder.h5").write_bytes(b"not a decoder")
    assert "HDF5" in refused(capsys, "verify", run_copy, "--quiet")
    (run_copy / "decoder.h5").unlink()
    assert "aegru-hw quantize" in refused(capsys, "verify", run_copy, "--quiet")


def test_missing_and_foreign_recordings(tmp_path, capsys) -> None:
    missing = tmp_path / "missing.h5"
    out = tmp_path / "run"
    assert str(missing) in refused(capsys, "run", missing, "--out", out)
    text = tmp_path / "text.h5"
    text.write_text("no HDF5 at all")
    refused(capsys, "run", text, "--out", out)
    refused(capsys, "inspect", text)
    assert not out.exists()


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"velocity": np.zeros((100, 2))}, "counts"),
        ({"counts": np.zeros((100, 4)), "velocity": np.zeros((90, 2))}, ""),
        ({"counts": -np.ones((100, 4)), "velocity": np.zeros((100, 2))}, "-1"),
        ({"counts": np.full((100, 4), np.nan), "velocity": np.zeros((100, 2))}, "nan"),
        ({"counts": np.zeros((100, 4)), "velocity": np.full((100, 2), np.nan)}, "nan"),
        ({"counts": np.zeros((100, 4)), "velocity": np.zeros((100, 3))}, ""),
    ],
)
def test_import_refuses_what_is_no_recording(arrays, says, tmp_path, capsys) -> None:
    source, out = tmp_path / "source.npz", tmp_path / "out.h5"
    np.savez(source, **arrays)
    line = refused(
        capsys,
        "import",
        source,
        out,
        "--counts",
        "counts",
        "--velocity",
        "velocity",
        "--tick",
        0.05,
    )
    assert says in line
    assert os.listdir(tmp_path) == ["source.npz"]


def test_import_round_trip_and_no_overwrite(tmp_path, capsys) -> None:
    recording = small_recording()
    source, out = tmp_path / "source.npz", tmp_path / "out.h5"
    np.savez(source, spikes=recording.counts, movement=recording.velocity)
    arguments = ["import", source, out, "--counts", "spikes", "--velocity", "movement:0,1"]
    arguments = [str(argument) for argument in [*arguments, "--tick", 0.05]]
    assert main(arguments) == 0
    assert "--force" in refused(capsys, *arguments)
    assert main([*arguments, "--force", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["channels"] == 12


@pytest.mark.parametrize(
    ("ticks", "says"), [(5, "shorter than the history"), (12, "split is empty")]
)
def test_too_short_recordings(ticks, says, tmp_path, capsys) -> None:
    recording = small_recording(ticks=300)
    short = type(recording)(
        counts=recording.counts[:ticks],
        velocity=recording.velocity[:ticks],
        tick_seconds=recording.tick_seconds,
        segment_starts=np.zeros(1, dtype=np.int64),
        reach_starts=np.zeros(1, dtype=np.int64),
        channel_names=recording.channel_names,
        source="short",
        sha256="",
    )
    short.save(tmp_path / "short.h5")
    line = refused(capsys, "run", tmp_path / "short.h5", "--out", tmp_path / "run")
    assert says in line
    assert not (tmp_path / "run").exists()


def test_a_refused_setting_writes_nothing(recording_path, tmp_path, capsys) -> None:
    out = tmp_path / "run"
    line = refused(capsys, "run", recording_path, "--out", out, "--set", "widths.weight=99")
    assert "widths.weight is 99" in line
    assert not out.exists()


def test_a_history_that_no_decoder_holds_is_refused_before_training(
    recording_path, tmp_path, capsys
) -> None:
    long = ["--set", "window.seconds=4", "--set", "window.steps=64"]
    recording = small_recording(ticks=30_000, channels=2)
    recording.save(tmp_path / "long.h5")
    line = refused(capsys, "train", tmp_path / "long.h5", "--out", tmp_path / "run", *long)
    assert "4096" in line
    assert not (tmp_path / "run").exists()


def test_a_full_disk_is_one_line(recording_path, tmp_path, monkeypatch, capsys) -> None:
    from aegru_hw.recordings import recording as module

    def full(*arguments, **options):
        raise OSError(28, "No space left on device", "out.h5")

    monkeypatch.setattr(module.Recording, "save", full)
    source = tmp_path / "source.npz"
    np.savez(source, c=np.zeros((100, 3)), v=np.zeros((100, 2)))
    arguments = ["--counts", "c", "--velocity", "v", "--tick", 0.05]
    assert "No space left" in refused(capsys, "import", source, tmp_path / "out.h5", *arguments)
    assert os.listdir(tmp_path) == ["source.npz"]


def test_interruption_leaves_a_checkpoint_that_resume_goes_on_from(
    recording_path, tmp_path, monkeypatch, capsys
) -> None:
    from aegru_hw.decoder import fit

    real, calls = fit._epoch, []

    def interrupted(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*arguments)

    run, whole = tmp_path / "run", tmp_path / "whole"
    train = ["train", str(recording_path), "--quiet"]
    monkeypatch.setattr(fit, "_epoch", interrupted)
    assert main([*train, "--out", str(run), *SETTINGS]) == 130
    assert "--resume" in capsys.readouterr().err
    assert sorted(os.listdir(run)) == ["checkpoint.safetensors", "config.toml", "recording.h5"]
    monkeypatch.setattr(fit, "_epoch", real)
    assert "--resume" in refused(capsys, *train, "--out", run, "--resume", *SETTINGS)
    assert main([*train, "--out", str(run), "--resume"]) == 0
    assert main([*train, "--out", str(whole), *SETTINGS]) == 0
    weights = "float.safetensors"
    assert (run / weights).read_bytes() == (whole / weights).read_bytes()


@pytest.mark.slow
def test_run_vendor_says_what_it_looked_for(finished_run, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    line = refused(capsys, "synth", finished_run, "--run-vendor", "--force")
    assert "vitis" in line
    assert (finished_run / "hls").exists()


COMMANDS = [
    "fetch",
    "generate",
    "import",
    "inspect",
    "train",
    "quantize",
    "simulate",
    "synth",
    "sweep-lanes",
    "verify",
]


@pytest.mark.parametrize("command", [*COMMANDS, "run", "sweep", "demo"])
def test_help_has_an_example(command, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"example: aegru-hw {command}" in capsys.readouterr().out
