"""What the firmware's layers take, by hls4ml's own rules: an estimate by arithmetic.

No tool was asked. A matrix product of reuse factor R shares a multiplier among R weights and begins
a vector every R cycles (hls4ml's nnet_dense_latency.h, nnet_dense_resource.h and its generated
code); the loops of our own layers take an entry a cycle (hls/*.h). Left out are the depths of the
pipelines, which the vendor's tool chooses, so cycles are a lower bound; and multiplications by the
constant H in LayerNorm.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.layernorm import RSQRT_TYPE, LayerNorm
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.types import width_for

CELL_MULTIPLIERS = 2
"""Reset gate times recurrent candidate; update gate times state less candidate."""

NORM_MULTIPLIERS = 4
"""Squares of the mixed states and of their sum; deviation times 1/sqrt, and times the scale."""


@dataclass(frozen=True)
class LayerEstimate:
    """One layer of the firmware.

    calls: of a tick, one after the other on the same hardware. multipliers: side by side.
    interval: cycles from one call to the next. cycles: of a tick, at least. memory_bits: of
    constants and of what lives on.
    """

    layer: str
    calls: int
    multipliers: int
    interval: int
    memory_bits: int

    @property
    def cycles(self) -> int:
        return self.calls * self.interval


def estimate(
    decoder: FixedDecoder, strategy: str, reuse_factors: Mapping[str, int]
) -> tuple[LayerEstimate, ...]:
    """Return the layers in the order of the data.

    decoder: at its output rate (fixedpoint/rate.py). strategy, reuse_factors: what the project was
    written with, the factors by matrix.
    """
    sizes = decoder.geometry
    calls = {"encoder": 1, "input": 1, "recurrent": sizes.steps - 1, "readout": 1}
    products = {
        name: LayerEstimate(
            layer=f"{name} product",
            calls=calls[name],
            multipliers=multipliers(linear, strategy, reuse_factors[name]),
            interval=reuse_factors[name],
            memory_bits=_linear_bits(linear),
        )
        for name, linear in decoder.matrices.items()
    }
    address = decoder.feature.address
    window_count = (sizes.window * address.max_code).bit_length()
    spikes = LayerEstimate(
        layer="spike window",
        calls=1,
        multipliers=0,
        interval=sizes.channels,
        memory_bits=sizes.channels * (sizes.window * address.width + window_count)
        + _table_bits(decoder.feature),
    )
    rings = (sizes.steps - 1) * (sizes.window + 1) * sizes.hidden  # and a slot of silence
    cells = LayerEstimate(
        layer="cells",
        calls=sizes.steps,
        multipliers=CELL_MULTIPLIERS,
        interval=sizes.hidden,
        memory_bits=rings * decoder.state.width
        + _table_bits(decoder.sigmoid)
        + _table_bits(decoder.tanh),
    )
    norm = decoder.norm
    norms = LayerEstimate(
        layer="LayerNorm" if norm is not None else "states",
        calls=sizes.steps,
        multipliers=NORM_MULTIPLIERS if norm is not None else 0,
        interval=2 * sizes.hidden if norm is not None else sizes.hidden,
        memory_bits=0 if norm is None else _norm_bits(norm),
    )
    chain = (products["input"], products["recurrent"], cells, norms)
    return (spikes, products["encoder"], *chain, products["readout"])


def multipliers(linear: Linear, strategy: str, reuse_factor: int) -> int:
    """Return how many multipliers a matrix product gets.

    Of `latency` and `resource_unrolled` those whose weights are all zero are left out.
    """
    weight = linear.weight
    shared = ceil(weight.size / reuse_factor)
    if strategy == "latency":
        return shared - int(weight.size - linear.non_zero) // reuse_factor
    if strategy == "resource_unrolled" and reuse_factor > 1:
        return int(np.any(weight.reshape(shared, reuse_factor), axis=1).sum())
    return shared


def _linear_bits(linear: Linear) -> int:
    biases = len(linear.bias) * linear.accumulator.width
    return int(linear.weight.size) * linear.weight_type.width + biases


def _norm_bits(norm: LayerNorm) -> int:
    bias = width_for(int(norm.bias.min()), int(norm.bias.max()))
    return len(norm.scale) * (norm.scale_type.width + bias) + norm.rsqrt.size * RSQRT_TYPE.width


def _table_bits(table: Table) -> int:
    return int(1 << table.address.width) * table.output.width
