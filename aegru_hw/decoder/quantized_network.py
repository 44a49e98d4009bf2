"""The quantised AEGRU in Brevitas: the network that is fine-tuned and exported.

Weights, biases and activations pass Brevitas quantisers of the decoder's fixed-point types; gates
and candidate are tables, LayerNorm is in integers. Every intermediate fits in the 24 bits that
float32 holds exactly, so in eval mode the output codes are those of the integer simulators.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from aegru_hw.decoder.calibration import Types
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.decoder.quantizers import FixedIdentity, FixedLinear
from aegru_hw.decoder.straight_through import IntegerNormalise, TableActivation
from aegru_hw.fixedpoint.types import FixedType

LAYERNORM_EPSILON = 1e-5  # PyTorch's default, in the float network too


class QuantizedAegru(nn.Module):
    """AEGRU with BatchNorm folded, in the fixed-point types of a decoder.

    encoder, input, recurrent, readout: quantised once per forward pass.
    feature: (2^count,) values of log(softplus(c)), addressed by the saturated window count.
    sigmoid, tanh: table activations behind their address quantisers.
    normalise, norm_affine: LayerNorm in integers, or None.
    """

    feature: Tensor

    def __init__(self, channels: int, latent: int, hidden: int, norm: bool, types: Types) -> None:
        super().__init__()
        self.hidden, self.types = hidden, types
        self.encoder = _linear(channels, latent, types.encoder_weight, types.feature)
        self.input = _linear(latent, 3 * hidden, types.input_weight, types.latent)
        self.recurrent = _linear(hidden, 3 * hidden, types.recurrent_weight, types.state)
        self.readout = _linear(hidden, 2, types.readout_weight, types.state)
        float_features = features(torch.from_numpy(types.count.codes)).numpy()
        feature = types.feature.value(types.feature.nearest(float_features))
        self.register_buffer("feature", torch.from_numpy(feature).float(), persistent=False)
        self.latent = FixedIdentity(types.latent)
        self.gate_address = FixedIdentity(types.gate_address)
        self.sigmoid = TableActivation(torch.sigmoid, types.gate_address, types.gate)
        self.recurrent_candidate = FixedIdentity(types.recurrent_candidate)
        self.candidate_address = FixedIdentity(types.candidate_address)
        self.tanh = TableActivation(torch.tanh, types.candidate_address, types.candidate)
        self.mixed_state = FixedIdentity(types.mixed_state)
        self.normalise: IntegerNormalise | None = None
        self.norm_affine: FixedLinear | None = None
        if norm:
            self.normalise = IntegerNormalise(
                hidden, types.mixed_state, types.normalised, LAYERNORM_EPSILON
            )
            # One row of weights: LayerNorm's scale and bias, quantised as a linear layer's are.
            self.norm_affine = _linear(1, hidden, types.norm_scale, types.normalised)
        self.state = FixedIdentity(types.state)
        self.velocity = FixedIdentity(types.velocity)

    @classmethod
    def from_float(cls, network: Aegru, channels: int, types: Types) -> "QuantizedAegru":
        """Return the quantised form of a float network whose BatchNorm is folded."""
        settings = network.settings
        norm = settings.norm == "layer"
        quantized = cls(channels, settings.latent, settings.hidden, norm, types)
        with torch.no_grad():
            for name in ("encoder", "input", "recurrent", "readout"):
                source, target = getattr(network, name), getattr(quantized, name)
                target.weight.copy_(source.weight)
                target.bias.copy_(source.bias)
            if quantized.norm_affine is not None:
                assert isinstance(network.norm, nn.LayerNorm)
                quantized.norm_affine.weight.copy_(network.norm.weight[:, None])
                quantized.norm_affine.bias.copy_(network.norm.bias)
        return quantized

    @property
    def weights(self) -> dict[str, Tensor]:
        """The four weight matrices by name, in the order that data flows."""
        return {
            name: getattr(self, name).weight
            for name in ("encoder", "input", "recurrent", "readout")
        }

    def latents(
        self, window_counts: Tensor, encoder: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        """Return z (B, N, L) for window counts (B, N, C).

        encoder: weight (L, C) and bias (L,) in place of the network's own, in training.
        """
        saturated = window_counts.long().clamp(max=self.types.count.max_code)
        quantised = (
            self.encoder.quantised() if encoder is None else self.encoder.requantised(*encoder)
        )
        z: Tensor = self.latent(functional.linear(self.feature[saturated], *quantised))
        return z

    def states(self, window_counts: Tensor) -> Tensor:
        """Return h_1 ... h_N (B, N, H) for window counts (B, N, C)."""
        return self.states_of(self.latents(window_counts))

    def states_of(self, latents: Tensor) -> Tensor:
        """Return h_1 ... h_N (B, N, H) for latents (B, N, L)."""
        input_products = _apply(self.input, latents)
        recurrent = self.recurrent.quantised()
        affine = None if self.norm_affine is None else self.norm_affine.quantised()
        state = latents.new_zeros(len(latents), self.hidden)
        states = []
        for input_product in input_products.unbind(dim=1):
            state = self._cell(input_product, state, recurrent, affine)
            states.append(state)
        return torch.stack(states, dim=1)

    def _cell(
        self,
        input_product: Tensor,
        state: Tensor,
        recurrent: tuple[Tensor, Tensor],
        affine: tuple[Tensor, Tensor] | None,
    ) -> Tensor:
        hidden = self.hidden
        recurrent_product = functional.linear(state, *recurrent)
        gates = input_product[:, : 2 * hidden] + recurrent_product[:, : 2 * hidden]
        reset, update = self.sigmoid(self.gate_address(gates)).chunk(2, dim=1)
        recurrent_candidate = self.recurrent_candidate(recurrent_product[:, 2 * hidden :])
        mixed_input = input_product[:, 2 * hidden :] + reset * recurrent_candidate
        candidate = self.tanh(self.candidate_address(mixed_input))
        mixed_state = self.mixed_state(candidate + update * (state - candidate))
        if affine is None or self.normalise is None:
            next_state: Tensor = self.state(mixed_state)
        else:
            scale, bias = affine
            next_state = self.state(self.normalise(mixed_state) * scale[:, 0] + bias)
        return next_state

    def velocities(self, states: Tensor) -> Tensor:
        """Return normalised velocity (..., 2) for states (..., H)."""
        velocity: Tensor = self.velocity(_apply(self.readout, states))
        return velocity

    def forward(self, window_counts: Tensor) -> Tensor:
        """Return velocity (B, 2), normalised, for window counts (B, N, C), oldest first."""
        return self.velocities(self.states(window_counts)[:, -1])


def _linear(inputs: int, outputs: int, weight: FixedType, input_type: FixedType) -> FixedLinear:
    return FixedLinear(inputs, outputs, weight, weight.fraction + input_type.fraction)


def _apply(linear: FixedLinear, x: Tensor) -> Tensor:
    return functional.linear(x, *linear.quantised())
