"""Exact values forward, float gradients backward: tables and LayerNorm in training."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from aegru_hw.fixedpoint.layernorm import (
    MANTISSA_BITS,
    RSQRT_TYPE,
    epsilon_code,
    rsqrt_table,
)
from aegru_hw.fixedpoint.types import FixedType


class _StraightThrough(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, smooth: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return gradient, None


def straight_through(smooth: Tensor, exact: Tensor) -> Tensor:
    """Return `exact` with the gradient of `smooth`."""
    value: Tensor = _StraightThrough.apply(smooth, exact)  # type: ignore[no-untyped-call]
    return value


class TableActivation(nn.Module):
    """A function looked up by code: exact table values forward, the function's gradient backward.

    function: the smooth function, of float tensors.
    address: signed type of the inputs, which must lie on its grid.
    output: type of the table's values.
    """

    values: Tensor

    def __init__(
        self, function: Callable[[Tensor], Tensor], address: FixedType, output: FixedType
    ) -> None:
        super().__init__()
        self.function, self.address, self.output = function, address, output
        codes = torch.from_numpy(address.codes).double()
        exact = function(codes * address.resolution).numpy()
        values = torch.from_numpy(output.value(output.nearest(exact))).float()
        self.register_buffer("values", values, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        address = (x.detach() * 2.0**self.address.fraction).long() - self.address.min_code
        return straight_through(self.function(x), self.values[address])


class IntegerNormalise(nn.Module):
    """LayerNorm's normalisation (x - mean) / sqrt(var + eps), in the integers of the contract.

    Forward are the values that `aegru_hw.fixedpoint.layernorm` defines; backward is the gradient of
    the float LayerNorm.
    """

    rsqrt: Tensor

    def __init__(
        self, hidden: int, mixed_state: FixedType, normalised: FixedType, epsilon: float
    ) -> None:
        super().__init__()
        self.hidden, self.mixed_state, self.normalised = hidden, mixed_state, normalised
        self.epsilon = epsilon
        self.epsilon_code = epsilon_code(epsilon, hidden, mixed_state.fraction)
        self.register_buffer("rsqrt", torch.from_numpy(rsqrt_table()).double(), persistent=False)

    def forward(self, mixed_state: Tensor) -> Tensor:
        smooth = functional.layer_norm(mixed_state, (self.hidden,), eps=self.epsilon)
        return straight_through(smooth, self.exact(mixed_state.detach()))

    @torch.no_grad()
    def exact(self, mixed_state: Tensor) -> Tensor:
        """Return the normalised values (..., H); float64 holds every integer here exactly."""
        codes = mixed_state.double() * 2.0**self.mixed_state.fraction
        total = codes.sum(dim=-1, keepdim=True)
        variance = self.hidden * (codes * codes).sum(dim=-1, keepdim=True) - total * total
        # frexp gives V = fraction · 2^length with 1/2 <= fraction < 1, so length is the bit length.
        fraction, length = torch.frexp(variance + self.epsilon_code)
        leading = length.long() - 1
        entries = 1 << MANTISSA_BITS
        mantissa = (fraction * (2 * entries)).long() - entries
        factor = self.rsqrt[(leading & 1) * entries + mantissa]
        exponent = self.normalised.fraction - RSQRT_TYPE.fraction - (leading >> 1)
        scaled = torch.ldexp((self.hidden * codes - total) * factor, exponent)
        rounded = torch.round(scaled).clamp(self.normalised.min_code, self.normalised.max_code)
        return (rounded * math.ldexp(1.0, -self.normalised.fraction)).to(mixed_state.dtype)
