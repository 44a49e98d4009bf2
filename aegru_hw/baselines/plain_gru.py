"""A GRU straight on the features: no encoder, no autoencoder branch, no LayerNorm, no pruning."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from aegru_hw.baselines.score import BaselineScore, float_bytes
from aegru_hw.decoder import stages
from aegru_hw.decoder.config import Config
from aegru_hw.decoder.data import Dataset, jittered
from aegru_hw.decoder.fit import Stage, fit
from aegru_hw.decoder.network import features
from aegru_hw.fixedpoint.decoder import GATES, VELOCITY_AXES
from aegru_hw.recordings.r2 import r2_score

SEED_OFFSET = 1  # of the second stage, as in AEGRU's


class PlainGru(nn.Module):
    """v(t) = W h_N + b with h_k = GRU(x(t-(N-k)·WS), h_{k-1}), for C channels and H hidden units.

    gru: torch's own layer, batch first; readout: (H,) to (2,).
    """

    def __init__(self, channels: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(channels, hidden, batch_first=True)
        self.dropout = nn.Dropout(dropout)
        self.readout = nn.Linear(hidden, 2)

    def velocities(self, window_counts: Tensor) -> Tensor:
        """Return velocity (B, N, 2), normalised, after every step, for counts (B, N, C)."""
        velocity: Tensor = self.readout(self.dropout(self.gru(features(window_counts))[0]))
        return velocity

    def forward(self, window_counts: Tensor) -> Tensor:
        """Return velocity (B, 2), normalised, for window counts (B, N, C), oldest first."""
        return self.velocities(window_counts)[:, -1]


def train_plain_gru(dataset: Dataset, config: Config, *, progress: bool = True) -> PlainGru:
    """Train as AEGRU is: the best epoch on validation, then fine-tuning on both splits."""
    torch.manual_seed(config.seed)
    network = PlainGru(dataset.channels, config.network.hidden, config.network.dropout)

    def loss(counts: Tensor, labels: Tensor) -> Tensor:
        counts = jittered(counts, config.training.jitter)
        return functional.mse_loss(network.velocities(counts), labels)

    training, tuning = config.training, config.pruning
    parts = [
        (
            dataset.train,
            Stage(
                "plain GRU",
                training.epochs,
                training.batch,
                training.min_updates,
                training.learning_rate,
                training.weight_decay,
                selects=True,
            ),
        ),
        (
            dataset.train_and_validation(training.stride),
            Stage(
                "plain GRU, both splits",
                tuning.epochs,
                training.batch,
                tuning.min_updates,
                tuning.learning_rate,
                0.0,
                selects=False,
                section="pruning",
            ),
        ),
    ]
    for index, (ticks, stage) in enumerate(parts):
        fit(
            network,
            {},
            loss,
            stages.validation_r2(network, dataset),
            dataset,
            ticks,
            stage,
            seed=config.seed + SEED_OFFSET * index,
            progress=progress,
        )
    return network.eval()


def score_plain_gru(network: PlainGru, dataset: Dataset) -> BaselineScore:
    """Score the test ticks; the N steps run anew for each output."""
    truth = dataset.labels[dataset.test].numpy()
    decoded = stages.decode(network, dataset, dataset.test)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return BaselineScore(
        r2=r2_score(truth, decoded),
        macs=plain_gru_macs(network, dataset.steps),
        footprint_bytes=float_bytes(parameters, dataset.channels),
        ticks=len(decoded),
    )


def plain_gru_macs(network: PlainGru, steps: int) -> int:
    """Return the MACs of one output that runs all N steps anew."""
    channels, hidden = network.gru.input_size, network.gru.hidden_size
    return steps * GATES * hidden * (channels + hidden) + VELOCITY_AXES * hidden
