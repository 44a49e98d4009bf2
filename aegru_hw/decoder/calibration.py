"""The fixed-point types of a decoder, chosen from a float network and training data."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aegru_hw.decoder.config import Formats, Widths
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.types import FixedType

GATE_RANGE_BITS = 4  # sigmoid's table spans -8 to 8
CANDIDATE_RANGE_BITS = 3  # tanh's table spans -4 to 4
VELOCITY_RANGE_BITS = 4  # normalised velocity spans -8 to 8
NORMALISED_RANGE_BITS = 4  # |n_i| < sqrt(H) in LayerNorm: -8 to 8 holds 32 units and more
CANDIDATE_SUM_BITS = 24  # what float32 holds of r·(W_hh h)_n where tanh's table does not saturate


@dataclass(frozen=True)
class Types:
    """Every fixed-point type of a decoder by its name in design and artefact."""

    count: FixedType
    feature: FixedType
    latent: FixedType
    gate_address: FixedType
    gate: FixedType
    candidate_address: FixedType
    candidate: FixedType
    recurrent_candidate: FixedType
    mixed_state: FixedType
    normalised: FixedType
    norm_scale: FixedType
    state: FixedType
    velocity: FixedType
    encoder_weight: FixedType
    input_weight: FixedType
    recurrent_weight: FixedType
    readout_weight: FixedType


def best_type(values: NDArray[np.floating], width: int) -> FixedType:
    """Return the signed type of a width whose rounding and saturation lose least (mean square)."""
    values = np.asarray(values, dtype=np.float64).ravel()
    _, exponent = np.frexp(np.abs(values).max(initial=2.0**-16))
    finest = width - 1 - int(exponent) + 4
    kinds = [FixedType(width, fraction) for fraction in range(finest - 5, finest + 1)]
    losses = [np.square(kind.value(kind.nearest(values)) - values).mean() for kind in kinds]
    return kinds[int(np.argmin(losses))]


@torch.no_grad()
def calibrate(
    network: Aegru, window_counts: Tensor, widths: Widths, formats: Formats | None = None
) -> Types:
    """Return types for a network in eval mode, from window counts (B, N, C) of training data.

    formats: fractions that are given, if any; UserError names a tensor that they saturate too much.
    """
    seen = _intermediates(network, window_counts)
    given = None if formats is None or formats.chosen == "data" else formats

    def typed(name: str, width: int) -> FixedType:
        return chosen(name, seen[name].numpy(), width)

    def chosen(name: str, values: NDArray[np.floating], width: int) -> FixedType:
        if given is None:
            return best_type(values, width)
        kind = FixedType(width, getattr(given, name))
        refuse_saturating(name, values, kind, given.saturation)
        return kind

    recurrent_candidate = typed("recurrent_candidate", widths.recurrent_candidate)
    most = CANDIDATE_SUM_BITS - CANDIDATE_RANGE_BITS - widths.gate
    recurrent_candidate = FixedType(
        recurrent_candidate.width, min(recurrent_candidate.fraction, most)
    )
    weight = {
        f"{name}_weight": chosen(f"{name}_weight", values.detach().numpy(), widths.weight)
        for name, values in network.weights.items()
    }
    scale = getattr(network.norm, "weight", torch.ones(1))
    return Types(
        count=FixedType(widths.count, 0, signed=False),
        feature=typed("feature", widths.feature),
        latent=typed("latent", widths.latent),
        gate_address=_spanning(widths.table_address, GATE_RANGE_BITS),
        gate=FixedType(widths.gate, widths.gate, signed=False),
        candidate_address=_spanning(widths.table_address, CANDIDATE_RANGE_BITS),
        candidate=_spanning(widths.candidate, 1),
        recurrent_candidate=recurrent_candidate,
        mixed_state=typed("mixed_state", widths.mixed_state),
        normalised=_spanning(widths.normalised, _normalised_range_bits(network)),
        norm_scale=chosen("norm_scale", scale.detach().numpy(), widths.norm_scale),
        state=typed("state", widths.state),
        velocity=_spanning(widths.velocity, VELOCITY_RANGE_BITS),
        **weight,
    )


def refuse_saturating(
    name: str, values: NDArray[np.floating], kind: FixedType, most: float
) -> None:
    """Raise UserError with a tensor's name where a type saturates more than a share of it."""
    codes = np.rint(np.ldexp(np.asarray(values, dtype=np.float64), kind.fraction))
    share = float(np.mean((codes < kind.min_code) | (codes > kind.max_code)))
    if share > most:
        raise UserError(
            f"the given format of {name}, {kind}, would saturate {share:.1%} of its values; at "
            f"most {most:.1%} is accepted (formats.saturation)"
        )


def _spanning(width: int, integer: int) -> FixedType:
    return FixedType(width, width - integer)


def _normalised_range_bits(network: Aegru) -> int:
    """Return the integer bits, sign included, that hold |n_i| <= sqrt(H - 1)."""
    return max(NORMALISED_RANGE_BITS, (network.settings.hidden.bit_length() + 1) // 2 + 1)


def _intermediates(network: Aegru, window_counts: Tensor) -> dict[str, Tensor]:
    """Return all values of the tensors whose types follow from data."""
    hidden = network.settings.hidden
    latents = network.latents(window_counts)
    state = latents.new_zeros(len(latents), hidden)
    mixed_states, states, recurrent_candidates = [], [], []
    for input_product in network.input(latents).unbind(dim=1):
        recurrent_product = network.recurrent(state)
        recurrent_candidates.append(recurrent_product[:, 2 * hidden :])
        mixed_state = network.mixed_state(input_product, recurrent_product, state)
        state = network.norm(mixed_state)
        mixed_states.append(mixed_state)
        states.append(state)
    return {
        "feature": features(window_counts),
        "latent": latents,
        "recurrent_candidate": torch.stack(recurrent_candidates),
        "mixed_state": torch.stack(mixed_states),
        "state": torch.stack(states),
    }
