"""The whole way on real and generated recordings: the same codes in every execution."""

import json
import os
from pathlib import Path

import pytest

from aegru_hw import pipeline
from aegru_hw.cli import main
from aegru_hw.cost.macs import reference_dense, streaming_dense
from aegru_hw.decoder.config import make_config
from aegru_hw.fixedpoint import Geometry, load_decoder
from aegru_hw.run_folder import RunFolder
from tests.support.recordings import QUICK, small_recording

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
        "rtl_vs_fixed",
    }
    assert not any(summary["mismatches"].values())
    assert summary["cycles"]["predicted_equal"]
    assert summary["macs"]["rtl"] == summary["macs"]["streaming_effective"]


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


def test_another_width_takes_the_pruned_network_that_is_there(tmp_path, monkeypatch) -> None:
    recording = small_recording(ticks=400)
    config = make_config(overrides=QUICK)

    def decoders(folder: Path) -> RunFolder:
        run = RunFolder(folder)
        pipeline.train(run, recording, config, progress=False)
        return run

    straight, again = decoders(tmp_path / "straight"), decoders(tmp_path / "again")
    pipeline.quantize(straight, ["widths.weight=4"], progress=False)
    pipeline.quantize(again, [], progress=False)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline.stages, "prune", lambda *_, **__: pytest.fail("pruned again"))
        pipeline.quantize(again, ["widths.weight=4"], force=True, progress=False)
    for name in ("encoder", "input", "recurrent", "readout"):
        codes = [getattr(load_decoder(run.decoder), name).weight for run in (straight, again)]
        assert (codes[0] == codes[1]).all()
    assert straight.read_summary()["r2"] == again.read_summary()["r2"]
    sparse = pipeline.quantize(again, ["pruning.rate=0.75"], force=True, progress=False)
    assert sparse["neurobench"]["connection_sparsity"] > 0.6


def test_neurobench_metrics_are_in_the_summary(tmp_path) -> None:
    run = RunFolder(tmp_path / "run")
    config = make_config(overrides=QUICK)
    pipeline.train(run, small_recording(ticks=400), config, progress=False)
    pipeline.quantize(run, [], progress=False)
    metrics = json.loads(run.summary.read_text())["neurobench"]
    assert set(metrics) == {
        "footprint_bytes",
        "connection_sparsity",
        "activation_sparsity",
        "dense",
        "effective_macs",
        "effective_acs",
    }
    assert 0 < metrics["effective_macs"] < metrics["dense"]
