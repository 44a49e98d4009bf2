"""Every entry of every table against its function in 60 decimal digits, correctly rounded."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import numpy as np
import pytest
import torch

from aegru_hw.decoder.straight_through import TableActivation
from aegru_hw.fixedpoint import FixedType
from aegru_hw.fixedpoint.made_up import random_decoder
from aegru_hw.fixedpoint.parts import Table


def sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def tanh(x: Decimal) -> Decimal:
    return 1 - 2 / ((2 * x).exp() + 1)


def log_softplus(x: Decimal) -> Decimal:
    return (1 + x.exp()).ln().ln()


def rounded(function: Callable[[Decimal], Decimal], address: FixedType, output: FixedType) -> list:
    """Return the codes of a function at every address, rounded half to even and saturated."""
    with localcontext() as context:
        context.prec = 60
        values = [
            function(Decimal(code) / 2**address.fraction) * 2**output.fraction
            for code in range(address.min_code, address.max_code + 1)
        ]
        exact = [int(value.to_integral_value(ROUND_HALF_EVEN)) for value in values]
    return [min(max(code, output.min_code), output.max_code) for code in exact]


@pytest.mark.parametrize(
    ("name", "function"), [("sigmoid", sigmoid), ("tanh", tanh), ("feature", log_softplus)]
)
def test_tables_of_a_decoder(name: str, function: Callable[[Decimal], Decimal]) -> None:
    table: Table = getattr(random_decoder(1, channels=2, latent=2, hidden=2), name)
    codes = table(table.address.codes)
    assert codes.tolist() == rounded(function, table.address, table.output)
    assert (np.diff(codes) >= 0).all()


@pytest.mark.parametrize("width", [8, 10, 12])
@pytest.mark.parametrize("output_width", [4, 8])
def test_tables_that_training_fills(width: int, output_width: int) -> None:
    gates = TableActivation(
        torch.sigmoid, FixedType(width, width - 4), FixedType(output_width, output_width, False)
    )
    candidates = TableActivation(
        torch.tanh, FixedType(width, width - 3), FixedType(output_width, output_width - 1)
    )
    for activation, function in ((gates, sigmoid), (candidates, tanh)):
        codes = activation.output.nearest(activation.values.numpy())
        assert codes.tolist() == rounded(function, activation.address, activation.output)
        assert (np.diff(codes) >= 0).all()
