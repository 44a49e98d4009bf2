"""The commands that check and show: what they print, what they refuse, and what is stale."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from aegru_hw.cli import main
from tests.cli.commands import printed, refused, said, snapshot, strict_json, summary_of
from tests.support.recordings import small_recording


@pytest.mark.slow
def test_every_command_prints_strict_json(run_copy, recording_path, tmp_path, capsys) -> None:
    velocity = tmp_path / "velocity.npz"
    facts = printed(capsys, "simulate", run_copy, recording_path, "--out", velocity)
    assert facts["velocity"] == str(velocity)
    facts = printed(capsys, "simulate", run_copy, recording_path, "--lanes", "16")
    assert facts["engine"]["lanes"] == facts["energy"]["lanes"] == 16
    for command in (["verify", run_copy], ["verify", run_copy, recording_path]):
        assert printed(capsys, *command) == summary_of(run_copy)
    printed(capsys, "inspect", recording_path)
    assert printed(capsys, "report", run_copy)["path"] == str(run_copy / "report.html")
    assert printed(capsys, "status", run_copy)["next"] is None
    decoded = np.load(velocity, allow_pickle=False)["velocity"]
    assert decoded.shape == (1500, 2)
    assert np.isfinite(decoded).all()
    for path in run_copy.rglob("*.json"):
        strict_json(path.read_text(encoding="utf-8"))


@pytest.mark.slow
def test_verify_fails_where_an_execution_differs(light_copy, monkeypatch, capsys) -> None:
    from aegru_hw.fixedpoint import streaming_form

    real = streaming_form.run_streaming_form

    def one_code_off(decoder, counts):
        result = real(decoder, counts)
        result.velocity[100, 0] += 1
        return result

    monkeypatch.setattr(streaming_form, "run_streaming_form", one_code_off)
    found = printed(capsys, "verify", light_copy, status=1)["mismatches"]
    assert {pair: count for pair, count in found.items() if count} == {
        "streaming_vs_fixed": 1,
        "streaming_vs_brevitas": 1,
        "live_vs_streaming": 1,
        "c_vs_streaming": 1,
        "onnx_vs_streaming": 1,
    }
    text = said(capsys, "verify", light_copy, status=1)
    assert "  streaming_vs_fixed   1\n" in text
    assert "all other 10 pairs: 4" in text
    assert "1 mismatches" in said(capsys, "status", light_copy)


@pytest.mark.slow
def test_verify_fails_where_a_counter_is_not_as_predicted(run_copy, monkeypatch, capsys) -> None:
    from aegru_hw.rtl import verification

    real = verification.tick_costs

    def one_cycle_more(decoder, plan, counts):
        costs = real(decoder, plan, counts)
        costs.cycles[70] += 1
        return costs

    monkeypatch.setattr(verification, "tick_costs", one_cycle_more)
    summary = printed(capsys, "verify", run_copy, "--without", "firmware", status=1)
    assert summary["cycles"]["predicted_equal"] is False
    assert not any(summary["mismatches"].values())
    assert summary["left_out"] == ["firmware"]


@pytest.mark.slow
def test_another_recording_is_kept_apart(light_copy, tmp_path, capsys) -> None:
    other = tmp_path / "other.h5"
    small_recording(seed=7).save(other)
    before = summary_of(light_copy)
    text = said(capsys, "verify", light_copy, other)
    assert text.startswith("test split of another recording, small")
    assert (
        "note: fixed, brevitas, streaming, live, c, onnx: R² of x is -" in text
    )  # trained on other channels' tuning
    assert "all other 10 pairs: 0" in text
    after = summary_of(light_copy)
    ((digest, found),) = after["other_recordings"].items()
    assert {**after, "other_recordings": {}} == before
    assert found["r2"]["fixed"] != after["r2"]["fixed"]
    facts = printed(capsys, "verify", light_copy, other)
    assert facts["recording"] == digest
    assert facts["r2"] == found["r2"]
    assert "other recording: small" in said(capsys, "status", light_copy)


@pytest.mark.slow
def test_another_recordings_mismatches_are_its_own(
    light_copy, tmp_path, monkeypatch, capsys
) -> None:
    from aegru_hw.fixedpoint import streaming_form

    other = tmp_path / "other.h5"
    small_recording(seed=7).save(other)
    real = streaming_form.run_streaming_form

    def one_code_off(decoder, counts):
        result = real(decoder, counts)
        result.velocity[9, 1] -= 1
        return result

    with monkeypatch.context() as patch:
        patch.setattr(streaming_form, "run_streaming_form", one_code_off)
        assert printed(capsys, "verify", light_copy, other, status=1)
    assert not any(summary_of(light_copy)["mismatches"].values())
    assert main(["verify", str(light_copy), "--quiet"]) == 0


@pytest.mark.slow
def test_firmware_that_was_never_compared_is_not_claimed(run_copy, capsys) -> None:
    latency = ["--force", "--strategy", "latency"]
    assert printed(capsys, "synth", run_copy, *latency)["strategy"] == "latency"
    summary = summary_of(run_copy)
    assert summary["firmware"]["strategy"] == "latency"
    assert "firmware" not in summary["r2"]
    assert not [pair for pair in summary["mismatches"] if "firmware" in pair]
    assert len(summary["mismatches"]) == 21
    (stale,) = summary["stale"]
    assert stale["result"].endswith("/firmware")
    assert stale["because"] == ["hls/ changed"]
    text = said(capsys, "status", run_copy)
    (line,) = (line for line in text.splitlines() if "verified: firmware" in line)
    assert line.split()[2] == "stale"
    assert "hls/ changed" in line
    assert f"next: aegru-hw verify {run_copy}" in text
    text = said(capsys, "verify", run_copy, "--without", "firmware,rtl,live,brevitas")
    assert f"/firmware (hls/ changed); `aegru-hw verify {run_copy}` renews it" in text


@pytest.mark.slow
def test_the_engine_of_a_run(run_copy, recording_path, capsys) -> None:
    assert "--force" in refused(capsys, "synth", run_copy, "--backend", "rtl")
    assert "--force" in refused(capsys, "synth", run_copy)
    for folder in (run_copy / "synth" / "ecp5-25k", run_copy / "lanes" / "ecp5-25k_p4"):
        folder.mkdir(parents=True)
    again = ["synth", run_copy, "--backend", "rtl", "--lanes", "16", "--force"]
    assert printed(capsys, *again)["parameters"]["Lanes"] == 16
    summary = summary_of(run_copy)
    # What was found of another engine.
    assert summary["cycles"] is summary["energy"] is None
    assert "rtl" not in summary["r2"]
    assert "rtl" not in summary["macs"]
    assert not [pair for pair in summary["mismatches"] if "rtl" in pair]
    assert not (run_copy / "synth").exists()
    assert not (run_copy / "lanes").exists()
    assert printed(capsys, "verify", run_copy)["cycles"]["lanes"] == 16
    assert "utilisation" in said(capsys, "simulate", run_copy, recording_path, "--lanes", "16")
    (run_copy / "rtl" / "parameters.json").write_text("{}")
    assert "parameters.json" in refused(capsys, "verify", run_copy, "--quiet")


@pytest.mark.slow
def test_a_configuration_edited_by_hand_changes_nothing_and_is_reported(light_copy, capsys) -> None:
    config = light_copy / "config.toml"
    text = config.read_text()
    assert "steps = 5" in text
    before = summary_of(light_copy)
    config.write_text(text.replace("steps = 5", "steps = 3"))
    status = printed(capsys, "status", light_copy)
    states = {part["name"]: (part["state"], part["says"]) for part in status["parts"]}
    assert states["float network"] == ("stale", "what config.toml says of training changed")
    assert states["decoder"] == ("stale", "config.toml changed")
    assert "config.toml changed" in said(capsys, "status", light_copy)
    after = printed(capsys, "verify", light_copy)
    assert after["ticks_compared"] == before["ticks_compared"]
    assert after["mismatches"] == before["mismatches"]
    for name in ("fixed", "streaming", "live", "brevitas"):
        assert after["r2"][name] == before["r2"][name]
    line = refused(capsys, "quantize", light_copy, "--force")
    assert "[window]" in line


@pytest.mark.slow
@pytest.mark.parametrize("command", ["verify", "simulate"])
@pytest.mark.parametrize(
    ("changes", "says"),
    [({"channels": 13}, ("13 channels", "12")), ({"tick_seconds": 0.1}, ("0.1 s", "0.05 s"))],
)
def test_a_recording_of_another_kind_is_refused(
    light_run, tmp_path, capsys, command, changes, says
) -> None:
    small_recording(**changes).save(tmp_path / "other.h5")
    line = refused(capsys, command, light_run, tmp_path / "other.h5")
    assert all(part in line for part in says)


@pytest.mark.slow
def test_a_tampered_decoder_is_refused(light_copy, capsys) -> None:
    with h5py.File(light_copy / "decoder.h5", "r+") as file:
        file["recurrent/weight"][0, 0] += 1
    assert "checksum" in refused(capsys, "verify", light_copy, "--quiet")
    (light_copy / "decoder.h5").write_bytes(b"not a decoder")
    assert "HDF5" in refused(capsys, "verify", light_copy, "--quiet")
    (light_copy / "decoder.h5").unlink()
    assert "aegru-hw quantize" in refused(capsys, "verify", light_copy, "--quiet")


@pytest.mark.slow
def test_simulate_overwrites_neither_recording_nor_run(light_copy, tmp_path, capsys) -> None:
    recording = tmp_path / "recording.h5"
    shutil.copyfile(light_copy / "recording.h5", recording)
    link = tmp_path / "link.npz"
    link.symlink_to(light_copy / "decoder.h5")
    before = snapshot(light_copy)
    for out in (recording, link, light_copy / "decoder.h5", light_copy / "recording.h5"):
        line = refused(capsys, "simulate", light_copy, recording, "--out", out, "--force")
        assert "is the same file as" in line
    assert snapshot(light_copy) == before


@pytest.mark.slow
def test_run_vendor_says_what_it_looked_for(run_copy, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    before = snapshot(run_copy)
    line = refused(capsys, "synth", run_copy, "--run-vendor", "--force")
    assert "vitis" in line
    assert snapshot(run_copy) == before


HOLDING = """
import sys, time
from aegru_hw.runs.folder import RunFolder
with RunFolder(sys.argv[1]).held():
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.slow
def test_a_second_process_is_refused_and_a_killed_ones_lock_taken_over(light_copy, capsys) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(light_copy)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        for command in (
            ["verify", light_copy],
            ["synth", light_copy],
            ["run", "--out", light_copy, "--resume"],
            ["quantize", light_copy, "--force"],
        ):
            line = refused(capsys, *command, "--quiet")
            assert f"in use by process {holder.pid}" in line
        assert main(["status", str(light_copy)]) == 0
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        holder.stdout.close()
    capsys.readouterr()
    assert main(["verify", str(light_copy), "--quiet"]) == 0


def test_status_of_what_is_no_run(tmp_path, capsys) -> None:
    assert "holds no run" in refused(capsys, "status", tmp_path)
    assert "holds no run" in refused(capsys, "status", tmp_path / "nothing", "--json")
    assert os.listdir(tmp_path) == []


@pytest.mark.slow
def test_status_says_what_is_next(light_copy, capsys) -> None:
    text = said(capsys, "status", light_copy)
    assert text.splitlines()[0] == str(light_copy)
    assert "verified: rtl        left out  --without rtl" in text
    assert text.splitlines()[-1] == "next: nothing; all of it is there"
    (light_copy / "report.html").unlink()
    assert printed(capsys, "status", light_copy)["next"] == f"aegru-hw report {light_copy}"
    (light_copy / "decoder.h5").unlink()
    status = printed(capsys, "status", light_copy)
    assert status["next"] == f"aegru-hw quantize {light_copy}"
    states = {part["name"]: part["state"] for part in status["parts"]}
    assert states == {"recording": "there", "float network": "there", "decoder": "missing"}


def test_doctor_finds_what_the_tests_run_with(capsys) -> None:
    text = said(capsys, "doctor", "--for", "train", "report")
    assert "nothing is missing" in text
    facts = printed(capsys, "doctor", "--for", "train", "report")
    assert facts["problems"] == []
    assert {"torch", "brevitas"} <= {finding["name"] for finding in facts["findings"]}


def test_doctor_names_what_is_missing(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    text = said(capsys, "doctor", "--for", "firmware", status=1)
    assert "apt-get install g++" in text
    facts = printed(capsys, "doctor", "--for", "firmware", status=1)
    assert any(problem.startswith("g++: ") for problem in facts["problems"])
    with pytest.raises(SystemExit):
        main(["doctor", "--for", "coffee"])


def test_doctor_looks_at_the_way_of_a_run(recording_path, tmp_path, capsys) -> None:
    doctor = ["doctor", "--for", "report", "--out", tmp_path / "run"]
    assert "reuse factor 0" in said(capsys, *doctor, "--reuse-factor", "0", status=1)
    long = ["--set", "window.seconds=4", "--set", "window.steps=64"]
    wrong = ["--recording", recording_path, *long]
    (problem,) = printed(capsys, *doctor, *wrong, status=1)["problems"]
    assert "history" in problem
    assert printed(capsys, *doctor, "--recording", recording_path)["problems"] == []
    assert os.listdir(tmp_path) == []
