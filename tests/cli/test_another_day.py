"""Another day from the command line: recalibrate, drift, fits, train of several sessions."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from aegru_hw.drift import measure
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.rtl.elaboration import engine_parameters
from aegru_hw.runs import recalibration
from aegru_hw.runs.folder import RunFolder
from aegru_hw.strict_json import write_json
from tests.cli.commands import SETTINGS, done, printed, refused, said, snapshot, summary_of
from tests.support.recordings import small_recording


@pytest.fixture(scope="module")
def days(tmp_path_factory) -> list[Path]:
    """Return the recordings of two more days."""
    folder = tmp_path_factory.mktemp("days")
    paths = []
    for day, name in ((1, "tuesday"), (2, "wednesday")):
        paths.append(folder / f"{name}.h5")
        small_recording(ticks=700, day=day).save(paths[-1])
    return paths


@pytest.fixture
def quick_nights(monkeypatch) -> None:
    monkeypatch.setattr(recalibration, "NIGHT", replace(recalibration.NIGHT, updates=5))


def test_recalibrate_says_r2_before_and_after(light_run, days, tmp_path, capsys) -> None:
    run = tmp_path / "tuesday_run"
    text = said(capsys, "recalibrate", light_run, days[0], "--out", run, "--minutes", 0.2)
    lines = text.splitlines()
    assert lines[0] == "R² on the test split of small, day 1"
    assert [line.split()[0] for line in lines[1:-2]] == ["unchanged", "recalibrated"]
    assert lines[-2].startswith("method ")
    assert "R² within the minutes: statistics" in lines[-2]
    assert lines[-1].endswith(str(run))
    parent = load_decoder(light_run / "decoder.h5")
    assert load_decoder(run / "decoder.h5").provenance["parent"] == parent.digest
    done("verify", run)
    assert not any(summary_of(run)["mismatches"].values())


def test_recalibrate_in_json_beside_training_from_nothing(
    light_run, days, tmp_path, capsys
) -> None:
    arguments = ("--minutes", 0.2, "--method", "statistics", "--compare", "minutes")
    facts = printed(
        capsys, "recalibrate", light_run, days[0], "--out", tmp_path / "run", *arguments
    )
    assert (facts["method"], facts["minutes"], facts["validation"]) == ("statistics", 0.2, {})
    assert set(facts["r2"]) == {"unchanged", "quantised"}
    assert set(facts["others"]) == {"from nothing, minutes"}


def test_recalibrate_refuses(light_run, days, tmp_path, capsys) -> None:
    begin = ("recalibrate", light_run, days[0], "--out", tmp_path / "run")
    assert "leave --method out" in refused(
        capsys, *begin, "--minutes", "session", "--method", "all"
    )
    assert "minutes hold" in refused(capsys, *begin, "--minutes", 0.01)
    small_recording(ticks=700, channels=11).save(tmp_path / "other.h5")
    other = ("recalibrate", light_run, tmp_path / "other.h5", "--out", tmp_path / "run")
    assert "the recording has 11 channels" in refused(capsys, *other)
    assert not (tmp_path / "run").exists()


def test_fits_says_yes_or_why_not(light_copy, tmp_path, capsys) -> None:
    run = RunFolder(light_copy)
    assert "has no engine" in refused(capsys, "fits", run.decoder, run.path)
    run.rtl.mkdir()
    write_json(engine_parameters(load_decoder(run.decoder), 2), run.rtl / "parameters.json")
    assert said(capsys, "fits", run.decoder, run.path) == "rtl, 2 lanes: yes\n"
    random_decoder(1, channels=13).save(tmp_path / "other.h5")
    text = said(capsys, "fits", tmp_path / "other.h5", run.path, status=1)
    assert text.startswith("rtl, 2 lanes: no\n  it needs MaxChannels 13, and the engine has 12")
    assert "nothing placed on ecp5-25k" in refused(
        capsys, "fits", run.decoder, run.path, "--target", "ecp5-25k"
    )


def test_drift_goes_on_where_it_was_interrupted(
    light_run, days, tmp_path, capsys, monkeypatch, quick_nights
) -> None:
    columns = ("unchanged", "statistics")
    wanted = [part for name in columns for part in ("--column", name)]
    command = ("drift", light_run, *days, "--out", tmp_path / "drift", *wanted)
    real, calls = recalibration.recalibrate_run, []

    def counted(parent, recording, run, **options) -> object:
        calls.append((recording.source, options["minutes"]))
        if len(calls) == 3:
            raise UserError("interrupted")
        return real(parent, recording, run, **options)

    monkeypatch.setattr(measure, "recalibrate_run", counted)
    assert "interrupted" in refused(capsys, *command, "--quiet")
    before = snapshot(tmp_path / "drift")
    done(*command)
    tuesday, wednesday = "small, day 1", "small, day 2"
    assert calls == [(tuesday, None), (tuesday, 2.0), (wednesday, 2.0), (wednesday, 2.0)]
    after = snapshot(tmp_path / "drift")
    kept = {name for name, (content, _) in before.items() if content is not None}
    assert len(kept) > 4
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    calls.clear()
    table = printed(capsys, *command)
    assert not calls
    assert list(table["mean"]) == list(columns)
    assert len(table["sessions"]) == 2
    assert table["mismatches"] == 0
    assert (tmp_path / "drift" / "drift.html").is_file()


def test_drift_of_the_first_decoder_alone_carries_none(light_run, days, tmp_path, capsys) -> None:
    text = said(
        capsys, "drift", light_run, *days, "--out", tmp_path / "drift", "--column", "first decoder"
    )
    assert "0 mismatches of executions over 2 decoders" in text
    assert not (tmp_path / "drift" / "seed_0" / "carried").exists()


def test_drift_refuses(light_run, days, tmp_path, capsys) -> None:
    command = ("drift", light_run, *days, "--out", tmp_path / "drift")
    assert "--seeds is 0" in refused(capsys, *command, "--seeds", 0)
    assert "--jobs is 0" in refused(capsys, *command, "--jobs", 0)
    assert not (tmp_path / "drift").exists()


def test_train_of_several_sessions(recording_path, days, tmp_path, capsys) -> None:
    run = tmp_path / "run"
    done("train", *days, recording_path, "--out", run, *SETTINGS)
    assert [path.name for path in RunFolder(run).session_paths] == ["000.h5", "001.h5"]
    done("quantize", run)
    assert load_decoder(run / "decoder.h5").geometry.channels == 12
    small_recording(ticks=700, channels=11).save(tmp_path / "other.h5")
    line = refused(capsys, "train", tmp_path / "other.h5", recording_path, "--out", tmp_path / "no")
    assert "11 channels" in line
    assert not (tmp_path / "no").exists()


def test_the_commands_are_listed_without_torch() -> None:
    program = (
        "import sys\nfrom aegru_hw.cli import main\n"
        "try: main(['recalibrate', '--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True).returncode == 0
