"""The commands that make a decoder: interrupted, gone on with, and made again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from aegru_hw.cli import main
from tests.cli.commands import SETTINGS, done, refused, said, snapshot, summary_of
from tests.support.recordings import small_recording

ROOT = Path(__file__).parents[2]


@pytest.fixture
def interrupted(recording_path, tmp_path, monkeypatch, capsys) -> Path:
    """Return a run whose training was interrupted after an epoch."""
    from aegru_hw.decoder import fit

    real, calls = fit._epoch, []

    def once(*arguments):
        if calls:
            raise KeyboardInterrupt
        calls.append(1)
        return real(*arguments)

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(fit, "_epoch", once)
        assert main(["train", str(recording_path), "--out", str(run), *SETTINGS, "--quiet"]) == 130
    assert "--resume" in capsys.readouterr().err
    return run


def test_interruption_leaves_a_checkpoint_that_resume_goes_on_from(
    interrupted, recording_path, tmp_path, capsys
) -> None:
    assert {path.name for path in interrupted.iterdir() if path.name[0] != "."} == {
        *("checkpoint.safetensors", "config.toml", "options.json", "recording.h5", "run.json"),
    }
    assert "training was interrupted" in said(capsys, "status", interrupted)
    done("train", "--out", interrupted, "--resume")
    whole = tmp_path / "whole"
    done("train", recording_path, "--out", whole, *SETTINGS)
    weights = "float.safetensors"
    assert (interrupted / weights).read_bytes() == (whole / weights).read_bytes()
    assert not (interrupted / "checkpoint.safetensors").exists()
    line = refused(capsys, "train", "--out", interrupted, "--resume")
    assert "is trained already" in line


def test_resume_of_an_interrupted_training_refuses_what_is_not_its_own(
    interrupted, tmp_path, capsys
) -> None:
    small_recording(seed=4).save(tmp_path / "other.h5")
    before = snapshot(interrupted)
    resume = ["train", "--out", interrupted, "--resume"]
    for given, says in (
        (["--seed", 1], "seed is 0, not 1"),
        (["--set", "training.epochs=9", "--set", "seed=7"], "seed is 0, not 7, training.epochs"),
        (["--preset", "fast"], "training.epochs is 2, not"),
        ([tmp_path / "other.h5"], "the recording (the run's is small)"),
        (["--set", "network.latent=99999"], "network.latent is 99999"),
    ):
        assert says in refused(capsys, *resume, *given)
    assert snapshot(interrupted) == before
    done(*resume, "--seed", 0, *SETTINGS)


def test_a_history_that_no_decoder_holds_is_refused_before_training(tmp_path, capsys) -> None:
    long = ["--set", "window.seconds=4", "--set", "window.steps=64"]
    small_recording(ticks=30_000, channels=2).save(tmp_path / "long.h5")
    line = refused(capsys, "train", tmp_path / "long.h5", "--out", tmp_path / "run", *long)
    assert "4096" in line
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_quantize_again_at_other_widths(run_copy, capsys) -> None:
    assert "--force" in refused(capsys, "quantize", run_copy)
    line = refused(capsys, "quantize", run_copy, "--force", "--set", "network.hidden=9")
    assert "network" in line
    for folder in (run_copy / "synth" / "ecp5-25k", run_copy / "lanes" / "ecp5-25k_p4"):
        folder.mkdir(parents=True)
    text = said(capsys, "quantize", run_copy, "--force", "--set", "widths.weight=4")
    assert [line.split()[0] for line in text.splitlines()[:3]] == ["float", "pruned", "quantised"]
    for made_from_the_decoder_before in ("hls", "rtl", "synth", "lanes", "report.html"):
        assert not (run_copy / made_from_the_decoder_before).exists()
    summary = summary_of(run_copy)
    assert set(summary["r2"]) == {"float", "pruned", "quantised"}
    assert summary["mismatches"] == {}
    done("verify", run_copy)
    assert set(summary_of(run_copy)["r2"]) == {
        *("float", "pruned", "quantised", "fixed", "brevitas", "streaming", "live"),
        *("c", "onnx"),
    }


@pytest.mark.slow
def test_training_in_one_script(recording_path, tmp_path) -> None:
    run = tmp_path / "run"

    def script(*arguments: object) -> subprocess.CompletedProcess:
        command = [sys.executable, str(ROOT / "scripts" / "qat_train.py"), *map(str, arguments)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, env=environment)

    first = script(recording_path, "--out", run, *SETTINGS)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == str(run / "decoder.h5")
    assert [line.split()[0] for line in first.stdout.splitlines()[:3]] == [
        *("float", "pruned", "quantised"),
    ]
    again = script(recording_path, "--out", run, *SETTINGS)
    assert again.returncode == 1
    (line,) = again.stderr.strip().splitlines()
    assert line.startswith("qat_train.py: ")
    assert "--resume" in line
