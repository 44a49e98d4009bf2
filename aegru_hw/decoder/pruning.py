"""Global L1 unstructured pruning, and masks that hold through fine-tuning."""

import torch
from torch import Tensor

Masks = dict[str, Tensor]


def global_masks(weights: dict[str, Tensor], rate: float) -> Masks:
    """Return masks that drop the share `rate` of smallest magnitudes over all weights together."""
    magnitudes = torch.cat([weight.detach().abs().flatten() for weight in weights.values()])
    dropped = round(rate * magnitudes.numel())
    keep = torch.ones_like(magnitudes, dtype=torch.bool)
    keep[magnitudes.argsort(stable=True)[:dropped]] = False
    pieces = keep.split([weight.numel() for weight in weights.values()])
    return {
        name: piece.view_as(weight)
        for (name, weight), piece in zip(weights.items(), pieces, strict=True)
    }


@torch.no_grad()
def apply_masks(weights: dict[str, Tensor], masks: Masks) -> None:
    """Set the weights that the masks drop to zero."""
    for name, mask in masks.items():
        weights[name].mul_(mask)


def masks_of(weights: dict[str, Tensor]) -> Masks:
    """Return the masks of weights that were pruned before: their zeros."""
    return {name: weight.detach() != 0 for name, weight in weights.items()}
