"""The checkpoint of an unfinished stage: what training goes on from, and what that was made of."""

from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from aegru_hw.decoder.averaging import WeightAverage
from aegru_hw.decoder.checkpoint import (
    load_tensors,
    optimiser_tensors,
    prefixed,
    restore_optimiser,
    save_tensors,
)
from aegru_hw.decoder.facts import Epoch
from aegru_hw.errors import UserError


@dataclass(frozen=True)
class Origin:
    """What a stage's course follows from; training goes on only from a checkpoint of the same.

    made_of: digests by name, such as those of the configuration and of the recording.
    """

    stage: str
    seed: int
    epochs: int
    batch: int
    made_of: dict[str, str]

    def differences(self, other: "Origin") -> list[str]:
        """Return the names of what differs in another."""
        mine, theirs = (asdict(one) | one.made_of for one in (self, other))
        names = dict.fromkeys([*mine, *theirs])
        del names["made_of"]
        return [name for name in names if mine.get(name) != theirs.get(name)]


@dataclass(frozen=True)
class _Facts:
    origin: Origin
    updates: int
    history: tuple[Epoch, ...]


@dataclass(frozen=True)
class Checkpoint:
    """A file that is written whole after every epoch."""

    path: Path
    origin: Origin

    def save(
        self,
        network: nn.Module,
        best: dict[str, Tensor],
        optimiser: torch.optim.Optimizer,
        average: WeightAverage,
        history: list[Epoch],
    ) -> None:
        """Write everything that the next epoch depends on."""
        tensors = {f"network.{name}": tensor for name, tensor in network.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
        tensors |= {f"average.{name}": tensor for name, tensor in average.tensors.items()}
        tensors |= optimiser_tensors(optimiser)
        tensors["random"] = torch.get_rng_state()
        save_tensors(self.path, tensors, _Facts(self.origin, average.updates, tuple(history)))

    def restore(
        self, network: nn.Module, optimiser: torch.optim.Optimizer, average: WeightAverage
    ) -> tuple[dict[str, Tensor], list[Epoch]]:
        """Put everything back, torch's random state too; return the best weights and the epochs.

        Raises UserError where the file is damaged, or was made of something else.
        """
        tensors, facts = load_tensors(self.path, _Facts)
        if different := self.origin.differences(facts.origin):
            raise UserError(
                f"{self.path} is the checkpoint of another {' and '.join(different)}; "
                "give the same to go on, or start again without it"
            )
        try:
            network.load_state_dict(prefixed(tensors, "network."))
            restore_optimiser(optimiser, tensors)
            average.tensors = {name: tensors[f"average.{name}"] for name in average.tensors}
            average.updates = facts.updates
            torch.set_rng_state(tensors["random"])
        except (RuntimeError, KeyError, ValueError) as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"{self.path} is damaged: {reason}") from None
        return prefixed(tensors, "best."), list(facts.history)
