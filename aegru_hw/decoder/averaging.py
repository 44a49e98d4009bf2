"""Exponential average of a network's weights over the updates of its training.

Polyak, Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
and Optimization 30(4), 1992; exponential as in Tarvainen, Valpola, arXiv 1703.01780.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class WeightAverage:
    """The average weights of a network: those of k updates ago count decay^k.

    tensors: the average by name of the network's state; whole numbers, such as BatchNorm's counter,
        are the latest. With decay 0 the average is the weights themselves, and costs nothing.
    updates: how many were taken in.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network, self.decay, self.updates = network, decay, 0
        self.tensors = state_of(network) if decay else {}

    @torch.no_grad()
    def update(self) -> None:
        """Take in the weights of an update."""
        if not self.decay:
            return
        self.updates += 1
        share = (1 - self.decay) / (1 - self.decay**self.updates)
        for name, tensor in self.network.state_dict().items():
            if tensor.is_floating_point():
                self.tensors[name].lerp_(tensor, share)
            else:
                self.tensors[name].copy_(tensor)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Give the network its average weights for a while."""
        if not self.decay:
            yield
            return
        latest = state_of(self.network)
        self.network.load_state_dict(self.tensors)
        try:
            yield
        finally:
            self.network.load_state_dict(latest)


def state_of(network: nn.Module) -> dict[str, Tensor]:
    """Return a copy of a network's state."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}
