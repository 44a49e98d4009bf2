"""Tensors and their facts in safetensors, never pickle.

The metadata has one entry: the SHA-256 of tensors and facts, and the facts as JSON.
"""

import hashlib
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.strict_json import to_json

Facts = TypeVar("Facts")


def save_tensors(path: Path, tensors: dict[str, Tensor], facts: object) -> None:
    """Write tensors and facts (a dataclass, or what else JSON has) at once, with their checksum."""
    copies = {name: tensor.detach().clone().contiguous() for name, tensor in tensors.items()}
    text = to_json(facts)
    with atomic_path(path) as temporary:
        # One entry: safetensors writes several in an order of chance, and equal is to be equal.
        save_file(copies, temporary, metadata={_checksum(copies, text): text})


def load_tensors(path: Path, kind: type[Facts]) -> tuple[dict[str, Tensor], Facts]:
    """Read what `save_tensors` wrote, with facts of a type.

    Raises UserError where the file is missing or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} is missing; run the step that writes it first")
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            entries = list((file.metadata() or {}).items())
        if len(entries) != 1:
            raise UserError(f"{path} is damaged: it has no facts")
        checksum, text = entries[0]
        if checksum != _checksum(tensors, text):
            raise UserError(f"{path} is damaged: its checksum differs")
        return tensors, msgspec.json.decode(text, type=kind)
    except (SafetensorError, ValueError, OSError) as error:
        raise UserError(f"{path} is damaged: {_one_line(error)}") from None


def load_weights(path: Path, network: nn.Module, kind: type[Facts]) -> Facts:
    """Load a network's weights and return their facts.

    Raises UserError where the file is missing or damaged, or of another network's geometry.
    """
    tensors, facts = load_tensors(path, kind)
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


def _checksum(tensors: dict[str, Tensor], facts: str) -> str:
    seen = hashlib.sha256(facts.encode())
    for name, tensor in sorted(tensors.items()):
        seen.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        seen.update(tensor.numpy().tobytes())
    return seen.hexdigest()


def _one_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
