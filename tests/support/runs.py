"""RUN folders written by hand, for tests of what reads them: no training."""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from aegru_hw.cost.energy import Energy
from aegru_hw.cost.neurobench import Metrics
from aegru_hw.decoder.config import make_config
from aegru_hw.executions.table import BY_NAME
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import (
    FixedDecoder,
    load_decoder,
    run_streaming_form,
    run_window_form,
    save_decoder,
)
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.hls.estimate import LayerEstimate
from aegru_hw.recordings.r2 import R2
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.project import project_lanes
from aegru_hw.rtl.sources import sources
from aegru_hw.rtl.verification import CycleFacts
from aegru_hw.runs.evidence import context_of, training_digest
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import RunOptions
from aegru_hw.runs.results import (
    ENGINE,
    FIRMWARE,
    QUANTISATION,
    TRAINING,
    EngineProject,
    FirmwareProject,
    Footprint,
    Measured,
    Quantisation,
    StageSize,
    Training,
)
from aegru_hw.runs.summarise import recording_folder, sha256_of, write_summary
from aegru_hw.runs.tools import versions_of
from aegru_hw.runs.training import facts_of
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.made_of import digest_of_files
from aegru_hw.synthesis.resources import CriticalPath, Resources, Use, write_resources
from tests.support.recordings import small_recording

TICK_SECONDS = 0.004
VERIFIED = ("fixed", "brevitas", "streaming", "live", "c", "onnx", "firmware")
"""What is verified where there is no engine."""

CONFIG = make_config("fast", ["pruning.rate=0.6"])

SCORES = {
    "float": R2(0.871, 0.881, 0.861),
    "pruned": R2(0.862, 0.872, 0.852),
    "quantised": R2(0.865, 0.875, 0.855),
}
DECODED = R2(0.8655, 0.8755, 0.8555)
"""R² of every execution: stated, not scored, since the decoder is a random one."""

ENERGY = Energy(
    lanes=2,
    technology="45 nm",
    voltage=0.9,
    source="a published table",
    per_tick_nj={"engine": 10.0, "reference_dense": 125.0},
    parts={
        "engine": {"multiplies": 2.0, "memory": 8.0},
        "reference_dense": {"multiplies": 25.0, "memory": 100.0},
    },
    assumptions=("Leakage is left out.",),
)
CYCLES = CycleFacts(
    lanes=2,
    per_tick_mean=4001.25,
    per_tick_max=4100,
    latency_mean=2001.5,
    latency_max=2050,
    utilisation=0.5,
    predicted_equal=True,
)
PLACED = Resources(
    target="ecp5-25k",
    device="LFE5U-25F",
    lanes=2,
    estimate=False,
    board=None,
    seed=1,
    clock_mhz=80.0,
    fmax_mhz=84.25,
    timing_met=True,
    critical_path=CriticalPath("i_cell.a", "i_cell.b"),
    resources={"logic_cells": Use.of(4210, 24288), "dsps": Use.of(8, 28)},
    bitstream="aegru_engine.bit",
    tools={},
    seconds={"yosys": 12.0, "nextpnr": 41.0},
)


def resources(target: str, **changes: Any) -> Resources:
    """Return what synthesis leaves in resources.json; `write_run` says what it was made of."""
    return replace(PLACED, target=target, **changes)


def write_run(
    folder: Path,
    *,
    executions: Iterable[str] = VERIFIED,
    lanes: int | None = None,
    targets: tuple[Resources, ...] = (),
    source: str = "small",
    made_by: str | None = None,
    options: RunOptions | None = None,
    **geometry: Any,
) -> RunFolder:
    """Write a run of a random decoder in which every result holds.

    executions: those that were verified, firmware and engine with what they run.
    lanes: of its generated engine, where it has one. targets: what it was placed on.
    """
    run = RunFolder(folder)
    executions = tuple(executions)
    recording = small_recording(ticks=1500, channels=12, tick_seconds=TICK_SECONDS)
    recording = replace(recording, source=source)
    decoder = random_decoder(1, channels=12, window=4, **geometry)
    with run.created(force=False) as change:
        recording.save(change.path("recording.h5"))
        CONFIG.save(change.path("config.toml"))
        write_json(options or RunOptions(), change.path("options.json"))
        save_decoder(decoder, change.path("decoder.h5"))
        for stage in ("float", "pruned", "quantized"):
            change.path(f"{stage}.safetensors").write_text(stage)
        if "firmware" in executions:
            _write_firmware(change.path("hls"))
        if lanes is not None:
            _write_engine(change.path("rtl"), lanes)
        for found in targets:
            name = re.sub(r"[^a-z0-9-]", "", found.target)
            target = change.path(f"synth/{name[:32]}")
            target.mkdir(parents=True)
            made_of = {"decoder": decoder.digest, "sources": digest_of_files(sources())}
            write_resources(target, replace(found, made_of=found.made_of | made_of))
    _write_results(run, recording, decoder, made_by)
    if executions:
        measure(run, *executions)
    return run


def verified_run(folder: Path, **options: Any) -> RunFolder:
    """Write a run that went as far as `run` goes without the engine."""
    return write_run(folder, **options)


def complete_run(folder: Path, **options: Any) -> RunFolder:
    """Write a run in which everything was run that the report shows."""
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
        resources(
            "xc7",
            estimate=True,
            clock_mhz=100.0,
            fmax_mhz=None,
            timing_met=None,
            critical_path=None,
            bitstream=None,
        ),
    )
    chosen = {"executions": (*VERIFIED, "rtl"), "lanes": 2, "targets": targets} | options
    return write_run(folder, **chosen)


def measure(
    run: RunFolder,
    *executions: str,
    recording: Recording | None = None,
    differing: int = 0,
    **changes: Any,
) -> None:
    """Write what `verify` keeps of executions: the velocity codes are the window form's.

    recording: another one than the run's own. differing: ticks in which the codes are not those.
    changes: of the result, such as r2 or cycles.
    """
    decoder = load_decoder(run.decoder)
    recording = load_recording(run.recording) if recording is None else recording
    stream, _ = test_stream(recording, decoder.geometry)
    window = run_window_form(decoder, stream.counts)
    streaming = run_streaming_form(decoder, stream.counts)
    effective = float(streaming.macs_effective[stream.scored].mean())
    macs = {
        "fixed": {
            "reference_dense": float(window.macs_dense),
            "reference_effective": float(np.mean(window.macs_effective)),
        },
        "streaming": {
            "streaming_dense": float(streaming.macs_dense),
            "streaming_effective": effective,
        },
        "rtl": {"rtl": effective},
    }
    velocity = window.velocity.copy()
    velocity[:differing] += 1
    folder = recording_folder(recording.content_hash)
    with run.transaction() as change:
        for name in executions:
            result = Measured(
                execution=name,
                source=recording.source,
                made_of={"decoder": decoder.digest, "recording": recording.content_hash}
                | BY_NAME[name].made_of(context_of(run)),
                tools=versions_of(("numpy",)),
                ticks=len(velocity),
                scored=int(stream.scored.sum()),
                r2=DECODED,
                macs=macs.get(name, {}),
                velocity_sha256=sha256_of(velocity),
            )
            if name == "rtl":
                cycles = replace(CYCLES, lanes=project_lanes(run.rtl))
                result = replace(result, cycles=cycles, energy=ENERGY)
            write_json(replace(result, **changes), change.path(f"{folder}/{name}.json"))
            with open(change.path(f"{folder}/{name}.npy"), "wb") as file:
                np.save(file, velocity.astype("<i4"))
        write_summary(run, change)


def change_result(run: RunFolder, name: str, kind: type[Any], **changes: Any) -> None:
    """Change a kept result, by its name in RUN/results, and leave what it was made of."""
    path = run.results / name
    write_json(replace(read_json(path, kind), **changes), path)


def result_name(run: RunFolder, execution: str) -> str:
    """Return the name in RUN/results of an execution over the run's own recording."""
    folder = recording_folder(load_recording(run.recording).content_hash)
    return f"{folder.removeprefix('results/')}/{execution}.json"


def _write_results(
    run: RunFolder, recording: Recording, decoder: FixedDecoder, made_by: str | None
) -> None:
    tools = versions_of(("numpy", "h5py"))
    hardware = {"decoder": decoder.digest}
    trained = {
        "recording": recording.content_hash,
        "training_config": training_digest(CONFIG),
        "float_weights": sha256_of_file(run.float_weights),
    }
    quantised = {
        "recording": recording.content_hash,
        "config": CONFIG.digest,
        "float_weights": sha256_of_file(run.float_weights),
        "weights": sha256_of_file(run.quantized_weights),
        "decoder": decoder.digest,
    }
    with run.transaction() as change:
        write_json(
            Training(
                made_of=trained,
                tools=tools,
                recording=facts_of(recording, made_by),
                config=CONFIG,
                stage=StageSize(epochs=2, batch=32, windows=700),
                r2=SCORES["float"],
            ),
            change.path(f"results/{TRAINING}"),
        )
        write_json(
            Quantisation(
                made_of=quantised,
                tools=tools,
                decoder=decoder.digest,
                config=CONFIG,
                stages={stage: StageSize(1, 32, 900) for stage in ("pruned", "quantised")},
                r2={stage: SCORES[stage] for stage in ("pruned", "quantised")},
                sparsity=decoder.sparsity,
                neurobench=Metrics(39184, 0.5, 0.1, 31024.0, 15512.0, 0.0),
                footprint_bytes=Footprint(39184, decoder.footprint_bytes),
            ),
            change.path(f"results/{QUANTISATION}"),
        )
        if run.hls.exists():
            write_json(
                FirmwareProject(
                    made_of=hardware | BY_NAME["firmware"].made_of(context_of(run)),
                    tools=tools,
                    part="xc7a35tcsg324-1",
                    clock_period_ns=10.0,
                    strategy="resource",
                    reuse_factor=32,
                    io_type="io_parallel",
                    reuse_factors={"encoder": 32},
                    layers=(LayerEstimate("encoder product", 1, 48, 32, 12_288),),
                ),
                change.path(f"results/{FIRMWARE}"),
            )
        if run.rtl.exists():
            lanes = project_lanes(run.rtl)
            write_json(
                EngineProject(
                    made_of=hardware | BY_NAME["rtl"].made_of(context_of(run)),
                    tools=tools,
                    lanes=lanes,
                    parameters={"Lanes": lanes},
                ),
                change.path(f"results/{ENGINE}"),
            )
        write_summary(run, change)


def _write_firmware(folder: Path) -> None:
    """Write as much of an hls4ml project as its reader asks for."""
    (folder / "firmware").mkdir(parents=True)
    (folder / "hls4ml_config.yml").write_text("ProjectName: aegru\n")
    (folder / "build_lib.sh").write_text("exit 1\n")
    (folder / "firmware" / "defines.h").write_text(
        "typedef nnet::array<ap_uint<8>, 12*1> input_t;\n"
        "typedef nnet::array<ap_fixed<16,4,AP_RND_CONV,AP_SAT,0>, 2*1> result_t;\n"
    )


def _write_engine(folder: Path, lanes: int) -> None:
    """Write as much of an engine's project as tells its lanes."""
    folder.mkdir()
    (folder / "parameters.json").write_text(json.dumps({"Lanes": lanes}))
