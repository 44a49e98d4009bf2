"""A recording as tensors: batches of windows gathered from one tensor of window counts."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aegru_hw.decoder.config import Config
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.windows import (
    complete_history,
    window_counts,
    window_ticks,
)


@dataclass(frozen=True)
class Dataset:
    """Window counts and normalised labels of every tick, and the ticks of each split.

    counts: (T, C) int16 window counts.
    labels: (T, 2) float32 velocity, normalised with training statistics.
    train, validation, test: (n,) int64 ticks with a complete history.
    window: ticks per window; steps: windows per output.
    """

    counts: Tensor
    labels: Tensor
    train: Tensor
    validation: Tensor
    test: Tensor
    window: int
    steps: int
    scaling: LabelScaling

    @classmethod
    def from_recording(cls, recording: Recording, config: Config) -> "Dataset":
        """Lay a recording out for a configuration's window, steps and training stride."""
        window = window_ticks(
            config.window.seconds, recording.tick_seconds, config.window.least_ticks
        )
        steps = config.window.steps
        parts = split(recording, complete_history(recording, window, steps))
        scaling = LabelScaling.from_training(recording.velocity, parts.train)
        counts = window_counts(recording.counts, window, recording.segment_starts)
        # Features saturate long before 16 bits do.
        counts = np.minimum(counts, np.iinfo(np.int16).max)
        return cls(
            counts=torch.from_numpy(counts.astype(np.int16)),
            labels=torch.from_numpy(scaling.normalise(recording.velocity).astype(np.float32)),
            train=_ticks(parts.train)[:: config.training.stride].contiguous(),
            validation=_ticks(parts.validation),
            test=_ticks(parts.test),
            window=window,
            steps=steps,
            scaling=scaling,
        )

    @property
    def channels(self) -> int:
        return self.counts.shape[1]

    def train_and_validation(self, stride: int) -> Tensor:
        """Return the ticks of fine-tuning, which uses both splits."""
        return torch.cat([self.train, self.validation[::stride]])

    def before(self, ticks: Tensor, every: int) -> Tensor:
        """Return the tick `every` before each of `ticks` (n,), or itself where history begins."""
        before = ticks - every
        return torch.where(before < (self.steps - 1) * self.window, ticks, before)

    def history(self, ticks: Tensor) -> Tensor:
        """Return the ticks (B, N) whose windows each of `ticks` (B,) sees, oldest first."""
        return ticks[:, None] - torch.arange(self.steps - 1, -1, -1) * self.window

    def batch(self, ticks: Tensor) -> tuple[Tensor, Tensor]:
        """Return window counts (B, N, C) and the labels (B, N, 2) of every step."""
        history = self.history(ticks).flatten()
        shape = (len(ticks), self.steps, -1)
        counts = self.counts.index_select(0, history).view(shape)
        return counts, self.labels.index_select(0, history).view(shape)

    def shuffled(self, ticks: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of one epoch in random order; the last, smaller one is left out."""
        order = ticks[torch.randperm(len(ticks))]
        whole = max(len(order) - len(order) % batch, min(batch, len(order)))
        for piece in order[:whole].split(batch):
            yield self.batch(piece)


def _ticks(mask: NDArray[np.bool_]) -> Tensor:
    return torch.from_numpy(np.flatnonzero(mask))


def jittered(counts: Tensor, probability: float) -> Tensor:
    """Replace each window count, with a probability, by a Poisson draw of that mean."""
    if probability == 0:
        return counts
    chosen = ((torch.rand(counts.shape) < probability) & (counts > 0)).flatten().nonzero()[:, 0]
    replaced = counts.flatten().clone()
    replaced[chosen] = torch.poisson(replaced[chosen].float()).to(counts.dtype)
    return replaced.view_as(counts)
