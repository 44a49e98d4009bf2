"""Brevitas quantisers of a fixed-point type that is known in advance.

Scale 2^-fraction, constant; rounding half to even, then clamping: `requantize` of the contract.
Brevitas computes every exported and evaluated value. While training, the same arithmetic and the
same gradient are taken in one step each: Brevitas's many small modules were most of the time.
"""

from typing import Any

import torch
from brevitas.core.zero_point import ZeroZeroPoint
from brevitas.inject.enum import (
    BitWidthImplType,
    FloatToIntImplType,
    QuantType,
    RestrictValueType,
    ScalingImplType,
)
from brevitas.nn import QuantIdentity, QuantLinear
from brevitas.quant.solver import ActQuantSolver, BiasQuantSolver, WeightQuantSolver
from torch import Tensor

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


class FixedIdentity(QuantIdentity):  # type: ignore[misc]
    """Brevitas's activation quantiser of a type; no gradient where it saturates."""

    def __init__(self, kind: FixedType) -> None:
        super().__init__(act_quant=activation_quantizer(kind))
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        value: Tensor = _Requantise.apply(x, self.kind, False)  # type: ignore[no-untyped-call]
        return value


class FixedLinear(QuantLinear):  # type: ignore[misc]
    """Brevitas's linear layer of a weight type, with its bias at an accumulator's fraction."""

    def __init__(self, inputs: int, outputs: int, weight: FixedType, bias_fraction: int) -> None:
        super().__init__(
            inputs,
            outputs,
            bias=True,
            weight_quant=weight_quantizer(weight),
            bias_quant=bias_quantizer(bias_fraction),
        )
        self.kinds = weight, FixedType(BIAS_WIDTH, bias_fraction)

    def quantised(self) -> tuple[Tensor, Tensor]:
        """Return the quantised values of weight and bias."""
        if not self.training:
            return self.quant_weight().value, self.quant_bias().value
        return self.requantised(self.weight, self.bias)

    def requantised(self, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
        """Return another weight and bias in this layer's types, as training has them."""
        pairs = zip((weight, bias), self.kinds, strict=True)
        weight, bias = (
            _Requantise.apply(parameter, kind, True)  # type: ignore[no-untyped-call]
            for parameter, kind in pairs
        )
        return weight, bias


class _Requantise(torch.autograd.Function):
    """Rounding and clamping; the gradient passes, beyond the ends only where told (parameters)."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kind: FixedType, beyond: bool) -> Tensor:
        codes = torch.round(x * 2.0**kind.fraction)
        ctx.within = None if beyond else (codes >= kind.min_code) & (codes <= kind.max_code)
        return codes.clamp_(kind.min_code, kind.max_code).mul_(kind.resolution)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        return (gradient if ctx.within is None else gradient * ctx.within), None, None
