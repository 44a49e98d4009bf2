"""The training loop of every stage: schedule, best epoch, masks, and exact resumption."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from aegru_hw.decoder.averaging import WeightAverage, state_of
from aegru_hw.decoder.checkpoint import (
    load_tensors,
    optimiser_tensors,
    prefixed,
    restore_optimiser,
    save_tensors,
)
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.pruning import Masks, apply_masks
from aegru_hw.errors import UserError

SMALLEST_BATCH = 32


def cosine(part: float) -> float:
    """Return the share of the learning rate after the part of a stage's epochs: from 1 to 0."""
    return (1 + math.cos(math.pi * part)) / 2


def constant(_: float) -> float:
    """Return the whole learning rate."""
    return 1.0


SCHEDULES = {"cosine": cosine, "constant": constant}


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    name: shown on the progress bar.
    epochs, batch: as configured; `schedule` adapts them to a short recording.
    selects: keep the epoch of the best validation R² where true, else the last one.
    rate_at: share of the learning rate after each part of the epochs.
    averaging: decay of the weights' average; what is validated and kept is the average.
    """

    name: str
    epochs: int
    batch: int
    min_updates: int
    learning_rate: float
    weight_decay: float
    selects: bool
    rate_at: Callable[[float], float] = cosine
    averaging: float = 0.0


def schedule(stage: Stage, windows: int) -> tuple[int, int]:
    """Return (epochs, batch) that reach the stage's minimum number of updates.

    The batch is halved down to 32 first; then epochs are added.
    """
    batch = stage.batch
    while batch > SMALLEST_BATCH and stage.epochs * (windows // batch) < stage.min_updates:
        batch //= 2
    updates_per_epoch = max(1, windows // batch)
    return max(stage.epochs, math.ceil(stage.min_updates / updates_per_epoch)), batch


def fit(
    network: nn.Module,
    weights: dict[str, Tensor],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    validation_r2: Callable[[], float],
    dataset: Dataset,
    ticks: Tensor,
    stage: Stage,
    *,
    seed: int,
    masks: Callable[[int, int], Masks] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: bool = True,
) -> dict[str, Any]:
    """Train a network in place and return the stage's facts (epochs, batch, history of R²).

    loss_of: loss of a batch of window counts (B, N, C) and labels (B, N, 2).
    ticks: (n,) ticks to train on.
    masks: the weights that stay zero, for an epoch and the number of epochs.
    checkpoint: written after every epoch, removed at the end; with `resume`, training goes on
        from it to the same result as without interruption.
    """
    plan = epochs, batch = schedule(stage, len(ticks))
    optimiser = torch.optim.Adam(
        [p for p in network.parameters() if p.requires_grad],
        lr=stage.learning_rate,
        weight_decay=stage.weight_decay,
    )
    torch.manual_seed(seed)
    history: list[dict[str, float]] = []
    average = WeightAverage(network, stage.averaging)
    best = state_of(network)
    if resume and checkpoint is not None and checkpoint.exists():
        best, history = _restore(checkpoint, network, optimiser, average, stage, plan)
    with tqdm(
        total=epochs,
        initial=len(history),
        desc=stage.name,
        unit="epoch",
        disable=not progress,
        file=sys.stderr,
    ) as bar:
        for epoch in range(len(history), epochs):
            rate = stage.learning_rate * stage.rate_at(epoch / epochs)
            for group in optimiser.param_groups:
                group["lr"] = rate
            zeros = None if masks is None else masks(epoch, epochs)
            loss = _epoch(
                network, weights, loss_of, dataset, ticks, batch, optimiser, zeros, average
            )
            with average.applied():
                r2 = validation_r2()
                before = max((row["r2"] for row in history), default=-math.inf)
                if not stage.selects or r2 >= before:
                    best = state_of(network)
            history.append({"loss": loss, "r2": r2})
            bar.set_postfix(loss=f"{loss:.4f}", validation_r2=f"{r2:.4f}")
            bar.update()
            if checkpoint is not None:
                _save(checkpoint, network, best, optimiser, average, history, stage, plan)
    network.load_state_dict(best)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return {"epochs": epochs, "batch": batch, "windows": len(ticks), "history": history}


def _epoch(
    network: nn.Module,
    weights: dict[str, Tensor],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    dataset: Dataset,
    ticks: Tensor,
    batch: int,
    optimiser: torch.optim.Optimizer,
    masks: Masks | None,
    average: WeightAverage,
) -> float:
    """Run one epoch and return its mean loss."""
    network.train()
    if masks is not None:
        apply_masks(weights, masks)
    total, batches = torch.zeros(()), 0
    for counts, labels in dataset.shuffled(ticks, batch):
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(counts, labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if masks is not None:
            apply_masks(weights, masks)
        average.update()
        total, batches = total + loss.detach(), batches + 1
    return float(total) / batches


def _save(
    path: Path,
    network: nn.Module,
    best: dict[str, Tensor],
    optimiser: torch.optim.Optimizer,
    average: WeightAverage,
    history: list[dict[str, float]],
    stage: Stage,
    plan: tuple[int, int],
) -> None:
    tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    tensors |= {f"average.{name}": tensor for name, tensor in average.tensors.items()}
    tensors |= optimiser_tensors(optimiser)
    tensors["random"] = torch.get_rng_state()
    facts = {"stage": stage.name, "plan": list(plan), "updates": average.updates}
    save_tensors(path, tensors, facts | {"history": history})


def _restore(
    path: Path,
    network: nn.Module,
    optimiser: torch.optim.Optimizer,
    average: WeightAverage,
    stage: Stage,
    plan: tuple[int, int],
) -> tuple[dict[str, Tensor], list[dict[str, float]]]:
    tensors, facts = load_tensors(path)
    if facts.get("stage") != stage.name or facts.get("plan") != list(plan):
        raise UserError(f"{path} is the checkpoint of another training; start again without it")
    try:
        network.load_state_dict(prefixed(tensors, "network."))
        restore_optimiser(optimiser, tensors)
        average.tensors = {name: tensors[f"average.{name}"] for name in average.tensors}
        average.updates = facts["updates"]
        torch.set_rng_state(tensors["random"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged: {error}") from None
    return prefixed(tensors, "best."), facts["history"]
