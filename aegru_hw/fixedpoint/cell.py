"""One GRU cell in integers: the same function in every chain of every execution."""

from collections.abc import Callable

import numpy as np

from aegru_hw.fixedpoint.arithmetic import align, requantize
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.types import Codes

Observer = Callable[[str, Codes], None]
"""Called with the name and the codes of each intermediate, in the order that they are computed."""


def ignore(name: str, codes: Codes) -> None:
    """Observe nothing."""


def cell(
    decoder: Parameters,
    input_product: Codes,
    state: Codes,
    observe: Observer = ignore,
    *,
    recurrent_product: Codes | None = None,
) -> Codes:
    """Return the next state (..., H) from the input product (..., 3H) and the state (..., H).

    recurrent_product: (..., 3H) where it is known already; it follows from the state.

    PyTorch's GRU cell, gates in the order reset, update, candidate, with LayerNorm of its output:

        i = W_ih z + b_ih         a = W_hh h + b_hh
        r = sigmoid(i_r + a_r)    u = sigmoid(i_u + a_u)
        n = tanh(i_n + r·a_n)     m = (1 - u)·n + u·h       h' = LayerNorm(m)
    """
    hidden = decoder.geometry.hidden
    if recurrent_product is None:
        recurrent_product = decoder.recurrent(state)
    observe("recurrent_product", recurrent_product)

    input_fraction = decoder.input.accumulator.fraction
    recurrent_fraction = decoder.recurrent.accumulator.fraction
    fraction = max(input_fraction, recurrent_fraction)
    gates = align(input_product[..., : 2 * hidden], input_fraction, fraction) + align(
        recurrent_product[..., : 2 * hidden], recurrent_fraction, fraction
    )
    gate_codes = decoder.sigmoid(requantize(gates, fraction, decoder.sigmoid.address))
    reset, update = gate_codes[..., :hidden], gate_codes[..., hidden:]
    observe("reset", reset)
    observe("update", update)

    recurrent_candidate = requantize(
        recurrent_product[..., 2 * hidden :], recurrent_fraction, decoder.recurrent_candidate
    )
    observe("recurrent_candidate", recurrent_candidate)
    gated_fraction = decoder.sigmoid.output.fraction + decoder.recurrent_candidate.fraction
    fraction = max(input_fraction, gated_fraction)
    mixed_input = align(input_product[..., 2 * hidden :], input_fraction, fraction) + align(
        reset * recurrent_candidate, gated_fraction, fraction
    )
    candidate = decoder.tanh(requantize(mixed_input, fraction, decoder.tanh.address))
    observe("candidate", candidate)

    mixed_state = mix(decoder, update, candidate, state)
    observe("mixed_state", mixed_state)
    if decoder.norm is None:
        next_state = requantize(mixed_state, decoder.mixed_state.fraction, decoder.state)
    else:
        normalised = decoder.norm.normalise(mixed_state)
        observe("normalised", normalised)
        next_state = decoder.norm.affine(normalised, decoder.state)
    observe("state", next_state)
    return next_state


def mix(decoder: Parameters, update: Codes, candidate: Codes, state: Codes) -> Codes:
    """Return the mixed state m = (1 - u)·n + u·h = n + u·(h - n), (..., H)."""
    common = max(decoder.tanh.output.fraction, decoder.state.fraction)
    candidate = align(candidate, decoder.tanh.output.fraction, common)
    state = align(state, decoder.state.fraction, common)
    one = np.int64(1) << decoder.sigmoid.output.fraction
    mixed = candidate * one + update * (state - candidate)
    return requantize(mixed, common + decoder.sigmoid.output.fraction, decoder.mixed_state)
