"""The whole way on real and generated recordings: the same codes in every execution."""

from pathlib import Path
from typing import Any

import pytest

from aegru_hw.fixedpoint import load_decoder
from tests.cli.commands import done, summary_of

SHORT = [
    "training.epochs=8",
    "training.min_updates=900",
    "pruning.epochs=2",
    "pruning.min_updates=200",
    "quantisation.epochs=2",
    "quantisation.min_updates=300",
    # An average over so few updates has the first ones in it.
    "training.averaging=0",
    "training.schedule=cosine",
]
IMPORTS = {
    "stevenson2011.mat": "--counts spikes --velocity handVel:0,1 --position handPos:0,1 "
    "--reaches startBins --tick 0.05",
    "contdata95.mat": "--counts Y --velocity X:2,3 --position X:0,1 --tick 0.1",
}


def run(recording: Path, folder: Path, *settings: str) -> dict[str, Any]:
    done(
        "run", recording, "--out", folder, *(part for text in settings for part in ("--set", text))
    )
    return summary_of(folder)


def assert_same_codes_everywhere(summary: dict[str, Any]) -> None:
    assert {pair.removesuffix("_vs_fixed") for pair in summary["mismatches"]} > {
        *("brevitas", "streaming", "live", "c", "onnx", "firmware", "rtl"),
    }
    assert len(summary["mismatches"]) == 28
    assert not any(summary["mismatches"].values())
    assert summary["cycles"]["predicted_equal"]
    assert summary["macs"]["rtl"] == summary["macs"]["streaming_effective"]


# A short training already decodes well; the full numbers are in the README.
@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "window", "width", "norm", "least_r2"),
    [
        ("stevenson2011.mat", 3, 8, "layer", 0.80),
        ("contdata95.mat", 2, 4, "none", 0.85),
    ],
)
def test_real_recordings(name, window, width, norm, least_r2, real_recordings, tmp_path) -> None:
    source, recording = real_recordings / name, tmp_path / "recording.h5"
    done("import", source, recording, *IMPORTS[name].split())
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
    done("generate", made, "--seconds", 60, "--channels", 96, "--seed", 1)
    summary = run(made, tmp_path / "run", *SHORT, "training.stride=8")
    assert_same_codes_everywhere(summary)
    assert summary["ticks_compared"] > 3000
    assert summary["macs"]["reference_dense"] == 46_144
    assert summary["macs"]["streaming_dense"] == 18_496
    assert load_decoder(tmp_path / "run" / "decoder.h5").geometry.window == 20
