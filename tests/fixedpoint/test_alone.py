"""The integer decoder alone: what importing it brings along, and what it does without."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from aegru_hw.fixedpoint import save_decoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = """
import sys
import aegru_hw.fixedpoint
print(*sorted({name.partition(".")[0] for name in sys.modules}
              | {name for name in sys.modules if name.startswith("aegru_hw.")}))
"""
DECODED = """
import sys
for name in ("threadpoolctl", "scipy", "torch", "pandas", "msgspec"):
    sys.modules[name] = None  # importing it fails
import numpy as np
from aegru_hw.fixedpoint import LiveDecoder, load_decoder, run_streaming_form
counts = np.load("counts.npy")
np.save("velocity.npy", run_streaming_form(load_decoder("decoder.h5"), counts).velocity)
live = LiveDecoder.load("decoder.h5")
np.save("live.npy", [live.step_counts(row) for row in counts])
"""


def run(script: str, folder: Path) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_importing_it_brings_numpy_and_h5py_alone(tmp_path: Path) -> None:
    imported = set(run(IMPORTED, tmp_path).split())
    assert {"numpy", "h5py", "aegru_hw.fixedpoint"} <= imported
    unwanted = "torch brevitas scipy sklearn pandas msgspec threadpoolctl safetensors tqdm"
    assert not imported & set(unwanted.split())
    beside = {name for name in imported if name.startswith("aegru_hw.")}
    beside -= {name for name in beside if name.startswith("aegru_hw.fixedpoint")}
    leaves = {"errors", "files", "hdf5", "global_heaps"}
    assert beside == {f"aegru_hw.{name}" for name in leaves}


def test_it_decodes_the_same_without_what_is_optional(tmp_path: Path) -> None:
    decoder = random_decoder(1, channels=9, latent=5, hidden=6, window=3, steps=3)
    counts = random_counts(1, 200, 9, rate=0.3, maximum=3)
    save_decoder(decoder, tmp_path / "decoder.h5")
    np.save(tmp_path / "counts.npy", counts)
    run(DECODED, tmp_path)
    velocity = np.load(tmp_path / "velocity.npy")
    assert len(np.unique(velocity, axis=0)) > 50
    assert np.array_equal(np.load(tmp_path / "live.npy"), decoder.physical(velocity))
    assert np.array_equal(decoder.decode(counts), decoder.physical(velocity))
