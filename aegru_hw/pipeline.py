"""The main path, step by step, on a RUN folder: train, quantise, simulate, verify."""

import platform
from dataclasses import asdict, replace
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.cost import neurobench
from aegru_hw.cost.energy import energy
from aegru_hw.cost.macs import reference_dense, streaming_dense
from aegru_hw.decoder import stages
from aegru_hw.decoder.checkpoint import load_tensors, load_weights, save_tensors
from aegru_hw.decoder.config import Config, load_config, override
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import (
    FixedDecoder,
    Geometry,
    LiveDecoder,
    load_decoder,
    run_streaming_form,
    run_window_form,
    save_decoder,
)
from aegru_hw.fixedpoint.soundness import UnsoundError, check_geometry
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.stream import TickStream
from aegru_hw.recordings.windows import complete_history
from aegru_hw.rtl.project import project_lanes, write_project
from aegru_hw.run_folder import RunFolder

PACKAGES = ("aegru-hw", "torch", "brevitas", "hls4ml", "numpy", "h5py")
TRAINED_SECTIONS = ("window", "network", "loss", "training")
ENGINE_RESULTS = (
    *("engine", "cycles", "energy"),
    *("r2.rtl", "mismatches.rtl_vs_fixed", "macs.rtl"),
)
"""What summary.json says of the engine."""

torch.set_num_threads(1)  # these tensors are tiny: a second thread costs more than it gives


def train(
    run: RunFolder,
    recording: Recording,
    config: Config,
    *,
    resume: bool = False,
    force: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Train the float network of a new run, or go on with an interrupted one.

    Returns the summary.
    """
    dataset = Dataset.from_recording(recording, config)
    geometry_of(recording, dataset, config)  # refuses, before the long work
    if not resume:
        run.create(force=force)
        config.save(run.config)
        recording.save(run.recording)
    network, facts = stages.train_float(
        dataset, config, checkpoint=run.checkpoint, resume=resume, progress=progress
    )
    save_tensors(run.float_weights, network.state_dict(), facts)
    return run.add_to_summary(
        {
            "recording": {
                "source": recording.source,
                "sha256": recording.sha256,
                "channels": recording.channels,
                "ticks": recording.ticks,
                "tick_seconds": recording.tick_seconds,
            },
            "seed": config.seed,
            "versions": versions(),
            "r2": {"float": test_r2(network, dataset)},
        }
    )


def resumed(run: RunFolder) -> tuple[Recording, Config]:
    """Return recording and configuration of a run whose training was interrupted."""
    run.require(run.recording, "aegru-hw train RECORDING --out RUN")
    return load_recording(run.recording), load_config(run.config)


def quantize(
    run: RunFolder, overrides: list[str], *, force: bool = False, progress: bool = True
) -> dict[str, Any]:
    """Prune, quantise and fine-tune the float network; write decoder.h5; return the summary."""
    run.require(run.float_weights, "aegru-hw train RECORDING --out RUN")
    if run.decoder.exists() and not force:
        raise UserError(f"{run.decoder} exists; --force replaces it and what was made from it")
    trained = load_config(run.config)
    config = override(trained, overrides)
    for section in (*TRAINED_SECTIONS, "seed"):
        if getattr(config, section) != getattr(trained, section):
            raise UserError(
                f"[{section}] was fixed when the float network was trained; `quantize` accepts "
                "changes of [pruning], [quantisation] and [widths]"
            )
    recording = load_recording(run.recording)
    dataset = Dataset.from_recording(recording, config)
    network = Aegru(dataset.channels, config.network)
    float_facts = load_weights(run.float_weights, network)
    r2 = {"float": test_r2(network, dataset)}
    pruned_facts = _prune(run, network, dataset, config, progress=progress)
    pruned_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    metrics = benchmark_metrics(network, dataset, geometry_of(recording, dataset, config))
    r2["pruned"] = test_r2(network, dataset)
    quantized, facts = stages.quantize(network, dataset, config, progress=progress)
    r2["quantised"] = test_r2(quantized, dataset)
    provenance = {
        "config": asdict(config),
        "seed": config.seed,
        "recording": {"source": recording.source, "sha256": recording.sha256},
        "r2": r2,
        "versions": versions(),
    }
    decoder = export(
        quantized, geometry_of(recording, dataset, config), dataset.scaling, provenance
    )
    run.forget(run.hls, run.rtl, run.synth, run.lanes, run.summary, run.report)
    config.save(run.config)
    save_tensors(run.pruned_weights, pruned_weights, pruned_facts)
    save_tensors(
        run.quantized_weights, quantized.state_dict(), facts | {"types": _types(quantized)}
    )
    save_decoder(decoder, run.decoder)
    return run.add_to_summary(
        {
            "recording": provenance["recording"],
            "seed": config.seed,
            "versions": versions(),
            "training": {
                name: {key: stage[key] for key in ("epochs", "batch", "windows")}
                for name, stage in (
                    ("float", float_facts),
                    ("pruned", pruned_facts),
                    ("quantised", facts),
                )
            },
            "r2": r2,
            "sparsity": decoder.sparsity,
            "neurobench": metrics,
            "footprint_bytes": {
                "float": neurobench.float_footprint_bytes(
                    decoder.geometry, norm=decoder.norm is not None
                ),
                "fixed": decoder.footprint_bytes,
            },
        }
    )


def _prune(
    run: RunFolder, network: Aegru, dataset: Dataset, config: Config, *, progress: bool
) -> dict[str, Any]:
    """Prune the run's float network in place, or take what the same settings gave before."""
    settings = asdict(config.pruning)
    if run.pruned_weights.exists():
        _, facts = load_tensors(run.pruned_weights)
        if facts.get("settings") == settings:
            load_weights(run.pruned_weights, network)
            return facts
    return stages.prune(network, dataset, config, progress=progress) | {"settings": settings}


def verify(
    run: RunFolder, recording: Recording | None = None, *, progress: bool = True
) -> dict[str, Any]:
    """Run every execution over the test split and count mismatches; return the summary.

    recording: another one than the run's own; it must have the decoder's channels and tick.
    """
    run.require(run.decoder, "aegru-hw quantize RUN")
    decoder, config = load_decoder(run.decoder), load_config(run.config)
    lanes = project_lanes(run.rtl) if run.rtl.exists() else None
    recording = recording or load_recording(run.recording)
    check_recording(decoder, recording)
    wanted = test_ticks(decoder, recording)
    geometry = decoder.geometry
    stream = TickStream.from_recording(recording, wanted, geometry.window, geometry.steps)
    window = run_window_form(decoder, stream.counts)
    streaming = run_streaming_form(decoder, stream.counts)
    live_velocity = run_live(decoder, stream.counts, progress=progress)
    quantized_velocity = _quantized_codes(run, decoder, recording, config, wanted)
    reference = window.velocity[stream.scored]
    truth = recording.velocity[wanted]
    mismatches = {
        "qat_vs_fixed": _differing_ticks(quantized_velocity, reference),
        "streaming_vs_window": _differing_ticks(streaming.velocity, window.velocity),
        "step_vs_window": _differing_ticks(live_velocity, window.velocity),
    }
    r2 = {"fixed": r2_score(truth, decoder.physical(reference))}
    if run.hls.exists():
        from aegru_hw.hls.firmware import Firmware

        firmware = Firmware(run.hls)
        firmware.compile()
        firmware_velocity = firmware.predict(stream.counts)
        mismatches["firmware_vs_fixed"] = _differing_ticks(firmware_velocity, window.velocity)
        r2["firmware"] = r2_score(truth, decoder.physical(firmware_velocity[stream.scored]))
    results: dict[str, Any] = {
        "r2": r2,
        "mismatches": mismatches,
        "ticks_compared": len(reference),
        "macs": {
            "reference_dense": reference_dense(geometry),
            "reference_effective": float(window.macs_effective[stream.scored].mean()),
            "streaming_dense": streaming_dense(geometry),
            "streaming_effective": float(streaming.macs_effective[stream.scored].mean()),
        },
    }
    if lanes is not None:
        from aegru_hw.rtl.verification import cycle_facts, run_engine

        engine = run_engine(decoder, lanes, stream.counts, progress=progress)
        mismatches["rtl_vs_fixed"] = _differing_ticks(engine.velocity, window.velocity)
        r2["rtl"] = r2_score(truth, decoder.physical(engine.velocity[stream.scored]))
        results["macs"]["rtl"] = float(engine.macs[stream.scored].mean())
        results["cycles"] = cycle_facts(engine, stream.scored)
        results["energy"] = energy(decoder, engine.predicted.over(stream.scored))
    return run.add_to_summary(results)


def synthesise_engine(run: RunFolder, lanes: int, *, force: bool = False) -> dict[str, Any]:
    """Write RUN/rtl: the engine's sources, the decoder's images, and testbenches that play the
    first ticks of the test split; return its settings.

    `force` replaces an engine that is there, and forgets what was found of it.
    """
    from aegru_hw.rtl.vectors import RECORDING_TICKS

    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    replaces = run.rtl.exists()
    if replaces and not force:
        raise UserError(f"{run.rtl} exists; --force replaces it and what was found of it")
    recording = load_recording(run.recording)
    first = int(np.flatnonzero(test_ticks(decoder, recording))[0])
    counts = recording.counts[first : first + RECORDING_TICKS]
    parameters = write_project(decoder, run.rtl, lanes, counts)
    # What was measured on another engine no longer follows from what the run holds.
    run.drop_from_summary(*ENGINE_RESULTS)
    if replaces:
        run.forget(run.synth, run.lanes)
    facts = {"backend": "rtl", "lanes": lanes, "parameters": parameters}
    run.add_to_summary({"engine": facts})
    return facts


def simulate(
    run: RunFolder, recording: Recording, lanes: int | None = None
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """Decode every tick of a recording with the streaming form.

    lanes: P of an engine whose cycles and energy the cost model predicts; none where not given.
    Returns velocity (T, 2) in the recording's unit, and R² (over the ticks with a complete
    history), MACs and ticks.
    """
    run.require(run.decoder, "aegru-hw quantize RUN")
    decoder = load_decoder(run.decoder)
    check_recording(decoder, recording)
    geometry = decoder.geometry
    every = np.ones(recording.ticks, dtype=bool)
    stream = TickStream.from_recording(recording, every, geometry.window, geometry.steps)
    result = run_streaming_form(decoder, stream.counts)
    velocity = decoder.physical(result.velocity[stream.scored])
    complete = complete_history(recording, geometry.window, geometry.steps)
    facts: dict[str, Any] = {
        "ticks": recording.ticks,
        "r2": r2_score(recording.velocity[complete], velocity[complete]),
        "macs": {
            "reference_dense": reference_dense(geometry),
            "streaming_dense": result.macs_dense,
            "streaming_effective": float(result.macs_effective[stream.scored].mean()),
        },
    }
    if lanes is not None:
        from aegru_hw.cost.cycles import tick_costs
        from aegru_hw.rtl.schedule import schedule

        costs = tick_costs(decoder, schedule(decoder, lanes), stream.counts).over(stream.scored)
        facts["engine"] = costs.summary(geometry.tick_seconds)
        facts["energy"] = energy(decoder, costs)
    return velocity, facts


def run_live(
    decoder: FixedDecoder, counts: NDArray[Any], *, progress: bool = False
) -> NDArray[np.int64]:
    """Return the velocity codes (T, 2) of `LiveDecoder.step`, tick by tick, for counts (T, C)."""
    live = LiveDecoder(decoder)
    channels = np.arange(decoder.geometry.channels)
    velocity = np.empty((len(counts), 2), dtype=np.int64)
    bar = tqdm(counts, desc="step", unit="tick", disable=not progress, leave=False)
    for tick, spikes in enumerate(bar):
        live.step(np.repeat(channels, spikes))
        velocity[tick] = live.velocity_codes
    return velocity


def check_recording(decoder: FixedDecoder, recording: Recording) -> None:
    """Refuse a recording that a decoder was not made for; UserError says what it was made for."""
    geometry = decoder.geometry
    if recording.channels != geometry.channels:
        raise UserError(
            f"the recording has {recording.channels} channels; "
            f"this decoder takes {geometry.channels}"
        )
    if not np.isclose(recording.tick_seconds, geometry.tick_seconds):
        raise UserError(
            f"the recording's tick is {recording.tick_seconds:g} s; this decoder takes "
            f"{geometry.tick_seconds:g} s"
        )


def test_ticks(decoder: FixedDecoder, recording: Recording) -> NDArray[np.bool_]:
    """Return the mask (T,) of the test split's ticks with a complete history."""
    complete = complete_history(recording, decoder.geometry.window, decoder.geometry.steps)
    return split(recording, complete).test


@torch.no_grad()
def benchmark_metrics(
    network: Aegru, dataset: Dataset, geometry: Geometry
) -> dict[str, float | int]:
    """Return NeuroBench's metrics of a float network, operations per output of the test split."""
    network.eval()
    weights = neurobench.FloatWeights(
        **{name: weight.detach().numpy() for name, weight in network.weights.items()},
        input_bias=network.input.bias.detach().numpy(),
        recurrent_bias=network.recurrent.bias.detach().numpy(),
    )
    total = neurobench.NO_OPERATIONS
    for ticks in dataset.test.split(stages.TICKS_AT_ONCE):
        counts = dataset.batch(ticks)[0]
        latents = network.latents(counts)
        states = network.states(latents)
        before = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)
        seen = (features(counts), latents, before, states[:, -1])
        inputs = neurobench.LayerInputs(*[tensor.numpy() for tensor in seen])
        total += neurobench.synaptic_operations(weights, inputs)
    outputs = len(dataset.test)
    return {
        "footprint_bytes": neurobench.float_footprint_bytes(
            geometry, norm=network.settings.norm == "layer"
        ),
        "connection_sparsity": neurobench.connection_sparsity(weights),
        "activation_sparsity": neurobench.activation_sparsity(()),
        "dense": total.dense / outputs,
        "effective_macs": total.effective_macs / outputs,
        "effective_acs": total.effective_acs / outputs,
    }


def test_r2(network: torch.nn.Module, dataset: Dataset) -> dict[str, float]:
    """Return a network's R² over the test split."""
    truth = dataset.labels[dataset.test].numpy()
    return r2_score(truth, stages.decode(network, dataset, dataset.test))


def versions() -> dict[str, str]:
    """Return the versions of what a run was made with."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def geometry_of(recording: Recording, dataset: Dataset, config: Config) -> Geometry:
    """Return the geometry of the decoder that a configuration makes of a recording.

    Raises UserError where no decoder may have it.
    """
    geometry = Geometry(
        channels=recording.channels,
        latent=config.network.latent,
        hidden=config.network.hidden,
        window=dataset.window,
        steps=dataset.steps,
        tick_seconds=recording.tick_seconds,
    )
    try:
        check_geometry(geometry)
    except UnsoundError as error:
        raise UserError(f"no decoder can be made with these settings: {error}") from None
    return geometry


def _types(network: QuantizedAegru) -> dict[str, list[int]]:
    return {
        name: [kind.width, kind.fraction, int(kind.signed)]
        for name, kind in vars(network.types).items()
    }


def _quantized_codes(
    run: RunFolder,
    decoder: FixedDecoder,
    recording: Recording,
    config: Config,
    wanted: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Return the velocity codes of the Brevitas network in eval mode at the wanted ticks."""
    network = load_quantized(run, decoder)
    dataset = replace(
        Dataset.from_recording(recording, config), test=torch.from_numpy(np.flatnonzero(wanted))
    )
    velocity = stages.decode(network, dataset, dataset.test).astype(np.float64)
    return np.ldexp(velocity, decoder.velocity.fraction).astype(np.int64)


def load_quantized(run: RunFolder, decoder: FixedDecoder) -> QuantizedAegru:
    """Return the run's Brevitas network, from its own weights and types."""
    from aegru_hw.decoder.calibration import Types
    from aegru_hw.fixedpoint.types import FixedType

    run.require(run.quantized_weights, "aegru-hw quantize RUN")
    _, facts = load_tensors(run.quantized_weights)
    try:
        types = Types(
            **{name: FixedType(w, f, bool(s)) for name, (w, f, s) in facts["types"].items()}
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{run.quantized_weights} is damaged: {error}") from None
    geometry = decoder.geometry
    network = QuantizedAegru(
        geometry.channels, geometry.latent, geometry.hidden, decoder.norm is not None, types
    )
    load_weights(run.quantized_weights, network)
    return network.eval()


def _differing_ticks(codes: NDArray[np.int64], reference: NDArray[np.int64]) -> int:
    """Return in how many ticks any velocity code differs."""
    if codes.shape != reference.shape:
        raise ValueError(f"velocity codes of shape {codes.shape} beside {reference.shape}")
    return int((codes != reference).any(axis=1).sum())
