"""The float AEGRU network.

Wang, Wang, Liu, "Leveraging Recurrent Neural Networks for Predicting Motor Movements from Primate
Motor Cortex Neural Recordings", arXiv 2410.22283.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from aegru_hw.decoder.config import Network

torch.set_num_threads(1)  # these tensors are tiny: a second thread costs more than it gives

LATENT_CLAMP = 10.0


@dataclass(frozen=True)
class TrainingOutput:
    """What the network yields in training, for B windows of N steps.

    velocity: (B, N, 2), normalised, after every step.
    log_rate: (B, N, C), logarithm of the reconstructed window counts.
    latent, log_variance: (B, N, L), of the sampled latent's normal distribution.
    """

    velocity: Tensor
    log_rate: Tensor
    latent: Tensor
    log_variance: Tensor


class Aegru(nn.Module):
    """Autoencoder-regularised GRU decoder.

    encoder, batch_norm: z = BatchNorm(W1 x + b1), (C,) to (L,).
    input, recurrent: the GRU cell's W_ih and W_hh, gates in the order reset, update, candidate.
    norm: LayerNorm of the cell's output, fed back; nothing with norm = "none".
    readout: v = W2 h + b2, (H,) to (2,).
    variance, reconstruction: the autoencoder branch, used in training only.
    """

    def __init__(self, channels: int, settings: Network) -> None:
        super().__init__()
        latent, hidden = settings.latent, settings.hidden
        self.settings = settings
        self.encoder = nn.Linear(channels, latent)
        self.batch_norm: nn.Module = nn.BatchNorm1d(latent)
        self.input = nn.Linear(latent, 3 * hidden)
        self.recurrent = nn.Linear(hidden, 3 * hidden)
        for linear in (self.input, self.recurrent):
            for parameter in linear.parameters():
                nn.init.uniform_(parameter, -(hidden**-0.5), hidden**-0.5)
        self.norm: nn.Module = nn.LayerNorm(hidden) if settings.norm == "layer" else nn.Identity()
        self.dropout = nn.Dropout(settings.dropout)
        self.readout = nn.Linear(hidden, 2)
        self.variance = nn.Sequential(
            nn.Linear(channels, settings.variance_hidden),
            nn.ReLU(),
            nn.Linear(settings.variance_hidden, latent),
        )
        self.reconstruction = nn.Linear(latent, channels)

    @property
    def weights(self) -> dict[str, Tensor]:
        """The four weight matrices that hardware holds, by name, in the order that data flows."""
        return {
            "encoder": self.encoder.weight,
            "input": self.input.weight,
            "recurrent": self.recurrent.weight,
            "readout": self.readout.weight,
        }

    def latents(self, window_counts: Tensor) -> Tensor:
        """Return z (..., L) for window counts (..., C)."""
        encoded = self.encoder(features(window_counts))
        return self.batch_norm(encoded.flatten(0, -2)).view_as(encoded)

    def mixed_state(
        self, input_product: Tensor, recurrent_product: Tensor, state: Tensor
    ) -> Tensor:
        """Return (1 - u)·n + u·h (B, H) from the two products (B, 3H) and the state (B, H)."""
        hidden = self.settings.hidden
        gates = torch.sigmoid(input_product[:, : 2 * hidden] + recurrent_product[:, : 2 * hidden])
        reset, update = gates.chunk(2, dim=1)
        candidate = torch.tanh(
            input_product[:, 2 * hidden :] + reset * recurrent_product[:, 2 * hidden :]
        )
        return torch.lerp(candidate, state, update)

    def cell(self, input_product: Tensor, state: Tensor) -> Tensor:
        """Return the next state (B, H) from the input product (B, 3H) and the state (B, H)."""
        next_state: Tensor = self.norm(
            self.mixed_state(input_product, self.recurrent(state), state)
        )
        return next_state

    def states(self, latents: Tensor) -> Tensor:
        """Return h_1 ... h_N (B, N, H) for latents (B, N, L), h_0 = 0."""
        input_products = self.input(latents)
        state = latents.new_zeros(len(latents), self.settings.hidden)
        states = []
        for input_product in input_products.unbind(dim=1):
            state = self.cell(input_product, state)
            states.append(state)
        return torch.stack(states, dim=1)

    def forward(self, window_counts: Tensor) -> Tensor:
        """Return velocity (B, 2), normalised, for window counts (B, N, C), oldest first."""
        velocity: Tensor = self.readout(self.states(self.latents(window_counts))[:, -1])
        return velocity

    def training_output(self, x: Tensor, encoded: Tensor | None = None) -> TrainingOutput:
        """Return the outputs of training, with a sampled latent, for features (B, N, C).

        encoded: (B, N, L) in place of W1 x + b1.
        """
        encoded = self.encoder(x) if encoded is None else encoded
        latent = self.batch_norm(encoded.flatten(0, 1)).view(*x.shape[:2], -1)
        log_variance = self.variance(x)
        sampled = latent + torch.randn_like(latent) * torch.exp(log_variance / 2)
        sampled = sampled.clamp(-LATENT_CLAMP, LATENT_CLAMP)
        velocity = self.readout(self.dropout(self.states(sampled)))
        return TrainingOutput(velocity, self.reconstruction(sampled), latent, log_variance)


FEATURE_ENTRIES = 1 << 12
_FEATURE_TABLE = torch.log(functional.softplus(torch.arange(FEATURE_ENTRIES, dtype=torch.float64)))
_FEATURE_TABLE = _FEATURE_TABLE.float()


def features(window_counts: Tensor) -> Tensor:
    """Return x = log(softplus(c)) for whole window counts c, looked up: counts are few values."""
    return _FEATURE_TABLE[window_counts.long().clamp(max=FEATURE_ENTRIES - 1)]
