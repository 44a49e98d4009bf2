"""Unstructured pruning by magnitude or more, over all matrices or each, at once or in steps.

Gradual pruning follows Zhu, Gupta, "To prune, or not to prune", arXiv 1710.01878: the share of the
final rate is 1 - (1 - p)³ after the part p of the ramp. A weight's influence is its magnitude times
the spread of what it multiplies, after Sun, Liu, Bair, Kolter, "A simple and effective pruning
approach for large language models", arXiv 2306.11695; a constant input is left to the bias. A
budget of multiply-accumulates goes to the weights of most saliency for what they cost, as in Theis,
Korshunova, Tejani, Huszár, "Faster gaze prediction with dense networks and Fisher pruning", arXiv
1801.05787.
"""

import torch
from torch import Tensor, nn

from aegru_hw.decoder.network import Aegru, features

Masks = dict[str, Tensor]
WINDOWS_A_DRAW = 16
"""Windows whose derivatives are summed with random signs before they are squared."""
SMALLEST_COST = 1e-6
"""In place of nothing: a column that never changes is free."""


@torch.no_grad()
def _inputs(network: Aegru, window_counts: Tensor) -> dict[str, Tensor]:
    """Return what each matrix multiplies for window counts (B, N, C), (n, inputs) each."""
    latents = network.latents(window_counts)
    states = network.states(latents)
    inputs = {
        "encoder": features(window_counts),
        "input": latents,
        "recurrent": states,
        "readout": states[:, -1],
    }
    return {name: values.flatten(0, -2) for name, values in inputs.items()}


@torch.no_grad()
def influences(network: Aegru, window_counts: Tensor) -> dict[str, Tensor]:
    """Return |w|·sigma for each weight of a network, put into eval mode.

    sigma is the standard deviation of the weight's input over window counts (B, N, C) of training
    data; an encoder weight is scaled as BatchNorm scales its row.
    """
    network.eval()
    inputs = _inputs(network, window_counts)
    found = {
        name: weight.abs() * inputs[name].std(dim=0) for name, weight in network.weights.items()
    }
    norm = network.batch_norm
    if isinstance(norm, nn.BatchNorm1d):
        assert norm.running_var is not None
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        found["encoder"] *= scale.abs()[:, None]
    return found


def saliencies(network: Aegru, window_counts: Tensor) -> dict[str, Tensor]:
    """Return by how much dropping a weight of a network, put into eval mode, moves the velocity.

    That is w² times the mean of J² over window counts (B, N, C) of training data, J the derivative
    of the velocity by the weight, less what the bias makes up for: its own derivative times the
    mean of the weight's input. Squares of sums with random signs, over a few windows each, estimate
    the sum of squares without bias.
    """
    network.eval()
    means = {name: x.mean(dim=0) for name, x in _inputs(network, window_counts).items()}
    weights = network.weights
    biases = [getattr(network, name).bias for name in weights]
    squares = {name: torch.zeros_like(weight) for name, weight in weights.items()}
    chance = torch.Generator().manual_seed(0)
    for piece in window_counts.split(WINDOWS_A_DRAW):
        velocity = network(piece)
        signs = 2.0 * torch.randint(2, velocity.shape, generator=chance) - 1
        found = torch.autograd.grad((signs * velocity).sum(), [*weights.values(), *biases])
        for name, by_weight, by_bias in zip(weights, found, found[len(weights) :], strict=False):
            squares[name] += torch.square(by_weight - torch.outer(by_bias, means[name]))
    count = len(window_counts)
    return {name: w.detach().square() * squares[name] / count for name, w in weights.items()}


def total_cost(weights: dict[str, Tensor], costs: dict[str, Tensor]) -> float:
    """Return what all weights (outputs, inputs) cost, by the costs (inputs,) of their columns."""
    return sum(len(weight) * float(costs[name].sum()) for name, weight in weights.items())


def budget_masks(scores: dict[str, Tensor], costs: dict[str, Tensor], budget: float) -> Masks:
    """Return masks that keep the weights of most score for their cost, while a budget lasts.

    scores: (outputs, inputs); a weight of score 0 is dropped. costs: (inputs,), of a weight of each
    column.
    """
    score = torch.cat([matrix.flatten() for matrix in scores.values()])
    cost = torch.cat([costs[name].expand_as(scores[name]).flatten() for name in scores]).double()
    order = (score / cost.clamp(min=SMALLEST_COST)).argsort(descending=True, stable=True)
    keep = torch.zeros_like(score, dtype=torch.bool)
    keep[order] = cost[order].cumsum(dim=0) <= budget
    return _split(keep & (score > 0), scores)


def _split(keep: Tensor, weights: dict[str, Tensor]) -> Masks:
    """Return the mask of each matrix from one of all weights together."""
    pieces = keep.split([weight.numel() for weight in weights.values()])
    return {
        name: piece.view_as(weight)
        for (name, weight), piece in zip(weights.items(), pieces, strict=True)
    }


def global_masks(weights: dict[str, Tensor], rate: float) -> Masks:
    """Return masks that drop the share `rate` of smallest magnitudes over all weights together."""
    magnitudes = torch.cat([weight.detach().abs().flatten() for weight in weights.values()])
    dropped = round(rate * magnitudes.numel())
    keep = torch.ones_like(magnitudes, dtype=torch.bool)
    keep[magnitudes.argsort(stable=True)[:dropped]] = False
    return _split(keep, weights)


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
