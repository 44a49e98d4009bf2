"""How many bits hold every intermediate of a decoder exactly."""

import numpy as np

from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.types import FixedType

FLOAT32_BITS = 24
FLOAT64_BITS = 53


def require_exact(decoder: Parameters) -> None:
    """Raise ValueError where 53 bits do not hold every intermediate of a decoder.

    Within them 64-bit integers never overflow and float64 never rounds.
    """
    for name, bits in {**_chain_bits(decoder), **_norm_bits(decoder)}.items():
        if bits > FLOAT64_BITS:
            raise ValueError(
                f"{name} needs {bits} bits; accepted are types that need at most {FLOAT64_BITS}"
            )


def float_bits(decoder: Parameters) -> int:
    """Return the bits that hold every intermediate of the streaming form but LayerNorm's moments.

    A sum that a table's address saturates may round beyond its range: it saturates all the same.
    """
    return max(_chain_bits(decoder).values())


def _chain_bits(decoder: Parameters) -> dict[str, int]:
    """Return the bits of each sum: its magnitude is at most 2^bits units of its last place."""
    gate, candidate, state = decoder.sigmoid, decoder.tanh, decoder.state
    gated = gate.output.fraction + decoder.recurrent_candidate.fraction
    inputs = decoder.input.accumulator.fraction
    gates = max(inputs, decoder.recurrent.accumulator.fraction)
    mixing = max(candidate.output.fraction, state.fraction)
    # The delta encoder adds differences, of twice an accumulator's magnitude: still 2^width.
    bits = {
        f"the {name} accumulator": linear.accumulator.width
        for name, linear in decoder.matrices.items()
    }
    bits |= {
        "the reset product": gate.output.width + decoder.recurrent_candidate.width,
        "the gate address": _bits_in_range(gate.address, gates),
        "the candidate address": _bits_in_range(candidate.address, max(inputs, gated)),
        "the mixed state": (
            max(gate.output.width, gate.output.fraction)
            + 1
            + mixing
            + max(candidate.output.integer, state.integer)
        ),
    }
    if decoder.norm is not None:
        norm = decoder.norm
        affine = norm.scale_type.width + norm.normalised.width
        bias = int(np.abs(norm.bias).max()).bit_length() + 1
        bits["LayerNorm's affine map"] = max(affine, bias)
    return bits


def _bits_in_range(address: FixedType, fraction: int) -> int:
    """Return the bits of a sum at a fraction where it lies in the range of a table's address."""
    return address.width + max(fraction - address.fraction, 0)


def _norm_bits(decoder: Parameters) -> dict[str, int]:
    """Return the bits of LayerNorm's moments, none without one."""
    if decoder.norm is None:
        return {}
    hidden_bits = (decoder.geometry.hidden - 1).bit_length()
    width = decoder.mixed_state.width
    variance = 2 * hidden_bits + 2 * (width - 1)
    return {
        "LayerNorm's variance": max(variance, decoder.norm.epsilon.bit_length()) + 1,
        "LayerNorm's product": hidden_bits + width + RSQRT_TYPE.width,
    }
