"""The type of every quantity in the firmware, by layer, derived from the FixedDecoder alone.

A type is requantised to where it rounds and saturates; all others are wide enough to be exact.
"""

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, FixedType
from aegru_hw.fixedpoint.layernorm import MANTISSA_BITS, RSQRT_TYPE, LayerNorm
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.fixedpoint.types import width_for

Precision = dict[str, dict[str, str]]
"""Type by quantity by layer, as hls4ml's `Precision` takes it; `result` is the layer's output."""

RESULT_TYPES = {
    "counts": "input_t",
    "spike_window": "layer2_t",
    "encoder": "layer3_t",
    "gru_chain": "layer4_t",
    "readout": "result_t",
}
"""The names that hls4ml gives the types of the layers' outputs, in the order of the data's flow."""

COUNT_BITS = 8


def exact(kind: FixedType) -> str:
    """Return the C++ type of values that already lie in the type."""
    return str(kind)


def requantized(kind: FixedType) -> str:
    """Return the C++ type that rounds half to even and saturates what is assigned to it."""
    return f"{str(kind)[:-1]},AP_RND_CONV,AP_SAT>"


def unsigned(greatest: int) -> str:
    """Return the narrowest unsigned integer that holds 0 to `greatest`."""
    return f"ap_uint<{max(1, greatest.bit_length())}>"


def precisions(decoder: FixedDecoder) -> Precision:
    """Return the type of each quantity of each layer."""
    return {
        "counts": {"result": _count(decoder)},
        "spike_window": _spike_window(decoder),
        "encoder": _dense(decoder.encoder, decoder.latent),
        "gru_chain": _gru_chain(decoder),
        "readout": _dense(decoder.readout, decoder.velocity),
    }


def _count(decoder: FixedDecoder) -> str:
    """Return the type of a spike count; a count beyond it would saturate the window count too."""
    return f"ap_uint<{max(COUNT_BITS, decoder.feature.address.width)}>"


def _spike_window(decoder: FixedDecoder) -> dict[str, str]:
    address, window = decoder.feature.address, decoder.geometry.window
    window_count_bits = (window * address.max_code).bit_length()
    return {
        "result": exact(decoder.feature.output),
        "feature_table": exact(decoder.feature.output),
        # The address counts spikes, whatever value the feature's table gives a code.
        "feature_address": f"ap_ufixed<{address.width},{address.width},AP_TRN,AP_SAT>",
        "window_count": f"ap_ufixed<{window_count_bits},{window_count_bits}>",
        "slot": unsigned(window),
    }


def _accumulator(linear: Linear, *targets: FixedType) -> str:
    """Return the exact type of a linear layer's sums, wide enough to be requantised to `targets`.

    The C++ types cannot round at a place left of their leading bit, which the sums of a matrix
    with next to no weights may ask for.
    """
    kind = linear.accumulator
    integer = max(kind.integer, *(1 - target.fraction for target in targets))
    return exact(FixedType(kind.fraction + integer, kind.fraction))


def _require_reach(name: str, integer: int, target: FixedType) -> None:
    """Raise UserError where values of `integer` bits before the point lie below the resolution."""
    if integer + target.fraction < 1:
        raise UserError(
            f"the {name}'s type {target} is too coarse for its values, which are below "
            f"2^{integer}; accepted is a fraction of at least {1 - integer} bits"
        )


def _dense(linear: Linear, result: FixedType) -> dict[str, str]:
    accumulator = _accumulator(linear, result)
    return {
        "weight": exact(linear.weight_type),
        "bias": accumulator,
        "accum": accumulator,
        "result": requantized(result),
    }


def _gru_chain(decoder: FixedDecoder) -> dict[str, str]:
    types = {
        "result": exact(decoder.state),
        "slot": unsigned(decoder.geometry.window),
        "gate_address": requantized(decoder.sigmoid.address),
        "gate": exact(decoder.sigmoid.output),
        "candidate_address": requantized(decoder.tanh.address),
        "candidate": exact(decoder.tanh.output),
        "recurrent_candidate": requantized(decoder.recurrent_candidate),
        "mixed_state": requantized(decoder.mixed_state),
        "state": requantized(decoder.state),
    }
    gates = decoder.sigmoid.address
    targets = {
        "input": (gates, decoder.tanh.address),
        "recurrent": (gates, decoder.recurrent_candidate),
    }
    for name, requantized_to in targets.items():
        linear = decoder.matrices[name]
        types[f"{name}_weight"] = exact(linear.weight_type)
        types[f"{name}_bias"] = _accumulator(linear, *requantized_to)
        types[f"{name}_accum"] = _accumulator(linear, *requantized_to)
    mixed_integer = max(decoder.tanh.output.integer, decoder.state.integer)
    _require_reach("mixed state", mixed_integer, decoder.mixed_state)
    if decoder.norm is None:
        _require_reach("state", decoder.mixed_state.integer, decoder.state)
    else:
        types |= _layer_norm(decoder, decoder.norm)
    return types


def _layer_norm(decoder: FixedDecoder, norm: LayerNorm) -> dict[str, str]:
    """Return LayerNorm's types; its integers hold the worst case of H mixed states."""
    mixed_state, hidden = decoder.mixed_state, decoder.geometry.hidden
    low, high = mixed_state.min_code, mixed_state.max_code
    square = max(low * low, high * high)
    # d = H·m - S and V = H·sum m² - S² + epsilon are greatest with the units at the two extremes.
    deviation = hidden * (high - low)
    variance = hidden * hidden * square + norm.epsilon
    deviation_bits = width_for(-deviation, deviation)
    variance_bits = max(variance.bit_length(), MANTISSA_BITS + 1)
    greatest_exponent = (variance_bits - 1) // 2
    quotient_fraction = RSQRT_TYPE.fraction + greatest_exponent
    quotient_integer = deviation_bits + RSQRT_TYPE.integer
    bias_bits = width_for(int(norm.bias.min()), int(norm.bias.max()))
    _require_reach("normalised state", quotient_integer, norm.normalised)
    scaled_integer = norm.scale_type.integer + norm.normalised.integer
    _require_reach("state", scaled_integer, decoder.state)
    return {
        "mixed_state_code": f"ap_{'' if mixed_state.signed else 'u'}int<{mixed_state.width}>",
        "total": f"ap_int<{width_for(hidden * low, hidden * high)}>",
        "squares": unsigned(hidden * square),
        "deviation": f"ap_int<{deviation_bits}>",
        "variance": f"ap_uint<{variance_bits}>",
        "rsqrt": exact(RSQRT_TYPE),
        "quotient": f"ap_fixed<{quotient_integer + quotient_fraction},{quotient_integer}>",
        "normalised": requantized(norm.normalised),
        "norm_scale": exact(norm.scale_type),
        "norm_bias": f"ap_fixed<{bias_bits},{bias_bits - norm.bias_fraction}>",
    }
