"""Several sessions in one training: one core, and an encoder for each.

Every session's labels are normalised by its own training ticks. Its features are given today's mean
and spread, channel by channel, so the network is one of today's features; a session before may have
a difference of its own to today's encoder, which is left behind after training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.facts import StageFacts
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording

LEAST_SPREAD = 0.3
"""Of a channel that is silent, or nearly; features are logarithms."""

DIFFERENCES = "differences"


@dataclass(frozen=True)
class Sessions(Dataset):
    """The windows of several sessions, today's last; validation and test are today's.

    train: today's training ticks, and of the others those of training and validation.
    session: (T,) the session of each tick.
    scale, shift: (S, C); features · scale + shift are those that today's would be.
    """

    session: Tensor
    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, recordings: Sequence[Recording], config: Config) -> "Sessions":
        """Lay sessions out, today's last. UserError names one that does not belong to it."""
        for recording in recordings[:-1]:
            check_session(recording, recordings[-1])
        parts = [Dataset.from_recording(recording, config) for recording in recordings]
        *before, today = parts
        starts = torch.tensor([0, *(len(part.counts) for part in parts)]).cumsum(0)
        ticks = [part.train_and_validation(config.training.stride) for part in before]
        seen = [features(part.counts[part.train]) for part in parts]
        means = torch.stack([x.mean(dim=0) for x in seen])
        spreads = torch.stack([x.std(dim=0) for x in seen]).clamp(min=LEAST_SPREAD)
        scale = spreads[-1] / spreads
        return cls(
            counts=torch.cat([part.counts for part in parts]),
            labels=torch.cat([part.labels for part in parts]),
            train=torch.cat(
                [
                    own + start
                    for own, start in zip([*ticks, today.train], starts.tolist(), strict=False)
                ]
            ),
            validation=today.validation + starts[-2],
            test=today.test + starts[-2],
            window=today.window,
            steps=today.steps,
            scaling=today.scaling,
            session=torch.cat([torch.full((len(part.counts),), i) for i, part in enumerate(parts)]),
            scale=scale,
            shift=means[-1] - means * scale,
        )

    def shuffled(self, ticks: Tensor, batch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield ticks (B,) in place of counts, for the loss asks for their sessions too."""
        order = ticks[torch.randperm(len(ticks))]
        whole = max(len(order) - len(order) % batch, min(batch, len(order)))
        for piece in order[:whole].split(batch):
            yield piece, self.batch(piece)[1]


class Differences(nn.Module):
    """What each session's encoder has of its own, beside today's: weight and bias."""

    def __init__(self, sessions: int, channels: int, latent: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(sessions, latent, channels))
        self.bias = nn.Parameter(torch.zeros(sessions, latent))

    def forward(self, x: Tensor, session: Tensor) -> Tensor:
        """Return (B, N, L) for features (B, N, C) of sessions (B,)."""
        product = torch.einsum("bnc,blc->bnl", x, self.weight[session])
        return product + self.bias[session][:, None]


def check_session(recording: Recording, today: Recording) -> None:
    """Raise UserError with a session's name where it cannot be trained with today's."""
    for what, own, other in (
        ("channels", recording.channels, today.channels),
        ("s ticks", recording.tick_seconds, today.tick_seconds),
    ):
        if own != other:
            raise UserError(
                f"session {recording.source} has {own:g} {what}; {today.source} has {other:g}"
            )


def train_sessions(
    dataset: Sessions,
    config: Config,
    *,
    own_encoders: bool = True,
    checkpoint: Path | None = None,
    made_of: dict[str, str] | None = None,
    progress: bool = True,
) -> tuple[Aegru, StageFacts]:
    """Train the float network on all sessions; return it with today's encoder."""

    def loss_of(network: Aegru, config: Config) -> Callable[[Tensor, Tensor], Tensor]:
        differences = Differences(len(dataset.scale), dataset.channels, config.network.latent)
        if own_encoders:
            network.add_module(DIFFERENCES, differences)

        def loss(ticks: Tensor, labels: Tensor) -> Tensor:
            session = dataset.session[ticks]
            counts = jittered(dataset.batch(ticks)[0], config.training.jitter)
            x = features(counts) * dataset.scale[session][:, None]
            x = x + dataset.shift[session][:, None]
            today = (session == len(dataset.scale) - 1)[:, None, None]
            encoded = network.encoder(x)
            if own_encoders:
                encoded = torch.where(today, encoded, encoded + differences(x, session))
            output = network.training_output(x, encoded)
            return stages.aegru_loss(output, counts_of(x), labels, config.loss)

        return loss

    network, facts = stages.train_float(
        dataset,
        config,
        loss=loss_of,
        checkpoint=checkpoint,
        resume=True,
        made_of=made_of,
        progress=progress,
    )
    if own_encoders:
        delattr(network, DIFFERENCES)
    return network, facts


def counts_of(x: Tensor) -> Tensor:
    """Return the counts whose features x = log(softplus(c)) are, at least 0."""
    rate = x.clamp(max=8.0).exp()
    # The inverse of softplus; exp(rate) would overflow.
    return (rate + torch.log(-torch.expm1(-rate))).clamp(min=0.0)
