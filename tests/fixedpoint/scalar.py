"""The decoder's definition once more, unit by unit in exact rational numbers: an independent path.

Real values are Fractions; a code appears only where a value is requantised or a table is read.
"""

from fractions import Fraction

import numpy as np

from aegru_hw.fixedpoint import FixedDecoder, FixedType
from aegru_hw.fixedpoint.layernorm import LayerNorm
from aegru_hw.fixedpoint.parts import Linear, Table

Values = list[Fraction]


def two_to(exponent: int) -> Fraction:
    return Fraction(2) ** exponent


def requantized(value: Fraction, target: FixedType) -> Fraction:
    """Return the nearest value of a type; Python rounds a Fraction half to even."""
    code = round(value / two_to(-target.fraction))
    highest = 2 ** (target.width - 1) - 1 if target.signed else 2**target.width - 1
    lowest = -(2 ** (target.width - 1)) if target.signed else 0
    return min(max(code, lowest), highest) * two_to(-target.fraction)


def linear(layer: Linear, x: Values) -> Values:
    weight_unit = two_to(-layer.weight_type.fraction)
    bias_unit = two_to(-layer.weight_type.fraction - layer.input_type.fraction)
    return [
        sum((int(w) * weight_unit * v for w, v in zip(row, x, strict=True)), int(b) * bias_unit)
        for row, b in zip(layer.weight, layer.bias, strict=True)
    ]


def look_up(table: Table, value: Fraction) -> Fraction:
    address = requantized(value, table.address) * 2**table.address.fraction
    lowest = -(2 ** (table.address.width - 1)) if table.address.signed else 0
    return int(table.codes[int(address) - lowest]) * two_to(-table.output.fraction)


def normalised(norm: LayerNorm, mixed_state: list[int]) -> list[int]:
    """Return the codes of n for codes of the mixed state."""
    hidden, total = len(mixed_state), sum(mixed_state)
    variance = hidden * sum(m * m for m in mixed_state) - total * total + norm.epsilon
    length = variance.bit_length()
    mantissa = int(f"{variance:b}".ljust(6, "0")[1:6], 2)
    factor = Fraction(int(norm.rsqrt[32 * ((length - 1) % 2) + mantissa]), 2**12)
    values = [(hidden * m - total) * factor / 2 ** ((length - 1) // 2) for m in mixed_state]
    unit = 2**norm.normalised.fraction
    return [int(requantized(value, norm.normalised) * unit) for value in values]


def layer_norm(norm: LayerNorm, mixed_state: Values, mixed: FixedType, state: FixedType) -> Values:
    codes = normalised(norm, [int(m * 2**mixed.fraction) for m in mixed_state])
    scale_unit, unit = two_to(-norm.scale_type.fraction), two_to(-norm.normalised.fraction)
    return [
        requantized((int(s) * n + int(b)) * scale_unit * unit, state)
        for s, n, b in zip(norm.scale, codes, norm.bias, strict=True)
    ]


def cell(decoder: FixedDecoder, latent: Values, state: Values) -> Values:
    hidden = decoder.geometry.hidden
    inputs, recurrents = linear(decoder.input, latent), linear(decoder.recurrent, state)
    mixed = []
    for unit in range(hidden):
        reset = look_up(decoder.sigmoid, inputs[unit] + recurrents[unit])
        update = look_up(decoder.sigmoid, inputs[hidden + unit] + recurrents[hidden + unit])
        recurrent = requantized(recurrents[2 * hidden + unit], decoder.recurrent_candidate)
        candidate = look_up(decoder.tanh, inputs[2 * hidden + unit] + reset * recurrent)
        mixed.append(
            requantized((1 - update) * candidate + update * state[unit], decoder.mixed_state)
        )
    if decoder.norm is None:
        return [requantized(value, decoder.state) for value in mixed]
    return layer_norm(decoder.norm, mixed, decoder.mixed_state, decoder.state)


def velocity(decoder: FixedDecoder, counts: np.ndarray, tick: int) -> list[int]:
    """Return the velocity codes at one tick of counts (T, C), from its own N windows."""
    geometry = decoder.geometry
    state = [Fraction(0)] * geometry.hidden
    for step in range(1, geometry.steps + 1):
        end = tick - (geometry.steps - step) * geometry.window + 1
        ticks = range(max(end - geometry.window, 0), max(end, 0))
        window_counts = [
            Fraction(sum(int(counts[t, channel]) for t in ticks))
            for channel in range(geometry.channels)
        ]
        features = [look_up(decoder.feature, count) for count in window_counts]
        latent = [requantized(value, decoder.latent) for value in linear(decoder.encoder, features)]
        state = cell(decoder, latent, state)
    outputs = linear(decoder.readout, state)
    unit = 2**decoder.velocity.fraction
    return [int(requantized(value, decoder.velocity) * unit) for value in outputs]
