"""Weights and checkpoints in safetensors: tensors and one JSON text, never pickle."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path


def save_tensors(path: Path, tensors: dict[str, Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON-serialisable facts at once."""
    with atomic_path(path) as temporary:
        copies = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
        save_file(copies, temporary, metadata={"facts": json.dumps(facts)})


def load_tensors(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read what `save_tensors` wrote; UserError where the file is missing or damaged."""
    if not Path(path).is_file():
        raise UserError(f"{path} is missing; run the step that writes it first")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            facts = json.loads((file.metadata() or {})["facts"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise UserError(f"{path} is damaged: {error}") from None
    return tensors, facts


def load_weights(path: Path, network: nn.Module) -> dict[str, Any]:
    """Load a network's weights; UserError where they are not those of this network."""
    tensors, facts = load_tensors(path)
    try:
        network.load_state_dict(tensors)
    except RuntimeError:
        raise UserError(f"{path} holds the weights of another network geometry") from None
    return facts


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimiser's state as named tensors."""
    return {
        f"optimiser.{index}.{key}": value
        for index, state in optimiser.state_dict()["state"].items()
        for key, value in state.items()
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put named tensors back as an optimiser's state."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in prefixed(tensors, "optimiser.").items():
        index, key = name.split(".")
        state.setdefault(int(index), {})[key] = value
    groups = optimiser.state_dict()["param_groups"]
    optimiser.load_state_dict({"state": state, "param_groups": groups})


def prefixed(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it."""
    return {name[len(prefix) :]: t for name, t in tensors.items() if name.startswith(prefix)}
