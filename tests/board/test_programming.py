"""Programmers: which one is taken, what is said where there is none, and where it fails."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aegru_hw.board import programming
from aegru_hw.board.programming import BOARDS, program, programmer
from aegru_hw.cli import main
from aegru_hw.errors import UserError
from aegru_hw.synthesis.boards import has_board
from aegru_hw.synthesis.targets import TARGETS
from tests.cli.commands import refused
from tests.support.runs import PLACED, write_run


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that alone is looked into for programmers."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(programming, "beside_python", lambda name: None)
    return folder


def tool(folder: Path, name: str, script: str) -> None:
    """Write a program that keeps what it is called with."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$@" > {folder}/called\n{script}\n')
    path.chmod(0o755)


def test_each_board_has_pins() -> None:
    assert all(any(has_board(one, board) for one in TARGETS.values()) for board in BOARDS)


def test_what_would_do_is_said_where_nothing_is_there(tools) -> None:
    with pytest.raises(UserError) as said:
        programmer("icebreaker", Path("x.bin"))
    assert "openFPGALoader (`apt-get install openfpgaloader`" in str(said.value)
    assert "or iceprog (`apt-get install fpga-icestorm`)" in str(said.value)
    with pytest.raises(UserError) as said:
        programmer("upduino3", Path("x.bin"))
    assert "openFPGALoader" not in str(said.value)
    tool(tools, "iceprog", "exit 0")
    with pytest.raises(UserError, match="no programmer for ulx3s is installed"):
        programmer("ulx3s", Path("x.bit"))
    with pytest.raises(UserError, match="there is no board basys; choose one of icebreaker, upd"):
        programmer("basys", Path("x.bit"))


@pytest.mark.parametrize(
    ("board", "name", "called"),
    [
        ("icebreaker", "openFPGALoader", "-b ice40_generic x.bin"),
        ("icebreaker", "openfpgaloader-cli", "-b ice40_generic x.bin"),
        ("icebreaker", "iceprog", "x.bin"),
        ("upduino3", "iceprog", "-d i:0x0403:0x6014 x.bin"),
        ("ulx3s", "openFPGALoader", "-b ulx3s x.bin"),
        ("colorlight-i5", "openFPGALoader", "-b colorlight-i5 x.bin"),
    ],
)
def test_what_a_programmer_is_called_with(tools, board, name, called) -> None:
    tool(tools, name, "exit 0")
    assert program(board, Path("x.bin")) == f"{tools / name} {called}"
    assert (tools / "called").read_text() == f"{called}\n"


def test_a_programmer_that_fails_did_not_program(tools) -> None:
    tool(tools, "openFPGALoader", "echo empty; echo unable to open ftdi device >&2; exit 1")
    with pytest.raises(UserError) as said:
        program("ulx3s", Path("x.bit"))
    assert str(said.value) == (
        "ulx3s is not programmed: openFPGALoader: unable to open ftdi device"
    )


def test_a_programmer_that_hangs_is_ended(tools, monkeypatch) -> None:
    monkeypatch.setattr(programming, "SECONDS", 0.2)
    tool(tools, "openFPGALoader", "exec /bin/sleep 60")
    with pytest.raises(UserError, match=r"did not end within 0\.2 s"):
        program("ulx3s", Path("x.bit"))


def test_program_takes_the_runs_own_bitstream(tools, tmp_path, capsys) -> None:
    tool(tools, "openFPGALoader", "exit 0")
    placed = replace(PLACED, board="ulx3s", bitstream="aegru.bit")
    run = write_run(tmp_path / "run", targets=(placed,))
    line = refused(capsys, "program", run.path, "--board", "ulx3s")
    assert f"`aegru-hw synth {run.path} --target ecp5-25k --board ulx3s` makes it" in line
    bitstream = run.synth / "ecp5-25k" / "aegru.bit"
    bitstream.write_bytes(b"bits")
    assert main(["program", str(run.path), "--board", "ulx3s", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["board"], facts["bitstream"]) == ("ulx3s", str(bitstream))
    assert (facts["keeps"], bitstream.name in facts["command"]) == (False, True)
    line = refused(capsys, "program", run.path, "--board", "icebreaker")
    assert "--target ice40up5k --board icebreaker" in line
