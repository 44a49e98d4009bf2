"""The command that decodes a live stream."""

import csv
import re
import socket
import threading
import time
from contextlib import suppress

import numpy as np
import pytest

from aegru_hw.board.live import BoardDecoder
from aegru_hw.cli import main
from aegru_hw.fixedpoint import LiveDecoder, load_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.streams.udp import HOST, datagram
from tests.cli.commands import printed, refused, said
from tests.fixedpoint.geometries import spikes
from tests.support.runs import write_run


@pytest.fixture
def run(tmp_path):
    return write_run(tmp_path / "run", executions=())


def velocities(path) -> list[list[float]]:
    with open(path, encoding="utf-8") as file:
        return [
            [float(row["velocity_x"]), float(row["velocity_y"])] for row in csv.DictReader(file)
        ]


def expected(run, ticks: int) -> list[list[float]]:
    """Return the velocities of a recording's first ticks: each segment begins after silence."""
    decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
    segments = [decoder.decode(recording.counts[start:stop]) for start, stop in recording.segments]
    return np.concatenate(segments)[:ticks].tolist()


def test_a_replay_into_a_file(run, tmp_path, capsys) -> None:
    out = tmp_path / "velocity.csv"
    command = ["live", run.path, "--input", f"replay:{run.recording}", "--output", f"csv:{out}"]
    facts = printed(capsys, *command, "--fast")
    assert (facts["ticks"], facts["outputs"], facts["missing"]) == (1500, 1500, 0)
    assert 0 < facts["delay_us"]["p50"] <= facts["delay_us"]["longest"]
    assert velocities(out) == expected(run, 1500)
    assert "--force" in refused(capsys, *command, "--fast")
    assert said(capsys, *command, "--fast", "--force").startswith("1,500 ticks, 1,500 outputs; 0 m")


def test_datagrams_to_standard_output(run, capsys) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    counts = load_recording(run.recording).counts[:50]
    done = threading.Event()

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect((HOST, port))
            while not done.is_set():
                time.sleep(0.05)
                with suppress(ConnectionRefusedError):  # told of the datagram before: nobody hears
                    sender.send(datagram(0, []))
                    time.sleep(0.05)
                    for number, row in enumerate(counts):
                        sender.send(datagram(number, spikes(row).tolist()))
                    sender.send(b"")
                    return

    sending = threading.Thread(target=send)
    sending.start()
    try:
        text = said(capsys, "live", run.path, "--input", f"udp:{port}", "--wait", "30")
    finally:
        done.set()
        sending.join()
    rows = list(csv.reader(text.splitlines()))
    assert rows[0] == ["tick", "seconds", "velocity_x", "velocity_y"]
    found = np.array(rows[-50:])[:, 2:].astype(float)
    assert found.tolist() == expected(run, 50)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--input", "tcp:NAME"], "accepted is lsl:NAME, replay:RECORDING or udp:PORT"),
        (["--input", "udp:70000"], "accepted is lsl:NAME, replay:RECORDING or udp:PORT"),
        (["--input", "replay:"], "accepted is lsl:NAME, replay:RECORDING or udp:PORT"),
        (["--input", "replay:nowhere.h5"], "nowhere.h5"),
        (["--input", "udp:0", "--fast"], "--fast is of replay:RECORDING"),
        (["--input", "udp:0", "--wait", "-1"], "seconds above 0"),
        (["--input", "udp:0", "--output", "tcp:1"], "accepted is lsl:NAME, csv:FILE or -"),
        (["--input", "udp:0", "--output", "csv:no/where.csv"], "no/where.csv"),
        (["--input", "udp:0", "--json"], "standard output"),
        (["--input", "udp:0", "--lag", "1"], "--lag is of lsl:NAME"),
        (["--input", "lsl:a", "--fast"], "--fast is of replay:RECORDING"),
        (["--input", "lsl:a", "--lag", "nan"], "milliseconds above 0"),
        (["--input", "lsl:a", "--wait", "inf"], "seconds above 0"),
        (["--input", "lsl:a'b"], "printable characters without quotes"),
        (["--input", "lsl:a", "--output", "lsl:a"], "--output lsl:a is the --input"),
        (["--input", "lsl:a", "--output", "lsl:"], "accepted is lsl:NAME, csv:FILE or -"),
        (["--input", "lsl:a", "--unit", "mm/s"], "--unit is of an --output lsl:NAME"),
        (["--input", "udp:0", "--on", "paper"], "--on paper: accepted is software"),
        (["--input", "udp:0", "--on", "board:"], "--on board:: accepted is software, rtl or board"),
        (["--input", "udp:0", "--on", "board:no"], "there is no port no; accepted are virtual"),
        (["--input", "udp:0", "--on", "rtl"], "aegru-hw synth RUN --backend rtl"),
        (["--input", "udp:0", "--view", "mirror"], "accepted is terminal, browser or browser:PORT"),
        (["--input", "udp:0", "--view", "browser:70000"], "cannot serve a page at port 70000"),
    ],
)
def test_what_is_refused_is_one_line(arguments, says, run, capsys) -> None:
    assert says in refused(capsys, "live", run.path, *arguments)


def test_the_recording_that_is_replayed_is_not_overwritten(run, capsys) -> None:
    command = ["live", run.path, "--input", f"replay:{run.recording}", "--fast", "--force"]
    line = refused(capsys, *command, "--output", f"csv:{run.recording}")
    assert "which is read" in line
    load_recording(run.recording)


def test_a_view_in_the_browser(run, tmp_path, capsys) -> None:
    command = ["live", run.path, "--input", f"replay:{run.recording}", "--fast"]
    command += ["--output", f"csv:{tmp_path / 'v.csv'}", "--view", "browser"]
    assert main([str(part) for part in command]) == 0
    said = capsys.readouterr().err
    assert re.search(r"^aegru-hw: the view is at http://127\.0\.0\.1:\d+/$", said, re.MULTILINE)
    assert velocities(tmp_path / "v.csv") == expected(run, 1500)


def test_a_view_in_what_is_no_terminal_is_said(run, tmp_path, capsys) -> None:
    command = ["live", run.path, "--input", f"replay:{run.recording}", "--fast"]
    command += ["--output", f"csv:{tmp_path / 'v.csv'}", "--view", "terminal"]
    assert main([str(part) for part in command]) == 0
    assert "standard error is no terminal" in capsys.readouterr().err


def test_on_a_board(run, tmp_path, capsys, monkeypatch) -> None:
    """What --on board: opens; tests/streams decode on a virtual one."""
    opened = []

    def stand_in(port, decoder, engine):
        opened.append((port, decoder.digest, engine))
        live = LiveDecoder(decoder)
        live.close = lambda: opened.append("closed")
        return live

    monkeypatch.setattr(BoardDecoder, "open", stand_in)
    out = tmp_path / "velocity.csv"
    ends = ["--input", f"replay:{run.recording}", "--output", f"csv:{out}", "--fast"]
    printed(capsys, "live", run.path, *ends, "--on", "board:serial:/dev/ttyUSB0@9600")
    assert opened == [
        ("serial:/dev/ttyUSB0@9600", load_decoder(run.decoder).digest, run.rtl),
        "closed",
    ]
    assert velocities(out) == expected(run, 1500)
