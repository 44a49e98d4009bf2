"""The commands of boards on the virtual one, and its place in verify, status and report."""

import json
import re

import numpy as np
import pytest

from aegru_hw.cli import main
from aegru_hw.fixedpoint import LiveDecoder, load_decoder
from aegru_hw.recordings.recording import load_recording
from tests.cli.commands import printed, refused, said, summary_of


def test_info_of_any_virtual_board(capsys) -> None:
    found = printed(capsys, "board", "info", "virtual")
    assert (found["lanes"], found["image"], found["flags"]) == (4, None, [])
    assert found["limits"]["channels"] == 256
    text = said(capsys, "board", "info", "virtual")
    assert "virtual: virtual board, engine of 4 lanes" in text
    assert "none that is valid" in text


def test_load_says_what_arrived(capsys, finished_run) -> None:
    found = printed(capsys, "board", "load", "virtual", finished_run)
    assert (found["flags"], found["tries"]) == (["image_valid"], 1)
    assert found["decoder"] == load_decoder(finished_run / "decoder.h5").digest
    text = said(capsys, "board", "load", "virtual", finished_run)
    assert f"loaded {found['words']:,} words into virtual, CRC-32 {found['crc']:08X}" in text


def test_selftest_counts_mismatches_and_cycles(capsys, finished_run) -> None:
    found = printed(capsys, "board", "selftest", "virtual", finished_run, "--ticks", 40)
    assert (found["outputs"], found["mismatches"], found["is_simulated"]) == (40, 0, True)
    cycles = list(found["clock_cycles"].values())
    assert cycles == sorted(cycles)
    assert cycles[0] > 23 * 64  # the bytes of a velocity that is read twice, at least
    text = said(capsys, "board", "selftest", "virtual", finished_run, "--ticks", 40)
    assert "virtual: 0 mismatches against the simulator in 40 outputs" in text
    assert "simulated, so of no meaning for hardware" in text


def test_selftest_sees_a_mismatch(capsys, finished_run, monkeypatch) -> None:
    from aegru_hw.board import selftest

    honest = selftest.run_streaming_form

    def another(decoder, counts):
        found = honest(decoder, counts)
        found.velocity[3] += 1
        return found

    monkeypatch.setattr(selftest, "run_streaming_form", another)
    arguments = ("board", "selftest", "virtual", finished_run, "--ticks", 20)
    assert printed(capsys, *arguments, status=1)["mismatches"] == 1


def test_decode_is_what_live_decodes(capsys, light_run, tmp_path) -> None:
    out = tmp_path / "velocity.npz"
    recording = load_recording(light_run / "recording.h5")
    found = printed(capsys, "board", "decode", "virtual", light_run, "--out", out)
    assert found["outputs"] == recording.ticks
    live = LiveDecoder.load(light_run / "decoder.h5")
    wanted = []
    for tick, counts in enumerate(recording.counts):
        if tick in recording.segment_starts:
            live.reset()
        wanted.append(live.step_counts(counts))
    with np.load(out) as decoded:
        np.testing.assert_array_equal(decoded["velocity"], wanted)
        np.testing.assert_array_equal(decoded["ticks"], np.arange(recording.ticks))
    assert "exists; --force" in refused(
        *(capsys, "board", "decode", "virtual", light_run, "--quiet", "--out", out)
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("load", "virtual"), "`board load` needs a RUN behind the port"),
        (("info", "virtual", "RUN", "--ticks", "3"), "--ticks is of `board selftest`"),
        (("info", "virtual", "RUN", "--out", "x.npz"), "--out is of `board decode`"),
        (("load", "virtual", "RUN", "--recording", "x"), "--recording is of `board decode` and"),
        (("decode", "virtual", "RUN"), "`board decode` needs --out OUT.npz"),
        (("selftest", "virtual", "RUN", "--ticks", "0"), "--ticks 0: accepted are whole numbers"),
        (("info", "usb"), "there is no port usb; accepted are virtual, spidev:/dev/spidevB.C"),
        (("info", "serial:/dev/ttyNone"), "cannot open /dev/ttyNone: could not open port"),
    ],
)
def test_what_is_not_possible_is_said_in_one_line(capsys, light_run, arguments, says) -> None:
    given = [light_run if argument == "RUN" else argument for argument in arguments]
    assert says in refused(capsys, "board", *given)


def test_verify_compares_a_board_where_it_is_asked_to(capsys, run_copy) -> None:
    assert "board" not in summary_of(run_copy)["r2"]
    found = printed(capsys, "verify", run_copy, "--board", "virtual")
    others = [pair for pair in found["mismatches"] if pair.startswith("board_vs_")]
    assert len(others) == 8
    assert len(found["mismatches"]) == 36
    assert not any(found["mismatches"].values())
    assert found["places"] == {"board": "virtual"}
    assert "board is the virtual board\n" in said(capsys, "verify", run_copy)
    assert "0 mismatches" in board_line(said(capsys, "status", run_copy))
    assert main(["report", str(run_copy), "--quiet"]) == 0
    assert "Virtual board" in (run_copy / "report.html").read_text()
    # It is of the engine's project, as the RTL is.
    with open(run_copy / "rtl" / "rtl" / "aegru_spi.sv", "a") as file:
        file.write("// another\n")
    line = board_line(said(capsys, "status", run_copy))
    assert "stale" in line
    assert "rtl/ changed" in line
    stale = json.dumps(printed(capsys, "status", run_copy))
    assert f"aegru-hw verify {run_copy} --board PORT" in stale


def test_a_board_that_is_not_there_is_said_before_the_work(capsys, light_run) -> None:
    before = (light_run / "summary.json").stat().st_mtime_ns
    line = refused(capsys, "verify", light_run, "--board", "serial:/dev/ttyNone")
    assert "cannot open /dev/ttyNone: could not open port" in line
    assert (light_run / "summary.json").stat().st_mtime_ns == before


def board_line(text: str) -> str:
    (line,) = re.findall(r".*verified: board .*", text)
    return str(line)
