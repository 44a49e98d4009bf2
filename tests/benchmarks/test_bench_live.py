"""The benchmark of `live` through LSL: what it prints of a few seconds."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.bench_live import percentiles
from tests.support.runs import write_run

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.slow
def test_every_velocity_comes_and_its_delay_is_printed(tmp_path: Path) -> None:
    pytest.importorskip("pylsl", reason="pylsl is not installed")
    run = write_run(tmp_path / "run", executions=())
    ended = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.bench_live"),
            run.path,
            run.recording,
            "--minutes=.04",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "600 velocities received, 0 unlike the decoder's" in ended.stdout
    shown = dict(re.findall(r"^  (\S+) +([\d.]+)$", ended.stdout, re.MULTILINE))
    assert list(shown) == ["p50", "p99", "p99.9", "longest"]
    delays = [float(value) for value in shown.values()]
    assert 0 < delays[0] <= delays[1] <= delays[2] <= delays[3] < 10_000


def test_a_velocity_that_never_came_is_the_longest() -> None:
    delays = np.append(np.arange(1, 1000) / 1e3, np.inf)
    found = percentiles(delays)
    assert found["longest"] == np.inf
    assert found["p50"] == pytest.approx(0.5, abs=0.002)
    assert found["p99"] == pytest.approx(0.99, abs=0.002)
