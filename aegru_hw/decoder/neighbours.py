"""Outputs and those before them: what differs between neighbours is what the engine multiplies."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from aegru_hw.decoder.data import Dataset, jittered


@dataclass(frozen=True)
class Neighbours(Dataset):
    """A dataset whose batches have two halves: outputs, and for each the output before it.

    every: ticks from output to output.
    """

    every: int = 1

    @classmethod
    def of(cls, dataset: Dataset, every: int) -> "Neighbours":
        return cls(**vars(dataset), every=every)

    def batch(self, ticks: Tensor) -> tuple[Tensor, Tensor]:
        """Return counts (2B, N, C) and labels (2B, N, 2) of ticks (B,) and of those before them."""
        return super().batch(torch.cat([ticks, self.before(ticks, self.every)]))

    def shuffled(self, ticks: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield the batches of one epoch: pairs of half of the ticks, chosen anew each time."""
        chosen = torch.randperm(len(ticks))[: max(1, len(ticks) // 2)]
        yield from super().shuffled(ticks[chosen], batch // 2)


def jittered_neighbours(counts: Tensor, probability: float) -> Tensor:
    """Jitter the first half of window counts (2B, N, C); the second differs from it as before."""
    now, before = counts.chunk(2)
    moved = jittered(now, probability)
    return torch.cat([moved, (moved + before - now).clamp(min=0)])
