"""The unit for ezmsg, in a graph that ezmsg runs."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import save_decoder
from aegru_hw.fixedpoint.made_up import random_counts
from tests.export.decoders import small, with_rate

pytest.importorskip("ezmsg.util.messages.axisarray", reason="ezmsg is not installed")

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.parametrize("every", [1, 3])
def test_a_graph_gives_every_velocity(every, tmp_path) -> None:
    """Pieces of any length, in a graph in a process of its own: ezmsg takes over a process."""
    decoder = with_rate(small(), every)
    save_decoder(decoder, tmp_path / "decoder.h5")
    counts = random_counts(5, 200, 7, rate=0.5, maximum=3)
    np.save(tmp_path / "counts.npy", counts)
    subprocess.run(
        [*(sys.executable, "-m", "tests.adapters.ezmsg_graph"), tmp_path],
        cwd=ROOT,
        check=True,
        timeout=120,
    )
    found = np.load(tmp_path / "velocity.npz")
    assert found["velocity"].tolist() == decoder.decode(counts).tolist()
    ticks = np.arange(every - 1, 200, every)
    assert found["seconds"] == pytest.approx(100 + ticks[: len(found["seconds"])] * 0.004)
    assert found["labels"].tolist() == ["velocity_x", "velocity_y"]
