"""The training loop of every stage: schedule, best epoch, masks, and exact resumption."""

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from tqdm import tqdm

from aegru_hw.decoder.averaging import WeightAverage, state_of
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.facts import Epoch, StageFacts
from aegru_hw.decoder.pruning import Masks, apply_masks
from aegru_hw.decoder.resumption import Checkpoint, Origin
from aegru_hw.decoder.schedules import cosine
from aegru_hw.errors import UserError

SMALLEST_BATCH = 32


@dataclass(frozen=True)
class Stage:
    """One stage of training.

    name: shown on the progress bar.
    epochs, batch: as configured; `schedule` adapts them to a short recording.
    selects: keep the epoch of the best validation R² where true, else the last one.
    rate_at: share of the learning rate after each part of the epochs.
    averaging: decay of the weights' average; what is validated and kept is the average.
    section: of the configuration that holds its learning rate.
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
    section: str = "training"


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
    validation_r2: Callable[[], float | None],
    dataset: Dataset,
    ticks: Tensor,
    stage: Stage,
    *,
    seed: int,
    masks: Callable[[int, int], Masks] | None = None,
    checkpoint: Path | None = None,
    resume: bool = False,
    made_of: dict[str, str] | None = None,
    progress: bool = True,
) -> StageFacts:
    """Train a network in place and return the stage's facts.

    loss_of: loss of a batch of window counts (B, N, C) and labels (B, N, 2).
    ticks: (n,) ticks to train on.
    masks: the weights that stay zero, for an epoch and the number of epochs.
    checkpoint: written after every epoch; the caller removes it. With `resume`, training goes on
        from it to the same result as without interruption.
    made_of: digests by name of what the training follows from, kept in the checkpoint.

    Raises UserError where the checkpoint is damaged or of something else, and where the training
    diverges.
    """
    epochs, batch = schedule(stage, len(ticks))
    optimiser = torch.optim.Adam(
        [p for p in network.parameters() if p.requires_grad],
        lr=stage.learning_rate,
        weight_decay=stage.weight_decay,
    )
    torch.manual_seed(seed)
    history: list[Epoch] = []
    average = WeightAverage(network, stage.averaging)
    best = state_of(network)
    kept = None
    if checkpoint is not None:
        kept = Checkpoint(checkpoint, Origin(stage.name, seed, epochs, batch, made_of or {}))
        if resume and checkpoint.exists():
            best, history = kept.restore(network, optimiser, average)
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
            _check_finite(network, loss, stage, f"epoch {epoch + 1} of {epochs}")
            with average.applied():
                r2 = validation_r2()
                before = max((_rank(row.r2) for row in history), default=-math.inf)
                if not stage.selects or _rank(r2) >= before:
                    best = state_of(network)
            history.append(Epoch(loss, r2))
            bar.set_postfix(
                loss=f"{loss:.4f}", validation_r2="undefined" if r2 is None else f"{r2:.4f}"
            )
            bar.update()
            if kept is not None:
                kept.save(network, best, optimiser, average, history)
    network.load_state_dict(best)
    return StageFacts(epochs, batch, len(ticks), tuple(history))


def _rank(r2: float | None) -> float:
    """Return R² for comparison: an undefined one is below every other."""
    return -math.inf if r2 is None else r2


def _check_finite(network: nn.Module, loss: float, stage: Stage, when: str) -> None:
    finite = all(bool(p.isfinite().all()) for p in network.parameters())
    if not (math.isfinite(loss) and finite):
        raise UserError(
            f"training diverged in stage '{stage.name}', {when}, with loss {loss:g} and "
            f"learning rate {stage.learning_rate:g}; try a smaller rate, such as "
            f"--set {stage.section}.learning_rate={stage.learning_rate / 10:g}"
        )


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
