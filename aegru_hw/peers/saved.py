"""A trained network of the rival in one file, without pickle."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from aegru_hw.decoder.checkpoint import load_tensors, save_tensors
from aegru_hw.errors import UserError
from aegru_hw.peers.qgru import Qgru


@dataclass(frozen=True)
class QgruFacts:
    """The geometry: C, H, N. Keras numbers the names of layers anew, so tensors have numbers."""

    channels: int
    hidden: int
    steps: int


def save_qgru(path: Path, network: Qgru) -> None:
    """Write weights, bits and what was calibrated."""
    facts = QgruFacts(network.channels, network.hidden, network.steps)
    save_tensors(path, {name: one.value for name, one in _numbered(network).items()}, facts)


def load_qgru(path: Path) -> Qgru:
    """Read what `save_qgru` wrote; UserError where it is missing, damaged or of something else."""
    tensors, facts = load_tensors(path, QgruFacts)
    network = Qgru.made(facts.channels, facts.hidden, facts.steps, dropout=0.0, seed=0)
    variables = _numbered(network)
    if {name: one.shape for name, one in tensors.items()} != {
        name: tuple(one.shape) for name, one in variables.items()
    }:
        raise UserError(f"{path} holds the weights of another network geometry")
    with torch.no_grad():
        for name, variable in variables.items():
            variable.assign(tensors[name])
    return network


def _numbered(network: Qgru) -> dict[str, Any]:
    """Return Keras's variables, without the states of the generators that training draws from."""
    kept = [one for one in network.every.variables if "seed_generator" not in one.path]
    return {f"{index:03}": one for index, one in enumerate(kept)}
