"""Vivado's reports read, from a stand-in on PATH that writes them as the real one does."""

import os
from pathlib import Path

import pytest

from aegru_hw.errors import UserError
from aegru_hw.synthesis.resources import CriticalPath, Use, read_resources, write_resources
from aegru_hw.synthesis.targets import TARGETS
from aegru_hw.synthesis.tools import ToolFailedError
from aegru_hw.synthesis.vivado import read_reports, require_vivado, run_vivado, write_script
from tests.support.runs import resources
from tests.synthesis.designs import multiplier

UTILISATION = """Copyright 1986-2022 Xilinx, Inc. All Rights Reserved.
---------------------------------------------------------------------------------------
| Tool Version : Vivado v.2023.1 (lin64) Build 3865809 Sun May  7 15:04:56 MDT 2023
| Command      : report_utilization -file vivado_utilization.rpt
| Design       : aegru_engine
| Device       : xc7a35tcsg324-1
| Design State : Routed
---------------------------------------------------------------------------------------

1. Slice Logic
--------------

+----------------------------+------+-------+------------+-----------+-------+
|          Site Type         | Used | Fixed | Prohibited | Available | Util% |
+----------------------------+------+-------+------------+-----------+-------+
| Slice LUTs                 | 2604 |     0 |          0 |     20800 | 12.52 |
|   LUT as Logic             | 2100 |     0 |          0 |     20800 | 10.10 |
|   LUT as Memory            |  504 |     0 |          0 |      9600 |  5.25 |
|     LUT as Distributed RAM |  504 |     0 |            |           |       |
| Slice Registers            | 1810 |     0 |          0 |     41600 |  4.35 |
|   Register as Flip Flop    | 1810 |     0 |          0 |     41600 |  4.35 |
| F8 Muxes                   |    1 |     0 |          0 |      8150 |  0.01 |
+----------------------------+------+-------+------------+-----------+-------+

3. Memory
---------

+-------------------+------+-------+------------+-----------+-------+
|     Site Type     | Used | Fixed | Prohibited | Available | Util% |
+-------------------+------+-------+------------+-----------+-------+
| Block RAM Tile    |  6.5 |     0 |          0 |        50 | 13.00 |
|   RAMB36/FIFO*    |    6 |     0 |          0 |        50 | 12.00 |
|     RAMB36E1 only |    6 |       |            |           |       |
|   RAMB18          |    1 |     0 |          0 |       100 |  1.00 |
+-------------------+------+-------+------------+-----------+-------+

4. DSP
------

+----------------+------+-------+------------+-----------+-------+
|    Site Type   | Used | Fixed | Prohibited | Available | Util% |
+----------------+------+-------+------------+-----------+-------+
| DSPs           |    9 |     0 |          0 |        90 | 10.00 |
|   DSP48E1 only |    9 |       |            |           |       |
+----------------+------+-------+------------+-----------+-------+
"""

OLDER_UTILISATION = (
    UTILISATION.replace(" Prohibited |", "")
    .replace("|          0 |", "|")
    .replace("Slice LUTs ", "Slice LUTs*")
)
"""Without the column that came in 2021, and the mark of a synthesised design."""

TIMING = """| Tool Version : Vivado v.2023.1 (lin64) Build 3865809

------------------------------------------------------------------------------------------------
| Timing Details
| --------------
------------------------------------------------------------------------------------------------

From Clock:  aclk
  To Clock:  aclk

Setup :            {failing}  Failing Endpoints,  Worst Slack   {slack}ns
Hold  :            0  Failing Endpoints,  Worst Slack        0.077ns

Max Delay Paths
--------------------------------------------------------------------------------------
Slack ({met}) :             {slack}ns  (required time - arrival time)
  Source:                 i_cell/mixed_q_reg[3]/C
                            (rising edge-triggered cell FDRE clocked by aclk  {{rise@0.000ns}})
  Destination:            i_cell/variance_q_reg/A[5]
                            (rising edge-triggered cell DSP48E1 clocked by aclk  {{rise@0.000ns}})
  Path Group:             aclk
  Requirement:            10.000ns  (aclk rise@10.000ns - aclk rise@0.000ns)

Min Delay Paths
--------------------------------------------------------------------------------------
Slack (MET) :             0.077ns  (arrival time - required time)
  Source:                 i_fifo/a_reg/C
  Destination:            i_fifo/b_reg/D
"""

MET = TIMING.format(failing=0, met="MET", slack="1.250")
VIOLATED = TIMING.format(failing=7, met="VIOLATED", slack="-2.500")

STAND_IN = """#!/bin/sh
# It answers only where it is called as the tool is, in the folder of the script.
set -e
[ "$*" = "-mode batch -nojournal -nolog -source vivado.tcl" ]
grep -q "report_utilization -file vivado_utilization.rpt" vivado.tcl
grep -q "report_timing_summary .*-file vivado_timing.rpt" vivado.tcl
grep -q "create_clock" vivado.xdc
[ -f design/multiplier.sv ]
cp ../utilisation vivado_utilization.rpt
cp ../timing vivado_timing.rpt
"""


@pytest.fixture
def synthesised(tmp_path) -> Path:
    """Return a folder with what the synthesis for xc7 leaves, as far as Vivado needs it."""
    folder, target = tmp_path / "xc7", TARGETS["xc7"]
    source = multiplier(folder / "design")
    write_script(source, target, folder, 100.0)
    estimate = resources(
        "xc7", clock_mhz=100.0, estimate=True, lanes=4, bitstream=None, made_of={"decoder": "f"}
    )
    write_resources(folder, estimate)
    (tmp_path / "utilisation").write_text(UTILISATION)
    (tmp_path / "timing").write_text(VIOLATED)
    return folder


def put_on_path(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "bin" / "vivado"
    tool.parent.mkdir()
    tool.write_text(script)
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}{os.pathsep}{os.environ['PATH']}")


def test_figures_of_a_run(synthesised, tmp_path, monkeypatch) -> None:
    put_on_path(tmp_path, STAND_IN, monkeypatch)
    found = run_vivado(synthesised)
    assert read_resources(synthesised) == found
    assert found.estimate is False
    assert found.lanes == 4
    assert found.made_of == {"decoder": "f"}
    assert found.timing_met is False
    assert found.fmax_mhz == found.running_mhz == 80.0  # 10 ns and 2.5 ns too slow
    path = CriticalPath("i_cell/mixed_q_reg[3]/C", "i_cell/variance_q_reg/A[5]")
    assert found.critical_path == path
    assert found.resources == {
        "logic_cells": Use(2604, 20800, 12.5),
        "flip_flops": Use(1810, 41600, 4.4),
        "dsps": Use(9, 90, 10.0),
        "block_rams": Use(7, 50, 14.0),
    }
    assert found.tools == {"vivado": "2023.1"}
    assert list(found.seconds) == ["vivado"]
    assert (synthesised / "vivado.log").is_file()


@pytest.mark.parametrize("utilisation", [UTILISATION, OLDER_UTILISATION])
def test_met_timing_in_reports_of_each_form(synthesised, utilisation) -> None:
    (synthesised / "vivado_utilization.rpt").write_text(utilisation)
    (synthesised / "vivado_timing.rpt").write_text(MET)
    found = read_reports(synthesised, 100.0)
    assert found.timing_met is True
    assert found.fmax_mhz == 114.29
    assert found.resources["logic_cells"].available == 20800
    assert found.resources["block_rams"].used == 7
    assert found.version == "2023.1"


@pytest.mark.parametrize(
    ("report", "text"),
    [
        ("vivado_utilization.rpt", None),
        ("vivado_timing.rpt", None),
        ("vivado_timing.rpt", "Max Delay Paths\nno path was found\n"),
        ("vivado_timing.rpt", VIOLATED.split("Max Delay")[0]),
        ("vivado_utilization.rpt", UTILISATION.replace("Block RAM Tile", "Tiles")),
        ("vivado_utilization.rpt", UTILISATION.replace("2604", "many")),
    ],
)
def test_reports_that_cannot_be_read(synthesised, report, text) -> None:
    (synthesised / "vivado_utilization.rpt").write_text(UTILISATION)
    (synthesised / "vivado_timing.rpt").write_text(VIOLATED)
    if text is None:
        (synthesised / report).unlink()
    else:
        (synthesised / report).write_text(text)
    with pytest.raises(UserError, match="no reports of Vivado that can be read; log: "):
        read_reports(synthesised, 100.0)


def test_old_reports_are_not_taken_for_new_ones(synthesised, tmp_path, monkeypatch) -> None:
    (synthesised / "vivado_utilization.rpt").write_text(UTILISATION)
    (synthesised / "vivado_timing.rpt").write_text(VIOLATED)
    put_on_path(tmp_path, "#!/bin/sh\nexit 0\n", monkeypatch)
    with pytest.raises(UserError, match="no reports of Vivado"):
        run_vivado(synthesised)


def test_a_failure_names_its_error_and_its_log(synthesised, tmp_path, monkeypatch) -> None:
    script = "#!/bin/sh\necho 'ERROR: [Common 17-345] No license'\necho Exiting\nexit 1\n"
    put_on_path(tmp_path, script, monkeypatch)
    with pytest.raises(ToolFailedError) as failed:
        run_vivado(synthesised)
    line = f"vivado failed with status 1: ERROR: [Common 17-345] No license; log: {synthesised}"
    assert str(failed.value).startswith(line)


def test_a_missing_tool_is_one_line(synthesised, monkeypatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for call in (require_vivado, lambda: run_vivado(synthesised)):
        with pytest.raises(UserError) as missing:
            call()
        assert str(missing.value) == "no vendor tool: looked for vivado on PATH"


def test_a_folder_without_the_script(tmp_path, monkeypatch) -> None:
    put_on_path(tmp_path, STAND_IN, monkeypatch)
    with pytest.raises(UserError, match="--target xc7` writes it"):
        run_vivado(tmp_path)
