"""What holds of every command: help, and one line for what goes wrong."""

import os

import numpy as np
import pytest

from aegru_hw.cli import build_parser, main
from tests.cli.commands import SETTINGS, refused

COMMANDS = (
    *("generate", "import", "fetch", "inspect", "train", "quantize", "simulate", "synth"),
    *("export", "live", "board", "program", "recalibrate", "fits", "drift"),
    *("sweep-lanes", "verify", "report", "status", "doctor", "run", "sweep", "benchmark", "demo"),
)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command, capsys) -> None:
    with pytest.raises(SystemExit) as left:
        main([command, "--help"])
    assert left.value.code == 0
    assert f"example: aegru-hw {command}" in capsys.readouterr().out


def test_these_are_all_commands() -> None:
    (commands,) = (action.choices for action in build_parser()._actions if action.dest == "command")
    assert sorted(commands) == sorted(COMMANDS)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(28, "No space left on device", "out.h5"), "No space left on device: out.h5"),
        (OSError("odd"), "odd"),
        (PermissionError(13, "Permission denied", "a/b"), "Permission denied: a/b"),
        (MemoryError("Unable to allocate 9 GiB"), "not enough memory (Unable to allocate 9 GiB)"),
        (ModuleNotFoundError("No module named 'torch'", name="torch"), "torch is not installed"),
    ],
)
def test_what_goes_wrong_is_one_line(error, says, tmp_path, monkeypatch, capsys) -> None:
    from aegru_hw.recordings.recording import Recording

    def fail(*arguments, **options):
        raise error

    monkeypatch.setattr(Recording, "save", fail)
    source = tmp_path / "source.npz"
    np.savez(source, c=np.ones((100, 3)), v=np.ones((100, 2)))
    arguments = ["--counts", "c", "--velocity", "v", "--tick", 0.05]
    assert says in refused(capsys, "import", source, tmp_path / "out.h5", *arguments)
    assert os.listdir(tmp_path) == ["source.npz"]


@pytest.mark.parametrize("name", ["aegru_hw.nothing", None])
def test_a_mistake_of_the_programs_own_is_not_hidden(name, monkeypatch) -> None:
    from aegru_hw.recordings import layout

    def fail(path):
        raise ModuleNotFoundError("No module", name=name)

    monkeypatch.setattr(layout, "describe", fail)
    with pytest.raises(ModuleNotFoundError):
        main(["inspect", "recording.h5"])


@pytest.mark.parametrize(
    ("command", "advice"),
    [
        (["run", "r.h5", "--out", "a b"], "add --resume to go on with 'a b'"),
        (["train", "r.h5", "--out", "x"], "add --resume to go on with x"),
        (["demo", "--out", "x"], "`aegru-hw run --out x --resume` goes on with it"),
        (["sweep", "r.h5", "--out", "x"], "the same command goes on with the study"),
        (["sweep-lanes", "x", "--targets", "xc7"], "the same command goes on with x/lanes"),
        (["benchmark", "r.h5"], "the same command goes on with benchmark"),
        (["report", "x"], "interrupted"),
        (["run", "r.h5", "--out", "new"], "new was not begun"),
        (["demo", "--out", "new"], "new was not begun"),
    ],
)
def test_interruption_says_how_to_go_on(command, advice, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    for run in ("a b", "x"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "run.json").write_text("{}")

    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    for module in ("fetch.recording_path", "layout.open_recording"):
        monkeypatch.setattr(f"aegru_hw.recordings.{module}", interrupted)
    for module in ("runs.folder.RunFolder", "needs.doctor.require"):
        monkeypatch.setattr(f"aegru_hw.{module}", interrupted)
    assert main(command) == 130
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("aegru-hw: interrupted")
    assert line.endswith(advice)


@pytest.mark.parametrize("command", ["synth", "sweep-lanes", "run", "demo", "doctor"])
def test_help_names_every_target(command, capsys) -> None:
    from aegru_hw.synthesis.targets import TARGETS

    with pytest.raises(SystemExit):
        main([command, "--help"])
    words = capsys.readouterr().out.replace(",", " ").replace(":", " ").split()
    assert set(TARGETS) <= set(words)


def test_a_read_only_folder_is_one_line(recording_path, tmp_path, monkeypatch, capsys) -> None:
    real = os.mkdir

    def refuse(path, *arguments, **options):
        if str(path).startswith(str(tmp_path / "run")):
            raise PermissionError(13, "Permission denied", str(path))
        real(path, *arguments, **options)

    monkeypatch.setattr(os, "mkdir", refuse)
    line = refused(capsys, "train", recording_path, "--out", tmp_path / "run", *SETTINGS)
    assert "Permission denied" in line
    assert os.listdir(tmp_path) == []
