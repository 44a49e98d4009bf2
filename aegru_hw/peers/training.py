"""Training of the rival on the windows, splits and jitter of every other decoder.

An update takes long, so that batches are as configured, and epochs follow from the least number of
updates. The loss is the mean squared error of the normalised velocity after every step, and
β · EBOPs. β rises by equal factors over the first part of the epochs and then stays. The last fifth
of them is on both splits, as AEGRU's fine-tuning is.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional

from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.network import features
from aegru_hw.decoder.schedules import cosine
from aegru_hw.peers.qgru import Qgru

RATE_OF_BITS = 10.0
"""The learning rate of the numbers of bits over that of the weights: a bit is a whole step."""
BITS = ("b", "i", "f")
"""What HGQ2's quantisers call their numbers of bits."""
RISING, ON_BOTH = 0.5, 0.8
"""Parts of the epochs: β rises until, both splits are used from."""


@dataclass(frozen=True)
class Price:
    """β, what an EBOP costs beside the mean squared error, at the beginning and at the end."""

    first: float = 1e-7
    last: float = 3e-6

    def at(self, part: float) -> float:
        """Return β after a part of the epochs."""
        return float(self.first * (self.last / self.first) ** min(1.0, part / RISING))


def train_qgru(dataset: Dataset, config: Config, price: Price = Price()) -> Qgru:
    """Return a trained network; integer bits are those that training and validation ticks need."""
    *_, network = training(dataset, config, price)
    return network


def training(dataset: Dataset, config: Config, price: Price = Price()) -> Iterator[Qgru]:
    """Yield the network after every epoch, and once more when it is calibrated."""
    settings = config.training
    network = Qgru.made(
        dataset.channels,
        config.network.hidden,
        dataset.steps,
        config.quantisation.dropout,
        config.seed,
    )
    batch = min(settings.batch, len(dataset.train))
    updates = len(dataset.train) // batch
    epochs = max(settings.epochs, math.ceil(settings.min_updates / updates))
    variables = network.every.trainable_variables
    optimiser = _optimiser(variables, settings.learning_rate)
    both = dataset.train_and_validation(settings.stride)
    for epoch in range(epochs):
        part = epoch / epochs
        for group in optimiser.param_groups:
            group["lr"] = group["whole_lr"] * cosine(part)
        _set_price(network, price.at(part))
        for counts, labels in dataset.shuffled(both if part >= ON_BOTH else dataset.train, batch):
            velocity = network.every(features(jittered(counts, settings.jitter)), training=True)
            loss = functional.mse_loss(velocity, labels) + sum(network.every.losses)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            for variable in variables:
                if variable.constraint is not None:
                    variable.assign(variable.constraint(variable.value))
        yield network
    network.calibrate(dataset.batch(both)[0])
    yield network


def _optimiser(variables: list[Any], rate: float) -> torch.optim.Optimizer:
    bits = [one for one in variables if one.path.rpartition("/")[2] in BITS]
    others = [one for one in variables if one.path.rpartition("/")[2] not in BITS]
    groups = ((bits, rate * RATE_OF_BITS), (others, rate))
    return torch.optim.Adam(
        [{"params": [one.value for one in group], "lr": lr, "whole_lr": lr} for group, lr in groups]
    )


def _set_price(network: Qgru, beta: float) -> None:
    for layer in network.every._flatten_layers():
        if getattr(layer, "_beta", None) is not None:
            layer._beta.assign(beta)
