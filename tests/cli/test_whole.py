"""The whole way in one command, and what is refused before it begins."""

import os
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from aegru_hw.cli import build_parser, main
from aegru_hw.runs.folder import RunFolder
from tests.cli.commands import SETTINGS, done, printed, refused, said, snapshot, summary_of
from tests.support.recordings import small_recording

PAIRS_WITH_REFERENCE = {
    f"{name}_vs_fixed" for name in ("brevitas", "streaming", "live", "c", "onnx", "firmware", "rtl")
}


@pytest.mark.slow
def test_run_goes_the_whole_way_without_a_mismatch(finished_run) -> None:
    summary = summary_of(finished_run)
    assert set(summary["r2"]) == {
        *("float", "pruned", "quantised"),
        *("fixed", "brevitas", "streaming", "live", "c", "onnx", "firmware", "rtl"),
    }
    assert all(set(r2) == {"mean", "x", "y"} for r2 in summary["r2"].values())
    assert set(summary["mismatches"]) > PAIRS_WITH_REFERENCE
    assert len(summary["mismatches"]) == 28
    assert not any(summary["mismatches"].values())
    assert summary["ticks_compared"] > summary["ticks_scored"] > 300
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
    assert summary["stale"] == summary["left_out"] == []
    assert not (finished_run / "checkpoint.safetensors").exists()
    assert "R² along the chain" in (finished_run / "report.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_what_is_left_out_is_neither_made_nor_compared_and_is_said(light_copy, capsys) -> None:
    summary = summary_of(light_copy)
    assert summary["left_out"] == ["firmware", "rtl"]
    assert set(summary["mismatches"]) == {
        f"{second}_vs_{first}"
        for first, second in combinations(
            ("fixed", "brevitas", "streaming", "live", "c", "onnx"), 2
        )
    }
    assert not (light_copy / "hls").exists()
    assert not (light_copy / "rtl").exists()
    page = (light_copy / "report.html").read_text(encoding="utf-8")
    assert "left out" in page.lower()
    text = said(capsys, "verify", light_copy, "--without", "rtl", "--without", "firmware")
    assert "left out: firmware, rtl" in text
    assert "all other 10 pairs: 0" in text


@pytest.mark.parametrize("names", ["vhdl", "rtl,vhdl", "fixed", ""])
@pytest.mark.parametrize("command", ["run", "demo", "verify"])
def test_names_to_leave_out_are_checked_before_anything(
    names, command, recording_path, tmp_path, capsys
) -> None:
    run = tmp_path / "run"
    arguments = {
        "run": ["run", recording_path, "--out", run],
        "demo": ["demo", "--out", run],
        "verify": ["verify", run],
    }[command]
    line = refused(capsys, *arguments, "--without", names)
    assert "brevitas, streaming, live, c, onnx, firmware, rtl" in line
    assert not run.exists()


def test_missing_and_foreign_recordings(tmp_path, capsys) -> None:
    missing = tmp_path / "missing.h5"
    out = tmp_path / "run"
    assert str(missing) in refused(capsys, "run", missing, "--out", out)
    text = tmp_path / "text.h5"
    text.write_text("no HDF5 at all")
    refused(capsys, "run", text, "--out", out)
    refused(capsys, "inspect", text)
    assert not out.exists()


@pytest.mark.parametrize("command", ["train", "run"])
def test_without_resume_a_recording_is_needed(command, tmp_path, capsys) -> None:
    line = refused(capsys, command, "--out", tmp_path / "run")
    assert "RECORDING" in line
    assert "--resume" in line
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("ticks", "says"), [(5, "shorter than the history"), (17, "split is empty")]
)
def test_too_short_recordings(ticks, says, tmp_path, capsys) -> None:
    recording = small_recording(ticks=300)
    short = type(recording)(
        counts=recording.counts[:ticks],
        velocity=recording.velocity[:ticks],
        tick_seconds=recording.tick_seconds,
        source="short",
    )
    short.save(tmp_path / "short.h5")
    line = refused(capsys, "run", tmp_path / "short.h5", "--out", tmp_path / "run")
    assert says in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--set", "widths.weight=99"], "widths.weight is 99"),
        (["--reuse-factor", "0"], "reuse factor 0"),
        (["--clock-period", "-1"], "clock period -1.0"),
        (["--part", "no part"], "part 'no part'"),
        (["--target", "ecp5"], "choose one of ice40up5k, ecp5-25k, ecp5-85k, xc7"),
    ],
)
def test_a_refused_setting_of_any_step_writes_nothing(
    options, says, recording_path, tmp_path, capsys
) -> None:
    out = tmp_path / "run"
    assert says in refused(capsys, "run", recording_path, "--out", out, *SETTINGS, *options)
    assert os.listdir(tmp_path) == []


def test_a_missing_tool_is_named_before_training_and_no_folder_is_left(
    recording_path, tmp_path, monkeypatch, capsys
) -> None:
    from aegru_hw.recordings import generator

    def never(*arguments: object, **options: object) -> None:
        raise AssertionError("a recording was generated")

    monkeypatch.setattr(generator, "generate", never)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    out = tmp_path / "run"
    for command in (["run", recording_path, "--out", out, *SETTINGS], ["demo", "--out", out]):
        line = refused(capsys, *command)
        assert "g++" in line
        assert "apt-get install g++" in line
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_training_alone_needs_no_tools_of_hardware(recording_path, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    done("train", recording_path, "--out", tmp_path / "run", *SETTINGS)


def foreign_site(folder: Path) -> Path:
    """Make the folder of a web site, which has a config.toml too."""
    site = folder / "site"
    (site / "content").mkdir(parents=True)
    (site / "config.toml").write_text("title = 'years of work'\n")
    (site / "content" / "thesis.md").write_text("years of work\n")
    return site


@pytest.mark.parametrize("command", ["train", "run"])
def test_force_touches_nothing_in_a_folder_that_is_no_run(
    command, recording_path, tmp_path, capsys
) -> None:
    site = foreign_site(tmp_path)
    before = snapshot(tmp_path)
    line = refused(capsys, command, recording_path, "--out", site, "--force", *SETTINGS)
    assert "holds no run to replace" in line
    assert snapshot(tmp_path) == before
    assert sorted(os.listdir(site)) == ["config.toml", "content"]


def test_demo_does_not_take_a_foreign_folder_either(tmp_path, capsys) -> None:
    site = foreign_site(tmp_path)
    before = snapshot(tmp_path)
    assert "holds no run" in refused(capsys, "demo", "--out", site, "--force")
    assert snapshot(tmp_path) == before


@pytest.mark.slow
def test_force_takes_neither_the_working_folder_nor_home_nor_a_link(
    light_copy, recording_path, tmp_path, monkeypatch, capsys
) -> None:
    link = tmp_path / "link"
    link.symlink_to(light_copy)
    before = snapshot(light_copy)
    force = ["train", recording_path, "--force", *SETTINGS, "--out"]
    assert "is a link" in refused(capsys, *force, link)
    with monkeypatch.context() as patch:
        patch.chdir(light_copy)
        assert "the working folder" in refused(capsys, *force, ".")
    with monkeypatch.context() as patch:
        patch.setenv("HOME", str(light_copy))
        assert "the home folder" in refused(capsys, *force, light_copy)
    assert snapshot(light_copy) == before


@pytest.mark.slow
def test_force_replaces_the_run_and_keeps_a_file_of_the_users(light_copy, recording_path) -> None:
    (light_copy / "notes.txt").write_text("mine")
    (light_copy / "hls").mkdir()
    done("train", recording_path, "--out", light_copy, "--force", "--seed", "3", *SETTINGS)
    assert (light_copy / "notes.txt").read_text() == "mine"
    assert summary_of(light_copy)["seed"] == 3
    for replaced in ("decoder.h5", "hls", "report.html"):
        assert not (light_copy / replaced).exists()


@pytest.mark.parametrize("command", ["train", "run", "demo"])
def test_a_missing_parent_folder_is_one_line_and_stays_missing(
    command, recording_path, tmp_path, capsys
) -> None:
    out = tmp_path / "not" / "there" / "run"
    given = [] if command == "demo" else [recording_path]
    line = refused(capsys, command, *given, "--out", out, *SETTINGS)
    assert str(out.parent) in line
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_an_existing_run_is_not_overwritten(light_copy, recording_path, capsys) -> None:
    before = snapshot(light_copy)
    for command in ("train", "run"):
        line = refused(capsys, command, recording_path, "--out", light_copy)
        assert "--force" in line
        assert f"aegru-hw {command} --out {light_copy} --resume" in line
    assert "--resume" in refused(capsys, "demo", "--out", light_copy)
    assert snapshot(light_copy) == before


@pytest.mark.slow
def test_resume_makes_what_is_missing_and_nothing_else(light_copy, capsys) -> None:
    (measured,) = (path for path in (light_copy / "results").iterdir() if path.is_dir())
    shutil.rmtree(measured)
    (light_copy / "report.html").unlink()
    before = (light_copy / "decoder.h5").stat().st_mtime_ns
    summary = printed(capsys, "run", "--out", light_copy, "--resume")
    assert not any(summary["mismatches"].values())
    assert (light_copy / "decoder.h5").stat().st_mtime_ns == before
    assert (light_copy / "report.html").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--seed", "5"], "seed is 0, not 5"),
        (["--set", "widths.weight=4"], "widths.weight is 8, not 4"),
        (["--preset", "lean"], "training.epochs is 2, not"),
        (["--lanes", "8"], "lanes is None, not 8"),
        (["--strategy", "latency"], "firmware.strategy is None, not 'latency'"),
        (["--part", "xc7a35t"], "firmware.part is None, not 'xc7a35t'"),
        (["--target", "ecp5-25k"], "target is None, not 'ecp5-25k'"),
        (["--without", "rtl"], "without is ('firmware', 'rtl'), not ('rtl',)"),
    ],
)
def test_resume_refuses_what_is_not_the_runs_own(light_copy, options, says, capsys) -> None:
    before = snapshot(light_copy)
    line = refused(capsys, "run", "--out", light_copy, "--resume", *options)
    assert says in line
    assert snapshot(light_copy) == before


@pytest.mark.slow
def test_resume_refuses_another_recording(light_copy, tmp_path, capsys) -> None:
    small_recording(seed=1).save(tmp_path / "other.h5")
    for command in ("train", "run"):
        line = refused(capsys, command, tmp_path / "other.h5", "--out", light_copy, "--resume")
        assert "the recording (the run's is small)" in line


@pytest.mark.slow
def test_resume_takes_what_is_the_runs_own(light_copy, recording_path) -> None:
    own = ["--seed", "0", "--target", "none", "--without", "firmware,rtl", *SETTINGS]
    done("run", recording_path, "--out", light_copy, "--resume", *own)
    done("run", recording_path, "--out", light_copy, "--resume", "--preset", "paper", *own)


@pytest.mark.slow
def test_resume_and_force_contradict_each_other(light_copy, capsys) -> None:
    for command in ("train", "run"):
        line = refused(capsys, command, "--out", light_copy, "--resume", "--force")
        assert "give one of them" in line


def test_resume_needs_a_run(tmp_path, capsys) -> None:
    for command in ("train", "run"):
        line = refused(capsys, command, "--out", tmp_path / "run", "--resume")
        assert "holds no run" in line
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_a_folder_with_a_space_is_quoted_in_every_command(light_run, tmp_path, capsys) -> None:
    run = Path(shutil.copytree(light_run, tmp_path / "a run"))
    line = refused(capsys, "run", "--out", run, light_run / "recording.h5")
    assert f"--out '{run}' --resume" in line
    (run / "quantized.safetensors").unlink()
    text = said(capsys, "status", run)
    assert f"aegru-hw quantize '{run}'" in text


@pytest.mark.slow
def test_what_is_odd_is_said_in_words(tmp_path, capsys) -> None:
    recording = small_recording()
    counts, velocity = recording.counts.copy(), recording.velocity.copy()
    counts[:, :6] = 0
    velocity[recording.ticks // 2 :, 1] = 0.1  # after the training split
    velocity[recording.ticks // 2 :, 0] *= -1
    odd = replace(recording, counts=counts, velocity=velocity)
    odd.save(tmp_path / "odd.h5")
    out = tmp_path / "run"
    command = ["run", tmp_path / "odd.h5", "--out", out, "--without", "rtl,firmware"]
    text = said(capsys, *command, *SETTINGS)
    assert "float      R² undefined" in text
    assert "note: 6 of 12 channels (50%) never fire" in text
    every = "float, pruned, quantised, fixed, brevitas, streaming, live, c, onnx"
    assert f"note: {every}: R² of y is undefined: the true velocity y is constant" in text
    assert "note: float: R² of x is -" in text
    assert "worse than the mean velocity" in text
    summary = summary_of(out)
    assert summary["r2"]["fixed"]["y"] is summary["r2"]["fixed"]["mean"] is None
    assert printed(capsys, "verify", out)["r2"]["float"]["mean"] is None
    assert "  note: 6 of 12 channels" in said(capsys, "status", out)


@pytest.mark.slow
def test_a_recording_without_a_spike_is_said(tmp_path, capsys) -> None:
    recording = small_recording(ticks=600)
    replace(recording, counts=recording.counts * 0).save(tmp_path / "silent.h5")
    command = ["train", tmp_path / "silent.h5", "--out", tmp_path / "run", *SETTINGS]
    assert "note: all counts are zero: there is no spike" in said(capsys, *command)


def test_demo_places_by_default() -> None:
    parser = build_parser()
    assert parser.parse_args(["demo"]).target == "ecp5-25k"
    assert parser.parse_args(["run", "r.h5", "--out", "x"]).target is None


@pytest.mark.slow
def test_demo_says_how_its_recording_was_made(tmp_path, monkeypatch, capsys) -> None:
    from aegru_hw.cli import whole

    monkeypatch.setattr(whole, "DEMO_SECONDS", 20.0)
    monkeypatch.setattr(whole, "DEMO_CHANNELS", 12)
    out = tmp_path / "demo"
    light = ["--without", "rtl,firmware", "--target", "none", "--seed", "2"]
    assert main(["demo", "--out", str(out), *light, *SETTINGS, "--quiet"]) == 0
    assert "all other 10 pairs: 0" in capsys.readouterr().out
    made_by = "aegru-hw generate generated.mat --channels 12 --seconds 20 --seed 2"
    assert summary_of(out)["recording"]["made_by"] == made_by
    assert RunFolder(out).is_run
    done("run", "--out", out, "--resume")
    assert summary_of(out)["recording"]["made_by"] == made_by
