"""A run of another day, made of a run: its decoder recalibrated to another recording."""

import copy
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import torch

from aegru_hw.cost import neurobench
from aegru_hw.decoder.checkpoint import load_tensors, save_tensors
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.facts import StageFacts
from aegru_hw.decoder.metrics import test_r2
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.saved import load_quantized, save_quantized
from aegru_hw.decoder.stages import decode
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import (
    FixedDecoder,
    LabelScaling,
    load_decoder,
    per_output,
    save_decoder,
)
from aegru_hw.recalibration.methods import Choice, recalibrate
from aegru_hw.recalibration.minutes import first_minutes
from aegru_hw.recalibration.names import AUTO, STATISTICS
from aegru_hw.recalibration.statistics import Encoder, Statistics, aligned
from aegru_hw.recalibration.tuning import Part, Tuning, encoder_of, tune
from aegru_hw.recordings.r2 import R2, r2_score
from aegru_hw.recordings.recording import Recording, load_recording
from aegru_hw.rtl.fitting import loads_in_place_of, spare_words
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.options import RunOptions
from aegru_hw.runs.results import RECALIBRATION, Footprint, Recalibration
from aegru_hw.runs.summarise import write_summary
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.training import facts_of, versions
from aegru_hw.runs.verification import check_recording
from aegru_hw.strict_json import write_json

NIGHT = Tuning(updates=400, batch=192, learning_rate=5e-4, averaging=0.995)
"""Training on all sessions together, after the day."""

MORE = 0.25
"""By how much of its weights an encoder may grow: each takes a multiplication when its channel
changes."""

TOGETHER = "together"
LATER = ("firmware", "rtl")
"""Executions that need a project, which a recalibrated run has none of."""


def recalibrate_run(
    parent: RunFolder,
    recording: Recording,
    run: RunFolder,
    *,
    minutes: float | None = 2.0,
    method: str = AUTO,
    seed: int | None = None,
    force: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Summary:
    """Make a run of another day's recording from a run; its decoder fits the same bitstream.

    minutes: of the recording's beginning that it is recalibrated with, by a method of `methods`;
        None for its training and validation split, trained together with all sessions before.
    seed: of the fine-tuning, the parent's where None.
    Raises UserError where the recording has other channels or ticks, or too few minutes.
    """
    run.check_free(force=force)
    began = time.monotonic()
    with parent.held():
        decoder = load_decoder(parent.require(parent.decoder, "aegru-hw quantize RUN"))
        check_recording(decoder, recording)
        config, yesterday = Config.load(parent.config), load_recording(parent.recording)
        config = config if seed is None else replace(config, seed=seed)
        network = load_quantized(
            parent.quantized_weights, decoder.geometry, norm=decoder.norm is not None
        )
        before = Dataset.from_recording(yesterday, config)
        statistics = Statistics.of(before, before.train_and_validation(1))
        today = (
            Dataset.from_recording(recording, config)
            if minutes is None
            else first_minutes(recording, config, minutes)
        )
        unchanged = decoded_r2(network, decoder.labels, today, recording)
        earlier = sessions_of(parent)
        encoders = _encoders(parent) | {yesterday.content_hash: encoder_of(network)}
        if minutes is None:
            choice = Choice(TOGETHER, {})
            say(f"training on {len(earlier) + 1} sessions")
            encoders |= _together(network, config, earlier, encoders, recording, today, statistics)
        else:
            choice = _recalibrated(network, decoder, statistics, today, method, config.seed, say)
            encoders[recording.content_hash] = encoder_of(network)
        labels = decoder.labels if choice.method == STATISTICS else today.scaling
        r2 = {
            "unchanged": unchanged,
            "quantised": decoded_r2(network, labels, today, recording),
        }
        with run.created(force=force) as change:
            config.save(change.path("config.toml"))
            recording.save(change.path("recording.h5"))
            write_json(RunOptions(without=LATER), change.path("options.json"))
            for number, kept in enumerate(one for one in earlier if one != recording):
                kept.save(change.path(f"sessions/{number:03}.h5"))
            _save_encoders(change.path("encoders.safetensors"), encoders)
            weights = change.path("quantized.safetensors")
            save_quantized(weights, network, StageFacts(0, 0, len(today.train), ()))
            made = export(network, decoder.geometry, labels, _provenance(decoder, recording, r2))
            save_decoder(made, change.path("decoder.h5"))
            result = Recalibration(
                made_of={
                    "recording": recording.content_hash,
                    "weights": sha256_of_file(weights),
                    "decoder": made.digest,
                },
                tools=versions(),
                decoder=made.digest,
                parent=decoder.digest,
                config=config,
                recording=facts_of(recording),
                method=choice.method,
                minutes=minutes,
                validation=choice.validation,
                sessions=len(earlier),
                r2=r2,
                sparsity=made.sparsity,
                footprint_bytes=Footprint(
                    neurobench.float_footprint_bytes(made.geometry, norm=made.norm is not None),
                    made.footprint_bytes,
                ),
                seconds=time.monotonic() - began,
            )
            write_json(result, change.path(f"results/{RECALIBRATION}"))
            return write_summary(run, change)


def _recalibrated(
    network: QuantizedAegru,
    decoder: FixedDecoder,
    before: Statistics,
    today: Dataset,
    method: str,
    seed: int,
    say: Callable[[str], None],
) -> Choice:
    """Recalibrate a decoder's network in place, such that it loads into the same engines.

    Its encoder may have other weights, and a few more, as far as the schedule has room for them.
    """
    weights = int((network.encoder.weight != 0).sum())
    more = weights + min(spare_words(per_output(decoder)), int(MORE * weights))
    for words in (more, None):
        tried = copy.deepcopy(network)
        choice = recalibrate(tried, before, today, method, seed, say, words=words)
        made = export(tried, decoder.geometry, decoder.labels, {})
        if loads_in_place_of(per_output(made), per_output(decoder)):
            break
    network.load_state_dict(tried.state_dict())
    return choice


def sessions_of(run: RunFolder) -> list[Recording]:
    """Return the recordings that a run's decoder was made of, its own last."""
    return [load_recording(path) for path in (*run.session_paths, run.recording)]


def decoded_r2(
    network: QuantizedAegru, labels: LabelScaling, dataset: Dataset, recording: Recording
) -> R2:
    """Return a network's R² on the test split, with labels that may not be the dataset's."""
    if labels is dataset.scaling:
        return test_r2(network, dataset)
    velocity = labels.denormalise(decode(network, dataset, dataset.test).astype(float))
    return r2_score(recording.velocity[dataset.test.numpy()], velocity)


def _together(
    network: QuantizedAegru,
    config: Config,
    earlier: list[Recording],
    encoders: dict[str, Encoder],
    recording: Recording,
    today: Dataset,
    before: Statistics,
) -> dict[str, Encoder]:
    """Train a network in place on all sessions; return their encoders, by digest.

    before: the statistics that the network's encoder was made for; a session without an encoder
    begins with that.
    """
    own = encoder_of(network)
    parts = []
    for session in [*(one for one in earlier if one != recording), recording]:
        dataset = today if session is recording else Dataset.from_recording(session, config)
        ticks = dataset.train_and_validation(1)
        statistics = Statistics.of(dataset, ticks)
        known = encoders.get(session.content_hash)
        if known is None:
            known = aligned(own, before, statistics)
        parts.append(Part(dataset, ticks, statistics, known))
    found = tune(network, parts, NIGHT, config.seed)
    names = [one.content_hash for one in earlier if one != recording] + [recording.content_hash]
    return dict(zip(names, found, strict=True))


def _encoders(run: RunFolder) -> dict[str, Encoder]:
    if not run.encoders.is_file():
        return {}
    tensors, _ = load_tensors(run.encoders, dict[str, str])
    return {
        name.removesuffix(".weight"): (tensor, tensors[name.removesuffix("weight") + "bias"])
        for name, tensor in tensors.items()
        if name.endswith(".weight")
    }


def _save_encoders(path: Path, encoders: dict[str, Encoder]) -> None:
    tensors: dict[str, torch.Tensor] = {}
    for name, (weight, bias) in encoders.items():
        tensors |= {f"{name}.weight": weight, f"{name}.bias": bias}
    save_tensors(path, tensors, {})


def _provenance(parent: FixedDecoder, recording: Recording, r2: dict[str, R2]) -> dict[str, object]:
    return {
        "parent": parent.digest,
        "config": parent.provenance.get("config"),
        "seed": parent.provenance.get("seed"),
        "recording": {"source": recording.source, "sha256": recording.sha256},
        "r2": {name: asdict(score) for name, score in r2.items()},
        "versions": versions(),
    }
