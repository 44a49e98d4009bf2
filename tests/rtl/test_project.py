"""The project folder: lint, and its cocotb testbench with both ways to get an image."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aegru_hw.rtl.engine import verilator_environment
from aegru_hw.rtl.project import write_project
from aegru_hw.rtl.sources import source_folder, sources
from tests.support.decoders import random_decoder


def run_testbench(folder: Path, *options: str) -> str:
    """Run the project's own command; return its output."""
    environment = dict(os.environ)
    environment.pop("COVERAGE_PROCESS_START", None)
    result = subprocess.run(
        [sys.executable, "run.py", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    output = result.stdout + result.stderr
    assert result.returncode == 0, output[-6000:]
    return output


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--load",)])
def test_cocotb(tmp_path: Path, options: tuple[str, ...]) -> None:
    write_project(random_decoder(2, hidden=30), tmp_path / "rtl", 4)
    output = run_testbench(tmp_path / "rtl", *options)
    assert re.search(r"TESTS=10 PASS=10 FAIL=0", output)


@pytest.mark.cross
@pytest.mark.parametrize("channels", [96, 192])
@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("norm", [True, False])
def test_cocotb_cross(tmp_path: Path, lanes: int, channels: int, norm: bool) -> None:
    write_project(random_decoder(3, channels=channels, norm=norm), tmp_path / "rtl", lanes)
    assert "PASS=10 FAIL=0" in run_testbench(tmp_path / "rtl")


@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_lint(lanes: int) -> None:
    waivers = source_folder("rtl") / "lint.vlt"
    command = ["verilator", "--lint-only", "-Wall", "--assert", "-DSIMULATION", f"-GLanes={lanes}"]
    result = subprocess.run(
        [*command, "--top-module", "aegru_engine", str(waivers), *map(str, sources())],
        env=verilator_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "%Warning" not in result.stderr


def test_files(tmp_path: Path) -> None:
    write_project(random_decoder(2), tmp_path / "rtl", 8)
    parameters = json.loads((tmp_path / "rtl" / "parameters.json").read_text())
    assert parameters["Lanes"] == 8
    for line in (tmp_path / "rtl" / "filelist.f").read_text().split():
        assert (tmp_path / "rtl" / line).is_file()
    lanes = list((tmp_path / "rtl" / "images").glob("lane*.hex"))
    assert len(lanes) == 8
