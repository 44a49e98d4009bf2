"""Recalibration by the features' statistics: no labels are needed.

A channel whose feature has mean m and spread s today and had m', s' before is seen by the first
layer as it was before: W1' = W1·s'/s and b1' = b1 + sum over channels (W1·m' - W1'·m). This is the
alignment of first and second moments per channel that adaptive batch normalisation does (Li, Wang,
Shi, Liu, Hou, arXiv 1603.04779), at the network's input.
"""

from dataclasses import dataclass
from typing import Self

from torch import Tensor

from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import features

LEAST_SPREAD = 0.3
"""A channel that is silent, or nearly, is not amplified; features are logarithms."""

Encoder = tuple[Tensor, Tensor]
"""Weight (L, C) and bias (L,) of the first layer."""


@dataclass(frozen=True)
class Statistics:
    """Mean and spread of every channel's feature, (C,) each."""

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, dataset: Dataset, ticks: Tensor) -> Self:
        """Measure the features of ticks (n,)."""
        seen = features(dataset.counts[ticks])
        return cls(seen.mean(dim=0), seen.std(dim=0).clamp(min=LEAST_SPREAD))

    def normalised(self, encoder: Encoder) -> Encoder:
        """Return the encoder of features that are normalised by these statistics."""
        weight, bias = encoder
        return weight * self.spread, bias + weight @ self.mean

    def raw(self, encoder: Encoder) -> Encoder:
        """Return the encoder of features as they are, for one of normalised features."""
        weight = encoder[0] / self.spread
        return weight, encoder[1] - weight @ self.mean


def aligned(encoder: Encoder, before: Statistics, today: Statistics) -> Encoder:
    """Return the encoder that gives today's features the latents of those before."""
    return today.raw(before.normalised(encoder))
