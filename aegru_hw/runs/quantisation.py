"""The second step of a run: prune, quantise, fine-tune, and write decoder.h5."""

import copy
from dataclasses import asdict, replace

from aegru_hw.cost import neurobench
from aegru_hw.decoder import stages
from aegru_hw.decoder.checkpoint import load_tensors, load_weights, save_tensors
from aegru_hw.decoder.config import Config, override
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.export import export
from aegru_hw.decoder.facts import PrunedFacts, StageFacts
from aegru_hw.decoder.formats import check_same_geometry, settings_of
from aegru_hw.decoder.geometry import geometry_of
from aegru_hw.decoder.metrics import benchmark_metrics, test_r2
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.saved import save_quantized
from aegru_hw.errors import UserError
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import FixedDecoder, save_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.runs.another_rate import change_rate, network_for
from aegru_hw.runs.evidence import trained_constants, training_digest
from aegru_hw.runs.folder import MADE_OF_DECODER, RunFolder
from aegru_hw.runs.results import QUANTISATION, TRAINING, Footprint, Quantisation, Training
from aegru_hw.runs.summarise import write_summary
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.training import stage_size, versions
from aegru_hw.strict_json import read_json, write_json


def quantize(
    run: RunFolder,
    overrides: list[str],
    *,
    formats_of: FixedDecoder | None = None,
    force: bool = False,
    progress: bool = True,
) -> Summary:
    """Prune, quantise and fine-tune the float network; write decoder.h5; return the summary.

    overrides: changes `section.key=value` of [pruning], [quantisation], [widths], [formats], and
    of window.every, with which alone the network stays as it is. What was made from a decoder of
    before goes with it, in one transaction; only `force` replaces one.
    formats_of: a decoder whose number formats are taken; UserError where they do not suit.
    """
    with run.held():
        run.require(run.float_weights, "aegru-hw train RECORDING --out RUN")
        if run.decoder.exists() and not force:
            raise UserError(f"{run.decoder} exists; --force replaces it and what was made from it")
        given = [] if formats_of is None else settings_of(formats_of)
        config = _quantisation_config(run, [*overrides, *given])
        recording = load_recording(run.recording)
        dataset = Dataset.from_recording(recording, config)
        geometry = geometry_of(recording, dataset, config)
        if formats_of is not None:
            check_same_geometry(geometry, formats_of, norm=config.network.norm == "layer")
        if network_of_before := network_for(run, config):
            return change_rate(run, network_of_before, config, geometry)
        network = Aegru(dataset.channels, config.network)
        load_weights(run.float_weights, network, StageFacts)
        r2 = {"float": test_r2(network, dataset)}
        teacher = copy.deepcopy(network).eval()
        pruned_facts = _prune(run, network, dataset, config, progress=progress)
        pruned_weights = {name: tensor.clone() for name, tensor in network.state_dict().items()}
        metrics = benchmark_metrics(network, dataset, geometry)
        r2["pruned"] = test_r2(network, dataset)
        quantized, facts = stages.quantize(
            network, dataset, config, teacher=teacher, progress=progress
        )
        r2["quantised"] = test_r2(quantized, dataset)
        provenance = {
            "config": asdict(config),
            "seed": config.seed,
            "recording": {"source": recording.source, "sha256": recording.sha256},
            "r2": {stage: asdict(score) for stage, score in r2.items()},
            "versions": versions(),
        }
        decoder = export(quantized, geometry, dataset.scaling, provenance)
        with run.transaction() as change:
            change.remove(*MADE_OF_DECODER, "results")
            training = run.results / TRAINING
            write_json(read_json(training, Training), change.path(f"results/{TRAINING}"))
            config.save(change.path("config.toml"))
            save_tensors(change.path("pruned.safetensors"), pruned_weights, pruned_facts)
            weights = change.path("quantized.safetensors")
            save_quantized(weights, quantized, facts)
            save_decoder(decoder, change.path("decoder.h5"))
            result = Quantisation(
                made_of={
                    "recording": recording.content_hash,
                    "config": config.digest,
                    "float_weights": sha256_of_file(run.float_weights),
                    "weights": sha256_of_file(weights),
                    "decoder": decoder.digest,
                },
                tools=versions(),
                decoder=decoder.digest,
                config=config,
                stages={"pruned": stage_size(pruned_facts), "quantised": stage_size(facts)},
                r2={stage: r2[stage] for stage in ("pruned", "quantised")},
                sparsity=decoder.sparsity,
                neurobench=metrics,
                footprint_bytes=Footprint(
                    neurobench.float_footprint_bytes(
                        decoder.geometry, norm=decoder.norm is not None
                    ),
                    decoder.footprint_bytes,
                ),
            )
            write_json(result, change.path(f"results/{QUANTISATION}"))
            return write_summary(run, change)


def _prune(
    run: RunFolder, network: Aegru, dataset: Dataset, config: Config, *, progress: bool
) -> PrunedFacts:
    """Prune the run's float network in place, or take what the same settings gave before."""
    made_of = {"float_weights": sha256_of_file(run.float_weights)}
    if config.pruning.scope == "macs":  # how often codes change follows from what they are
        widths = config.widths
        made_of["codes"] = (
            f"counts of {widths.count} bits, latents of {widths.latent}, states of {widths.state}, "
            f"every {config.window.every}"
        )
    if run.pruned_weights.exists():
        _, facts = load_tensors(run.pruned_weights, PrunedFacts)
        if facts.settings == config.pruning and facts.made_of == made_of:
            return load_weights(run.pruned_weights, network, PrunedFacts)
    return replace(stages.prune(network, dataset, config, progress=progress), made_of=made_of)


def _quantisation_config(run: RunFolder, overrides: list[str]) -> Config:
    """Return the run's configuration with overrides, none of which touches what is trained."""
    own = Config.load(run.config)
    trained = read_json(run.results / TRAINING, Training)
    if training_digest(own) != trained.made_of.get("training_config"):
        raise UserError(
            f"{run.config} was changed after training, in "
            f"{_changed_sections(own, trained.config)}; put it back, or train anew"
        )
    config = override(own, overrides)
    if changed := _changed_sections(config, own):
        raise UserError(
            f"{changed} was fixed when the float network was trained; `quantize` accepts changes "
            "of [pruning], [quantisation], [widths], [formats] and window.every"
        )
    return config


def _changed_sections(now: Config, before: Config) -> str:
    constants, others = trained_constants(now), trained_constants(before)
    return ", ".join(f"[{name}]" for name in constants if constants[name] != others[name])
