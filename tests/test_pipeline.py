"""The whole way on real and generated recordings: the same codes in every execution."""

import json
import os
from pathlib import Path

import pytest

from aegru_hw.cli import main
from aegru_hw.cost.macs import reference_dense, streaming_dense
from aegru_hw.fixedpoint import Geometry, load_decoder

SHORT = [
    "training.epochs=8",
    "training.min_updates=900",
    "pruning.epochs=2",
    "pruning.min_updates=200",
    "quantisation.epochs=2",
    "quantisation.min_updates=300",
]
IMPORTS = {
    "stevenson2011.mat": "--counts spikes --velocity handVel:0,1 --position handPos:0,1 "
    "--reaches startBins --tick 0.05",
    "contdata95.mat": "--counts Y --velocity X:2,3 --position X:0,1 --tick 0.1",
}


def real_recording(name: str) -> Path:
    folder = os.environ.get("AEGRU_RECORDINGS")
    if not folder:
        pytest.skip("AEGRU_RECORDINGS does not name the folder of real recordings")
    return Path(folder) / name


def run(recording: Path, folder: Path, *settings: str) -> dict:
    arguments = ["run", str(recording), "--out", str(folder), "--quiet"]
    for text in settings:
        arguments += ["--set", text]
    assert main(arguments) == 0
    return json.loads((folder / "summary.json").read_text())


def assert_same_codes_everywhere(summary: dict) -> None:
    assert set(summary["mismatches"]) == {
        "qat_vs_fixed",
        "streaming_vs_window",
        "step_vs_window",
        "firmware_vs_fixed",
    }
    assert not any(summary["mismatches"].values())


# A short training already decodes well; the full numbers are in the README.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "window", "width", "norm", "least_r2"),
    [
        ("stevenson2011.mat", 2, 8, "layer", 0.80),
        ("contdata95.mat", 1, 4, "none", 0.85),
    ],
)
def test_real_recordings(name, window, width, norm, least_r2, tmp_path) -> None:
    source, recording = real_recording(name), tmp_path / "recording.h5"
    assert main(["import", str(source), str(recording), *IMPORTS[name].split()]) == 0
    summary = run(
        recording, tmp_path / "run", *SHORT, f"widths.weight={width}", f"network.norm={norm}"
    )
    assert_same_codes_everywhere(summary)
    assert summary["ticks_compared"] > 1500
    decoder = load_decoder(tmp_path / "run" / "decoder.h5")
    assert decoder.geometry.window == window
    assert decoder.encoder.weight_type.width == width
    assert (decoder.norm is None) == (norm == "none")
    assert summary["r2"]["float"]["mean"] > least_r2
    assert summary["r2"]["fixed"]["mean"] > least_r2 - 0.02
    assert summary["sparsity"] >= 0.5


@pytest.mark.slow
def test_generated_recording_through_the_odoherty_reader(tmp_path) -> None:
    made = tmp_path / "made.mat"
    arguments = ["generate", str(made), "--seconds", "60", "--channels", "96", "--seed", "1"]
    assert main([*arguments, "--quiet"]) == 0
    summary = run(made, tmp_path / "run", *SHORT, "training.stride=8")
    assert_same_codes_everywhere(summary)
    assert summary["ticks_compared"] > 3000
    assert summary["macs"]["reference_dense"] == 46_144
    assert summary["macs"]["streaming_dense"] == 18_496
    assert load_decoder(tmp_path / "run" / "decoder.h5").geometry.window == 20


@pytest.mark.parametrize(
    ("channels", "reference", "streaming"), [(96, 46_144, 18_496), (192, 61_504, 21_568)]
)
def test_dense_macs_of_both_schedules(channels, reference, streaming) -> None:
    geometry = Geometry(channels, 32, 32, 20, 5, 0.004)
    assert reference_dense(geometry) == reference
    assert streaming_dense(geometry) == streaming
