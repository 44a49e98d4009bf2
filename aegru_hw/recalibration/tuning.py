"""Fine-tuning of a quantised network: today's encoder alone, or all of it.

The network shares its core over sessions, each of which has an encoder of its own: a shared one of
normalised features, and a difference that is kept small. Of one session only there is no
difference. Everything is trained in the decoder's fixed-point types. Weights of the core that were
pruned stay zero; which ones of the encoder do may be chosen anew, for another day's channels are
tuned otherwise: it begins with all weights and is pruned as it is trained (decoder/pruning.py).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional

from aegru_hw.decoder.averaging import WeightAverage
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.pruning import apply_masks, global_masks, masks_of, pruned_share
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.schedules import cosine
from aegru_hw.recalibration.statistics import Encoder, Statistics

GROUPS = 4
"""A batch has windows of at most so many sessions; half of it are today's."""

EPOCHS, FEWEST_UPDATES, MOST_UPDATES = 20, 200, 700
"""Of a fine-tuning to one session."""

RAMP = 0.6
"""Part of the updates over which an encoder loses the weights that it has too many."""


@dataclass(frozen=True)
class Tuning:
    """Settings of a fine-tuning.

    core: whether more than the encoder is trained. updates: where None they follow from the ticks,
    times `stretch`. differences: weight of the squared differences between the sessions' encoders
    in the loss.
    """

    core: bool = True
    updates: int | None = None
    stretch: float = 1.0
    batch: int = 128
    learning_rate: float = 7e-4
    averaging: float = 0.98
    jitter: float = 0.5
    dropout: float = 0.2
    differences: float = 1e-4

    def updates_of(self, ticks: int) -> int:
        """Return how many updates today's ticks get: EPOCHS, within bounds."""
        if self.updates is not None:
            return self.updates
        usual = min(max(EPOCHS * ticks // self.batch, FEWEST_UPDATES), MOST_UPDATES)
        return round(self.stretch * usual)

    def harder(self, share: float) -> Self:
        """Return settings that go further from the network as it is; share: 0 to 1."""
        return replace(
            self,
            stretch=self.stretch * (1 + share),
            learning_rate=self.learning_rate * (1 + 2 * share),
            dropout=self.dropout + 0.2 * share,
        )


@dataclass(frozen=True)
class Part:
    """A session to train on: its ticks (n,), its features' statistics, its encoder as it is."""

    dataset: Dataset
    ticks: Tensor
    statistics: Statistics
    encoder: Encoder


def tune(
    network: QuantizedAegru,
    parts: Sequence[Part],
    tuning: Tuning,
    seed: int,
    *,
    words: int | None = None,
) -> list[Encoder]:
    """Fine-tune a network in place; return the parts' encoders. Today's part is the last one.

    The network gets today's encoder. Weights of the core that are zero stay so.
    words: non-zero weights that the encoder may have, any; None: those that it has.
    """
    torch.manual_seed(seed)
    masks = masks_of(network.weights)
    encoders = _Encoders(parts, masks.pop("encoder"))
    if words is not None:
        encoders.keep(1.0)
    core = {name: weight for name, weight in network.weights.items() if name != "encoder"}
    trained = torch.nn.ModuleList([encoders])
    if tuning.core:
        trained.extend(part for name, part in network.named_children() if name != "encoder")
    optimiser = torch.optim.Adam(trained.parameters(), lr=tuning.learning_rate)
    average = WeightAverage(trained, tuning.averaging)
    network.train()
    updates = tuning.updates_of(len(parts[-1].ticks))
    for update in range(updates):
        if words is not None:
            share = pruned_share(update, updates, RAMP)
            encoders.keep(1 - share * (1 - words / encoders.mask.numel()))
        for group in optimiser.param_groups:
            group["lr"] = tuning.learning_rate * cosine(update / updates)
        optimiser.zero_grad(set_to_none=True)
        loss = _loss(network, encoders, parts, tuning)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        apply_masks(core, masks)
        average.update()
    if updates and tuning.averaging:
        trained.load_state_dict(average.tensors)
    apply_masks(core, masks)
    found = [_detached(encoders(index)) for index in range(len(parts))]
    set_encoder(network, found[-1])
    network.eval()
    return found


@torch.no_grad()
def set_encoder(network: QuantizedAegru, encoder: Encoder) -> None:
    """Give a network another first layer."""
    network.encoder.weight.copy_(encoder[0])
    network.encoder.bias.copy_(encoder[1])


def encoder_of(network: QuantizedAegru) -> Encoder:
    """Return a network's first layer."""
    return _detached((network.encoder.weight, network.encoder.bias))


class _Encoders(torch.nn.Module):
    """The encoders of sessions: a shared one of normalised features, and differences."""

    def __init__(self, parts: Sequence[Part], mask: Tensor) -> None:
        super().__init__()
        self.parts, self.mask = parts, mask
        normalised = [part.statistics.normalised(part.encoder) for part in parts]
        weights = torch.stack([weight for weight, _ in normalised])
        biases = torch.stack([bias for _, bias in normalised])
        self.weight = torch.nn.Parameter(weights.mean(dim=0))
        self.bias = torch.nn.Parameter(biases.mean(dim=0))
        several = len(parts) > 1
        self.weights = torch.nn.Parameter(weights - self.weight, requires_grad=several)
        self.biases = torch.nn.Parameter(biases - self.bias, requires_grad=several)

    def forward(self, index: int) -> Encoder:
        """Return weight and bias of a session's encoder, for features as they are."""
        weight = (self.weight + self.weights[index]) * self.mask
        return self.parts[index].statistics.raw((weight, self.bias + self.biases[index]))

    @torch.no_grad()
    def keep(self, share: float) -> None:
        """Keep the share of the weights that is largest, of those kept until now; 1: all again."""
        if share == 1.0:
            self.mask = torch.ones_like(self.mask)
            return
        weights = {"encoder": self.weight * self.mask}
        self.mask = global_masks(weights, 1 - share)["encoder"]

    @property
    def differences(self) -> Tensor:
        return self.weights.square().sum() + self.biases.square().sum()


def _loss(
    network: QuantizedAegru, encoders: _Encoders, parts: Sequence[Part], tuning: Tuning
) -> Tensor:
    """Return the loss of a batch: velocity MSE at all steps, half of it today's."""
    today = len(parts) - 1
    chosen = [today] * GROUPS
    if today:
        chosen[GROUPS // 2 :] = torch.randint(today, (GROUPS - GROUPS // 2,)).tolist()
    latents, labels = [], []
    for index, groups in Counter(chosen).items():
        part = parts[index]
        size = tuning.batch // GROUPS * groups
        ticks = part.ticks[torch.randint(len(part.ticks), (size,))]
        counts, truth = part.dataset.batch(ticks)
        latents.append(network.latents(jittered(counts, tuning.jitter), encoders(index)))
        labels.append(truth)
    states = functional.dropout(network.states_of(torch.cat(latents)), tuning.dropout)
    loss = functional.mse_loss(network.velocities(states), torch.cat(labels))
    return loss + tuning.differences * encoders.differences if today else loss


def _detached(encoder: Encoder) -> Encoder:
    return encoder[0].detach().clone(), encoder[1].detach().clone()
