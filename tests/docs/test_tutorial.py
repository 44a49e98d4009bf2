"""The tutorial, line by line: its commands, in its order, in an empty folder."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from aegru_hw.strict_json import read_json

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands(page: str) -> list[list[str]]:
    """Return the commands of a page's console blocks, each split as a shell does."""
    lines = [line for block in BLOCK.findall(page) for line in block.splitlines()]
    assert all(line.startswith("$ aegru-hw ") for line in lines)
    return [shlex.split(line.removeprefix("$ ")) for line in lines]


@pytest.mark.slow
@pytest.mark.cross
def test_the_tutorial_runs_line_by_line(tmp_path: Path) -> None:
    listed = commands((ROOT / "docs/tutorial.md").read_text(encoding="utf-8"))
    assert {words[1] for words in listed} >= {
        "train",
        "quantize",
        "synth",
        "verify",
        "live",
        "board",
    }
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _, *words in listed:
        done = subprocess.run(
            [sys.executable, "-m", "aegru_hw", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    summary = read_json(tmp_path / "my_run/summary.json", dict[str, Any])
    assert {"firmware_vs_fixed", "rtl_vs_fixed"} <= set(summary["mismatches"])
    assert set(summary["mismatches"].values()) == {0}
    assert (tmp_path / "my_run/synth/ecp5-25k/aegru.bit").stat().st_size > 0
    assert (tmp_path / "my_run/report.html").is_file()
    lines = (tmp_path / "velocity.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) > 60 / 0.004 / 2
