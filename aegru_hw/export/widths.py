"""How wide the integers of exported code have to be."""

from dataclasses import dataclass

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE
from aegru_hw.fixedpoint.parameters import Parameters

NARROW_BITS, WIDE_BITS = 29, 61
"""Bits of a magnitude that rounding leaves room for in 32 and in 64 bits."""


@dataclass(frozen=True)
class Alignments:
    """Left shifts that bring the terms of a cell's sums to one fraction, and those fractions."""

    gate_input: int
    gate_recurrent: int
    gate_fraction: int
    candidate_input: int
    candidate_gated: int
    candidate_fraction: int
    mix_candidate: int
    mix_state: int
    mix_fraction: int

    @classmethod
    def of(cls, decoder: Parameters) -> "Alignments":
        """Return the alignments of fixedpoint/cell.py for a decoder."""
        inputs = decoder.input.accumulator.fraction
        recurrent = decoder.recurrent.accumulator.fraction
        gated = decoder.sigmoid.output.fraction + decoder.recurrent_candidate.fraction
        gate, mixed_input = max(inputs, recurrent), max(inputs, gated)
        common = max(decoder.tanh.output.fraction, decoder.state.fraction)
        return cls(
            gate_input=gate - inputs,
            gate_recurrent=gate - recurrent,
            gate_fraction=gate,
            candidate_input=mixed_input - inputs,
            candidate_gated=mixed_input - gated,
            candidate_fraction=mixed_input,
            mix_candidate=common - decoder.tanh.output.fraction,
            mix_state=common - decoder.state.fraction,
            mix_fraction=common + decoder.sigmoid.output.fraction,
        )


def accumulator_bits(decoder: Parameters) -> int:
    """Return the bits of every sum of products, and of a product with a difference.

    A difference has twice its operand's range; partial sums stay within the sum's own.
    """
    return max(linear.accumulator.width for linear in decoder.matrices.values())


def value_bits(decoder: Parameters) -> int:
    """Return the bits of all that is requantised, and of the sums that it is made of.

    Raises UserError where 64 bits do not hold them.
    """
    shifts = Alignments.of(decoder)
    gate, candidate, state = decoder.sigmoid.output, decoder.tanh.output, decoder.state
    inputs = decoder.input.accumulator.width - 1
    recurrent = decoder.recurrent.accumulator.width - 1
    mixed = max(candidate.width + shifts.mix_candidate, state.width + shifts.mix_state)
    gated = gate.width + decoder.recurrent_candidate.width - 1
    bits = {
        "a sum of products": accumulator_bits(decoder),
        "the sum of a gate": 1 + max(inputs + shifts.gate_input, recurrent + shifts.gate_recurrent),
        "the sum of the candidate": 1
        + max(inputs + shifts.candidate_input, gated + shifts.candidate_gated),
        "the mixed state": 1 + mixed + max(gate.width, gate.fraction),
    }
    if (norm := decoder.norm) is not None:
        hidden = (decoder.geometry.hidden - 1).bit_length()
        deviation = hidden + decoder.mixed_state.width
        bits["LayerNorm's product"] = deviation + RSQRT_TYPE.width
        affine = norm.scale_type.width + norm.normalised.width - 2
        bits["LayerNorm's affine map"] = 1 + max(affine, _magnitude(norm.bias))
    for name, needed in bits.items():
        if needed > WIDE_BITS:
            raise UserError(
                f"{name} of this decoder needs {needed} bits; exported code has {WIDE_BITS}"
            )
    if gate.fraction < 0:
        raise UserError(f"the gates of this decoder have {gate.fraction} fraction bits; 0 or more")
    return max(bits.values())


def moment_bits(decoder: Parameters) -> int:
    """Return the bits of LayerNorm's variance and of what it is made of; 0 without one."""
    if decoder.norm is None:
        return 0
    hidden = (decoder.geometry.hidden - 1).bit_length()
    variance = 2 * hidden + 2 * (decoder.mixed_state.width - 1)
    return 1 + max(variance, decoder.norm.epsilon.bit_length())


def _magnitude(codes: np.ndarray) -> int:
    return int(np.abs(codes).max()).bit_length()
