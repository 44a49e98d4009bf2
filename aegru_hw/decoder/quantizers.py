"""Brevitas quantisers of a fixed-point type that is known in advance.

Scale 2^-fraction, constant; rounding half to even, then clamping: `requantize` of the contract.
"""

from brevitas.core.zero_point import ZeroZeroPoint
from brevitas.inject.enum import (
    BitWidthImplType,
    FloatToIntImplType,
    QuantType,
    RestrictValueType,
    ScalingImplType,
)
from brevitas.quant.solver import ActQuantSolver, BiasQuantSolver, WeightQuantSolver

from aegru_hw.fixedpoint.types import FixedType

BIAS_WIDTH = 24  # the most that float32 holds exactly


def _fields(kind: FixedType) -> dict[str, object]:
    return {
        "quant_type": QuantType.INT,
        "bit_width_impl_type": BitWidthImplType.CONST,
        "bit_width": kind.width,
        "float_to_int_impl_type": FloatToIntImplType.ROUND,
        "restrict_scaling_type": RestrictValueType.FP,
        "scaling_impl_type": ScalingImplType.CONST,
        "scaling_const": 2.0 ** (kind.integer - int(kind.signed)),
        "scaling_per_output_channel": False,
        "zero_point_impl": ZeroZeroPoint,
        "signed": kind.signed,
        "narrow_range": False,
    }


def weight_quantizer(kind: FixedType) -> type:
    """Return the Brevitas quantiser of weights of a type."""
    return type("FixedWeight", (WeightQuantSolver,), _fields(kind))


def bias_quantizer(fraction: int) -> type:
    """Return the Brevitas quantiser of biases at an accumulator's fraction."""
    kind = FixedType(BIAS_WIDTH, fraction)
    return type("FixedBias", (BiasQuantSolver,), _fields(kind) | {"requires_input_scale": False})


def activation_quantizer(kind: FixedType) -> type:
    """Return the Brevitas quantiser of activations of a type."""
    bound = 2.0 ** (kind.integer - int(kind.signed))
    fields = _fields(kind) | {"max_val": bound, "min_val": -bound if kind.signed else 0.0}
    return type("FixedActivation", (ActQuantSolver,), fields)
