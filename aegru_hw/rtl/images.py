"""Memory images: a FixedDecoder as the words that fill the engine's memories."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes, FixedType
from aegru_hw.rtl.lanes import group_size
from aegru_hw.rtl.limits import SPIKE_BITS, Limits, check_bounds, check_geometry_fits, needs_of
from aegru_hw.rtl.schedule import WEIGHT_BITS, WORD_BITS, Schedule, schedule

CONFIG_WORDS = 64

OPERAND_BITS, ACCUMULATOR_BITS, SUM_BITS, WIDE_BITS, VARIANCE_BITS = 9, 24, 32, 36, 48
CODE_BITS = 16
"""Widths of rtl/aegru_pkg.sv."""

MIX_BITS, MIX_NAME = 24, "the difference of past state and candidate"
VARIANCE_NAME, NORMALISED_NAME = "LayerNorm's variance", "a normalised state"
LIMITS_OF_SUMS = {
    MIX_NAME: MIX_BITS,
    VARIANCE_NAME: VARIANCE_BITS,
    NORMALISED_NAME: WIDE_BITS,
}
"""Bits of the sums that do not have SUM_BITS."""

BIASES = ("reset", "update", "candidate", "recurrent candidate")

WIDTH = {
    "feature": OPERAND_BITS,
    "sigmoid": CODE_BITS,
    "tanh": CODE_BITS,
    "rsqrt": 12,
    "readout": 2 * WEIGHT_BITS,
    "startup_state": OPERAND_BITS,
    **{f"lane{lane}": WORD_BITS for lane in range(16)},
    **{f"startup_latent{lane}": ACCUMULATOR_BITS for lane in range(16)},
}
"""Bits of a word where not 32."""


@dataclass(frozen=True)
class Image:
    """The words of every memory.

    memories: name (of SELECT in image_stream.py) to words, as unsigned 32-bit codes in ascending
        address; a memory that the decoder leaves unused holds a zero.
    schedule: the schedule that is in them.
    needs: the least limits of an engine that holds the image.
    """

    memories: dict[str, NDArray[np.uint32]]
    schedule: Schedule
    needs: Limits

    @property
    def fixed_config(self) -> str:
        """The configuration as the parameter FixedConfig, a literal of 64 words."""
        words = self.memories["config"]
        digits = "".join(f"{word:08x}" for word in reversed(words))
        return f"{CONFIG_WORDS * 32}'h{digits}"


def memory_image(decoder: FixedDecoder, lanes: int) -> Image:
    """Return the memory image of a decoder for an engine of P lanes.

    Raises UserError where a type or a sum of the decoder is wider than the engine's data path, and
    where no engine of P lanes is large enough.
    """
    address_bits = max(decoder.sigmoid.address.width, decoder.tanh.address.width)
    check_geometry_fits(decoder.geometry, lanes, address_bits=address_bits)
    check_widths(decoder)
    plan = schedule(decoder, lanes)
    needs = needs_of(
        decoder.geometry,
        lanes,
        schedule=plan.depth,
        address_bits=address_bits,
        accumulator_bits=_accumulator_bits(decoder),
    )
    check_bounds(needs, lanes)
    hidden, constants = plan.hidden_units, startup(decoder)
    geometry = decoder.geometry
    unused = np.zeros(1, dtype=np.int64)
    memories: dict[str, Codes] = {
        "rsqrt": unused,
        "norm": unused,
        "startup_state": unused,
        "config": _config(decoder, plan),
        "feature": decoder.feature.codes,
        "sigmoid": decoder.sigmoid.codes,
        "tanh": decoder.tanh.codes,
    }
    for index, bias in enumerate(_biases(decoder)):
        memories[f"bias{index}"] = bias[hidden]
    first, second = decoder.readout.weight[:, hidden] & (1 << WEIGHT_BITS) - 1
    memories["readout"] = second << WEIGHT_BITS | first
    if decoder.norm is not None:
        memories["rsqrt"] = decoder.norm.rsqrt
        bias = decoder.norm.bias[hidden] & (1 << ACCUMULATOR_BITS) - 1
        memories["norm"] = decoder.norm.scale[hidden] << ACCUMULATOR_BITS | bias
    if geometry.steps > 1:
        memories["startup_state"] = constants.states[:-1, hidden].reshape(-1)
    accumulator = constants.accumulator[plan.latent_units]
    for lane in range(lanes):
        memories[f"lane{lane}"] = plan.words[lane]
        memories[f"directory{lane}"] = plan.start[lane] << 16 | plan.length[lane]
        memories[f"startup_latent{lane}"] = (
            accumulator[lane::lanes] if lane < len(accumulator) else unused
        )
    return Image(
        {
            name: (np.asarray(codes).astype(np.int64) & ((1 << WIDTH.get(name, 32)) - 1)).astype(
                np.uint32
            )
            for name, codes in memories.items()
        },
        plan,
        needs,
    )


def _requantised(decoder: FixedDecoder) -> dict[str, FixedType]:
    """Return the types that sums are rounded to, in the order of the configuration words."""
    return {
        "latent": decoder.latent,
        "the gate's address": decoder.sigmoid.address,
        "recurrent candidate": decoder.recurrent_candidate,
        "the candidate's address": decoder.tanh.address,
        "mixed state": decoder.mixed_state,
        "normalised": decoder.state if decoder.norm is None else decoder.norm.normalised,
        "state": decoder.state,
        "velocity": decoder.velocity,
    }


def _fractions(decoder: FixedDecoder) -> tuple[int, int]:
    """Return the fractions of a gate's sum and of the candidate's."""
    input_fraction = decoder.input.accumulator.fraction
    gated_fraction = decoder.sigmoid.output.fraction + decoder.recurrent_candidate.fraction
    return max(input_fraction, decoder.recurrent.accumulator.fraction), max(
        input_fraction, gated_fraction
    )


def _biases(decoder: FixedDecoder) -> list[Codes]:
    """Return the biases, (H,) each, in the order of BIASES.

    The first three are aligned to the sum that they are added to; a gate has both products' ones.
    """
    gate_fraction, candidate_fraction = _fractions(decoder)
    input_fraction = decoder.input.accumulator.fraction
    of_input = decoder.input.bias.reshape(3, -1)
    of_recurrent = decoder.recurrent.bias.reshape(3, -1)
    gates = (of_input[:2] << gate_fraction - input_fraction) + (
        of_recurrent[:2] << gate_fraction - decoder.recurrent.accumulator.fraction
    )
    return [*gates, of_input[2] << candidate_fraction - input_fraction, of_recurrent[2]]


def _config(decoder: FixedDecoder, plan: Schedule) -> Codes:
    """Return the configuration words, in the order of CONFIG in address_map.py."""
    geometry, norm = decoder.geometry, decoder.norm
    groups = -(-geometry.channels // group_size(plan.lanes))
    stride = (geometry.steps - 1) * geometry.hidden
    gate_fraction, candidate_fraction = _fractions(decoder)
    input_fraction = decoder.input.accumulator.fraction
    recurrent_fraction = decoder.recurrent.accumulator.fraction
    gated_fraction = decoder.sigmoid.output.fraction + decoder.recurrent_candidate.fraction
    common = max(decoder.tanh.output.fraction, decoder.state.fraction)
    update_fraction = decoder.sigmoid.output.fraction
    epsilon = norm.epsilon if norm is not None else 1
    fields = [
        geometry.channels,
        groups,
        geometry.latent,
        geometry.hidden,
        geometry.window,
        geometry.steps,
        int(norm is not None),
        decoder.feature.address.max_code,
        stride,
        (geometry.window - 1) * stride,
        (geometry.window - 1) * groups,
        decoder.encoder.accumulator.fraction - decoder.latent.fraction,
        gate_fraction - input_fraction,
        gate_fraction - recurrent_fraction,
        gate_fraction - decoder.sigmoid.address.fraction,
        recurrent_fraction - decoder.recurrent_candidate.fraction,
        candidate_fraction - input_fraction,
        candidate_fraction - gated_fraction,
        candidate_fraction - decoder.tanh.address.fraction,
        common - decoder.tanh.output.fraction,
        common - decoder.state.fraction,
        update_fraction,
        common + update_fraction - decoder.mixed_state.fraction,
        decoder.mixed_state.fraction - decoder.state.fraction,
        RSQRT_TYPE.fraction - _requantised(decoder)["normalised"].fraction,
        norm.bias_fraction - decoder.state.fraction if norm is not None else 0,
        decoder.readout.accumulator.fraction - decoder.velocity.fraction,
        epsilon & 0xFFFFFFFF,
        epsilon >> 32,
        *decoder.readout.bias,
    ]
    for kind in _requantised(decoder).values():
        fields += [kind.min_code, kind.max_code]
    fields += [decoder.sigmoid.output.width, _signed_width(decoder.tanh.output)]
    return np.array(fields, dtype=np.int64)


def check_widths(decoder: FixedDecoder) -> None:
    """Raise UserError where a code, a sum or a shift does not fit the engine's data path."""
    for name, kind, limit in _coded(decoder):
        if _signed_width(kind) > limit:
            raise UserError(f"{name} is {kind}; the engine holds at most {limit} signed bits")
    for name, kind in _requantised(decoder).items():
        if not kind.signed:
            raise UserError(f"{name} is {kind}; the engine rounds to codes with a sign")
    if decoder.sigmoid.codes.min() < 0:
        raise UserError("a gate is below 0; the engine holds gates without a sign")
    if decoder.feature.address.width > SPIKE_BITS:
        raise UserError(
            f"the feature table has {decoder.feature.address.width} address bits; the engine has "
            f"{SPIKE_BITS}"
        )
    for name, bits in _sum_bits(decoder).items():
        limit = LIMITS_OF_SUMS.get(name, SUM_BITS)
        if bits > limit:
            raise UserError(f"{name} needs {bits} bits; the engine has {limit}")
    if max(map(abs, _config_shifts(decoder))) > WIDE_BITS - 1:
        raise UserError(f"a change of precision shifts by more than {WIDE_BITS - 1} bits")


def _signed_width(kind: FixedType) -> int:
    return kind.width + int(not kind.signed)


def _coded(decoder: FixedDecoder) -> list[tuple[str, FixedType, int]]:
    kinds = [
        ("feature", decoder.feature.output, OPERAND_BITS - 1),
        ("latent", decoder.latent, OPERAND_BITS),
        ("state", decoder.state, OPERAND_BITS),
        ("gate", decoder.sigmoid.output, CODE_BITS),
        ("candidate", decoder.tanh.output, CODE_BITS),
        ("recurrent candidate", decoder.recurrent_candidate, CODE_BITS),
        ("mixed state", decoder.mixed_state, CODE_BITS),
        ("velocity", decoder.velocity, ACCUMULATOR_BITS),
    ]
    for name, linear in decoder.matrices.items():
        kinds.append((f"{name} weight", linear.weight_type, WEIGHT_BITS))
        kinds.append((f"{name} accumulator", linear.accumulator, ACCUMULATOR_BITS))
    if decoder.norm is not None:
        kinds.append(("norm scale", decoder.norm.scale_type, WEIGHT_BITS))
        kinds.append(("normalised", decoder.norm.normalised, CODE_BITS))
        kinds.append(("norm bias", _type_of(decoder.norm.bias), ACCUMULATOR_BITS))
    return kinds


def _accumulator_bits(decoder: FixedDecoder) -> int:
    """Return the bits of the widest accumulator, and of LayerNorm's biases."""
    kinds = [linear.accumulator for linear in decoder.matrices.values()]
    if decoder.norm is not None:
        kinds.append(_type_of(decoder.norm.bias))
    return max(kind.width for kind in kinds)


def _type_of(codes: Codes) -> FixedType:
    width = max(int(np.abs(codes).max()).bit_length() + 1, 1)
    return FixedType(min(width, 63), 0)


def _sum_bits(decoder: FixedDecoder) -> dict[str, int]:
    """Return upper bounds of the bits of every sum in the cell unit, sign included."""
    config = decoder
    input_type, recurrent_type = config.input.accumulator, config.recurrent.accumulator
    gate_fraction, candidate_fraction = _fractions(config)
    gated_fraction = config.sigmoid.output.fraction + config.recurrent_candidate.fraction
    common = max(config.tanh.output.fraction, config.state.fraction)
    mixing = max(
        config.tanh.output.width + common - config.tanh.output.fraction,
        config.state.width + common - config.state.fraction,
    )
    bits = {
        "the sum of a gate": 1
        + max(kind.width + gate_fraction - kind.fraction for kind in (input_type, recurrent_type)),
        "the sum of a candidate": 1
        + max(
            input_type.width + candidate_fraction - input_type.fraction,
            config.sigmoid.output.width
            + config.recurrent_candidate.width
            + 1
            + candidate_fraction
            - gated_fraction,
        ),
        MIX_NAME: mixing + 1,
        "the mixed state": mixing + config.sigmoid.output.width + 3,
    }
    if config.norm is not None:
        scaled = config.norm.normalised.width + config.norm.scale_type.width
        bits["a scaled state"] = 1 + max(scaled, _type_of(config.norm.bias).width)
        spread = 2 * (config.mixed_state.width + config.geometry.hidden.bit_length())
        bits[VARIANCE_NAME] = max(spread, config.norm.epsilon.bit_length()) + 2
        deviation = config.mixed_state.width + config.geometry.hidden.bit_length() + 1
        bits[NORMALISED_NAME] = deviation + RSQRT_TYPE.width + 1
    return bits


def _config_shifts(decoder: FixedDecoder) -> list[int]:
    shifts = [
        decoder.encoder.accumulator.fraction - decoder.latent.fraction,
        decoder.input.accumulator.fraction - decoder.sigmoid.address.fraction,
        decoder.recurrent.accumulator.fraction - decoder.recurrent_candidate.fraction,
        decoder.readout.accumulator.fraction - decoder.velocity.fraction,
        decoder.mixed_state.fraction - decoder.state.fraction,
    ]
    if decoder.norm is not None:
        shifts.append(RSQRT_TYPE.fraction - decoder.norm.normalised.fraction + WIDE_BITS // 2)
        shifts.append(decoder.norm.bias_fraction - decoder.state.fraction)
    return shifts
