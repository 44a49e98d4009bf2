"""The three stages of training: float, pruned, quantised."""

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from aegru_hw.decoder.calibration import calibrate
from aegru_hw.decoder.change_costs import change_penalty, column_costs
from aegru_hw.decoder.config import Config, Loss
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.facts import PrunedFacts, StageFacts
from aegru_hw.decoder.fit import Stage, fit
from aegru_hw.decoder.folding import fold_batch_norm
from aegru_hw.decoder.neighbours import Neighbours, jittered_neighbours
from aegru_hw.decoder.network import Aegru, TrainingOutput, features
from aegru_hw.decoder.pruning import (
    Masks,
    apply_masks,
    budget_masks,
    global_masks,
    influences,
    layer_masks,
    masks_of,
    pruned_share,
    saliencies,
    total_cost,
)
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.schedules import rate_share
from aegru_hw.recordings.r2 import r2_score

TICKS_AT_ONCE = 4096
CALIBRATION_WINDOWS = 4096
INFLUENCE_WINDOWS = 2048

LossOf = Callable[[Aegru, Config], Callable[[Tensor, Tensor], Tensor]]
"""Of a network: the loss of a batch of window counts (B, N, C) and labels (B, N, 2)."""


def train_float(
    dataset: Dataset,
    config: Config,
    *,
    stage: Stage | None = None,
    loss: LossOf | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    made_of: dict[str, str] | None = None,
    progress: bool = True,
) -> tuple[Aegru, StageFacts]:
    """Train the float network with its autoencoder branch; the best epoch by validation R².

    stage, loss: others than `float_stage` and `autoencoder_loss`.
    made_of: digests of configuration and recording; a checkpoint of others is refused.
    """
    torch.manual_seed(config.seed)
    network = Aegru(dataset.channels, config.network)
    facts = fit(
        network,
        network.weights,
        (loss or autoencoder_loss)(network, config),
        validation_r2(network, dataset),
        dataset,
        dataset.train,
        stage or float_stage(config),
        seed=config.seed,
        checkpoint=checkpoint,
        resume=resume,
        made_of=made_of,
        progress=progress,
    )
    return network.eval(), facts


def float_stage(config: Config) -> Stage:
    """Return the settings of float training."""
    settings = config.training
    return Stage(
        "float",
        settings.epochs,
        settings.batch,
        settings.min_updates,
        settings.learning_rate,
        settings.weight_decay,
        selects=True,
        rate_at=partial(rate_share, settings.schedule),
        averaging=settings.averaging,
    )


def prune(
    network: Aegru,
    dataset: Dataset,
    config: Config,
    *,
    by_layer: Callable[[dict[str, Tensor], dict[str, float]], Masks] = layer_masks,
    progress: bool = True,
) -> PrunedFacts:
    """Prune a float network in place and fine-tune it on training and validation ticks.

    by_layer: masks of scores and rates, both by matrix, where the scope is "layer".
    """
    settings = config.pruning
    sample = dataset.train[:: max(1, len(dataset.train) // INFLUENCE_WINDOWS)]
    counts = dataset.batch(sample)[0]
    before = dataset.batch(dataset.before(sample, config.window.every))[0]
    types = calibrate(network.eval(), counts, config.widths)
    dense = total_cost(network.weights, column_costs(network, counts, before, types))

    def masks(epoch: int, epochs: int) -> Masks:
        share = pruned_share(epoch, epochs, settings.ramp)
        scores = network.weights
        if settings.score == "influence":
            scores = influences(network, counts)
        elif settings.score == "saliency":
            scores = saliencies(network, counts)
        if settings.scope == "global":
            return global_masks(scores, share * settings.rate)
        if settings.scope == "macs":
            costs = column_costs(network, counts, before, types)
            return budget_masks(scores, costs, (1 - share * settings.rate) * dense)
        rates = {name: share * rate for name, rate in settings.layer_rates.items()}
        return by_layer(scores, rates)

    stage = Stage(
        "pruned",
        settings.epochs,
        config.training.batch,
        settings.min_updates,
        settings.learning_rate,
        0.0,
        selects=False,
        section="pruning",
    )
    facts = fit(
        network,
        network.weights,
        autoencoder_loss(network, config),
        validation_r2(network, dataset),
        dataset,
        dataset.train_and_validation(config.training.stride),
        stage,
        seed=config.seed + 1,
        masks=masks,
        progress=progress,
    )
    if not facts.epochs:
        apply_masks(network.weights, masks(0, 0))
    network.eval()
    return PrunedFacts(**vars(facts), settings=settings)


def quantize(
    network: Aegru,
    dataset: Dataset,
    config: Config,
    *,
    teacher: Aegru | None = None,
    progress: bool = True,
) -> tuple[QuantizedAegru, StageFacts]:
    """Fold BatchNorm (in place), quantise, and fine-tune; zero weights stay zero.

    teacher: float network that distillation learns from, in eval mode; `network` itself where None.
    """
    network.eval()
    teacher = teacher or copy.deepcopy(network)
    fold_batch_norm(network)
    chosen = dataset.train[:: max(1, len(dataset.train) // CALIBRATION_WINDOWS)]
    types = calibrate(network, dataset.batch(chosen)[0], config.widths, config.formats)
    quantized = QuantizedAegru.from_float(network, dataset.channels, types)
    kept = masks_of(quantized.weights)
    settings = config.quantisation
    stage = Stage(
        "quantised",
        settings.epochs,
        config.training.batch,
        settings.min_updates,
        settings.learning_rate,
        0.0,
        selects=False,
        section="quantisation",
    )
    facts = fit(
        quantized,
        quantized.weights,
        velocity_loss(quantized, config, teacher),
        validation_r2(quantized, dataset),
        Neighbours.of(dataset, config.window.every) if settings.change else dataset,
        dataset.train_and_validation(config.training.stride),
        stage,
        seed=config.seed + 2,
        masks=lambda *_: kept,
        progress=progress,
    )
    return quantized.eval(), facts


def autoencoder_loss(network: Aegru, config: Config) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of the float stages, with jittered counts and a sampled latent."""

    def loss(counts: Tensor, labels: Tensor) -> Tensor:
        counts = jittered(counts, config.training.jitter)
        output = network.training_output(features(counts))
        return aegru_loss(output, counts, labels, config.loss)

    return loss


def aegru_loss(output: TrainingOutput, counts: Tensor, labels: Tensor, weights: Loss) -> Tensor:
    """Return velocity MSE at all steps + Poisson NLL of the counts + KL divergence, weighted."""
    loss = weights.velocity * functional.mse_loss(output.velocity, labels)
    if weights.reconstruction:
        loss = loss + weights.reconstruction * functional.poisson_nll_loss(
            output.log_rate, counts.float()
        )
    if weights.divergence:
        spread = 1 + output.log_variance - output.latent**2 - output.log_variance.exp()
        loss = loss - weights.divergence * spread.mean() / 2
    return loss


def velocity_loss(
    network: QuantizedAegru, config: Config, teacher: Aegru
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return the loss of quantised fine-tuning: velocity MSE at all steps, and changing codes.

    With a penalty on changing codes its batches are those of `Neighbours`. Distilled are labels
    towards what the teacher, in eval mode, makes of the same jittered counts: Hinton, Vinyals,
    Dean, "Distilling the knowledge in a neural network", arXiv 1503.02531; Beyer et al., "Knowledge
    distillation: a good teacher is patient and consistent", arXiv 2106.05237.
    """
    settings = config.quantisation
    jitter = jittered_neighbours if settings.change else jittered

    def loss(counts: Tensor, labels: Tensor) -> Tensor:
        counts = jitter(counts, settings.jitter)
        if settings.distillation:
            with torch.no_grad():
                taught = teacher.readout(teacher.states(teacher.latents(counts)))
            labels = torch.lerp(labels, taught, settings.distillation)
        latents = network.latents(counts)
        states = network.states_of(latents)
        kept = functional.dropout(states, settings.dropout)
        error = functional.mse_loss(network.velocities(kept), labels)
        if not settings.change:
            return error
        return error + settings.change * change_penalty(network, latents, states)

    return loss


def validation_r2(network: nn.Module, dataset: Dataset) -> Callable[[], float | None]:
    """Return a function that decodes the validation ticks and returns their mean R².

    It returns None where R² is undefined.
    """
    truth = dataset.labels[dataset.validation].numpy()
    return lambda: r2_score(truth, decode(network, dataset, dataset.validation)).mean


@torch.no_grad()
def decode(network: nn.Module, dataset: Dataset, ticks: Tensor) -> NDArray[np.float32]:
    """Return normalised velocity (n, 2) of ticks (n,) from a network in eval mode."""
    network.eval()
    pieces = [network(dataset.batch(piece)[0]) for piece in ticks.split(TICKS_AT_ONCE)]
    velocity: NDArray[np.float32] = torch.cat(pieces).numpy()
    return velocity
