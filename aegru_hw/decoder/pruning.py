"""Unstructured pruning by magnitude, over all matrices or each, at once or in steps.

Gradual pruning follows Zhu, Gupta, "To prune, or not to prune", arXiv 1710.01878: the share of the
final rate is 1 - (1 - p)³ after the part p of the ramp. A weight's influence is its magnitude times
the spread of what it multiplies, after Sun, Liu, Bair, Kolter, "A simple and effective pruning
approach for large language models", arXiv 2306.11695; a constant input is left to the bias.
"""

import torch
from torch import Tensor, nn

from aegru_hw.decoder.network import Aegru, features

Masks = dict[str, Tensor]


@torch.no_grad()
def influences(network: Aegru, window_counts: Tensor) -> dict[str, Tensor]:
    """Return |w|·sigma for each weight of a network, put into eval mode.

    sigma is the standard deviation of the weight's input over window counts (B, N, C) of training
    data; an encoder weight is scaled as BatchNorm scales its row.
    """
    network.eval()
    latents = network.latents(window_counts)
    states = network.states(latents)
    inputs = {
        "encoder": features(window_counts),
        "input": latents,
        "recurrent": states,
        "readout": states[:, -1],
    }
    found = {
        name: weight.abs() * inputs[name].flatten(0, -2).std(dim=0)
        for name, weight in network.weights.items()
    }
    norm = network.batch_norm
    if isinstance(norm, nn.BatchNorm1d):
        assert norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        found["encoder"] *= scale.abs()[:, None]
    return found


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


def layer_masks(weights: dict[str, Tensor], rates: dict[str, float]) -> Masks:
    """Return masks that drop from each matrix the share of its own smallest magnitudes."""
    return {
        name: global_masks({name: weight}, rates[name])[name] for name, weight in weights.items()
    }


def pruned_share(epoch: int, epochs: int, ramp: float) -> float:
    """Return the share of the final rate that holds in an epoch (counted from 0).

    ramp: part of all epochs over which the rate rises; with 0 it is the final one at once.
    """
    rising = ramp * epochs
    remaining = 1 - (epoch + 1) / rising if rising > 0 else 0.0
    return 1.0 - max(remaining, 0.0) ** 3


@torch.no_grad()
def apply_masks(weights: dict[str, Tensor], masks: Masks) -> None:
    """Set the weights that the masks drop to zero."""
    for name, mask in masks.items():
        weights[name].mul_(mask)


def masks_of(weights: dict[str, Tensor]) -> Masks:
    """Return the masks of weights that were pruned before: their zeros."""
    return {name: weight.detach() != 0 for name, weight in weights.items()}
