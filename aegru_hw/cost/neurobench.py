"""The published benchmark's metrics of a float AEGRU, as NeuroBench 2.3 defines them.

NeuroBench (Yik et al., "The neurobench framework for benchmarking neuromorphic computing algorithms
and systems", Nature Communications 2025) counts what its hooks see: linear layers and GRU cells.
docs/neurobench.md says where that differs from what hardware does.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.macs import reference_dense
from aegru_hw.fixedpoint.decoder import GATES, VELOCITY_AXES, Geometry

FLOAT_BYTES = 4
BATCH_COUNTER_BYTES = 8

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class FloatWeights:
    """Weights (outputs, inputs) of the float network, and the cell's two bias vectors (3H,)."""

    encoder: Floats
    input: Floats
    recurrent: Floats
    readout: Floats
    input_bias: Floats
    recurrent_bias: Floats


@dataclass(frozen=True, eq=False)
class LayerInputs:
    """What each layer received for n outputs of N steps.

    encoder: (n, N, C) features; input: (n, N, L) latents.
    recurrent: (n, N, H) states before each step, the first 0; readout: (n, H).
    """

    encoder: Floats
    input: Floats
    recurrent: Floats
    readout: Floats


@dataclass(frozen=True)
class SynapticOperations:
    """Operations, summed over outputs: with all weights and inputs, and without zeros."""

    dense: int
    effective_macs: int
    effective_acs: int

    def __add__(self, other: "SynapticOperations") -> "SynapticOperations":
        mine, theirs = asdict(self), asdict(other)
        return SynapticOperations(**{name: mine[name] + theirs[name] for name in mine})


@dataclass(frozen=True)
class Metrics:
    """The metrics of a network, operations per output.

    footprint_bytes: parameters, statistics and buffer. connection_sparsity, activation_sparsity:
    shares of zeros. dense, effective_macs, effective_acs: synaptic operations.
    """

    footprint_bytes: int
    connection_sparsity: float
    activation_sparsity: float
    dense: float
    effective_macs: float
    effective_acs: float


NO_OPERATIONS = SynapticOperations(0, 0, 0)


def float_footprint_bytes(geometry: Geometry, *, norm: bool) -> int:
    """Return float32 parameters, BatchNorm's running statistics and counter, and a 1 x C buffer."""
    latent, hidden = geometry.latent, geometry.hidden
    encoder = latent * (geometry.channels + 1)
    batch_norm = 4 * latent  # scale, bias, running mean and variance
    cell = GATES * hidden * (latent + hidden + 2)
    layer_norm = 2 * hidden if norm else 0
    readout = VELOCITY_AXES * (hidden + 1)
    numbers = encoder + batch_norm + cell + layer_norm + readout + geometry.channels
    return FLOAT_BYTES * numbers + BATCH_COUNTER_BYTES


def dense_operations(geometry: Geometry) -> int:
    """Return the dense operations of one output with its full history.

    The reference schedule's MACs, and at each step the cell's 3·H products by element:
    r·(W_hh h)_n, (1 - u)·n and u·h.
    """
    return reference_dense(geometry) + geometry.steps * GATES * geometry.hidden


def connection_sparsity(weights: FloatWeights) -> float:
    """Return the share of zeros, rounded to 4 decimals; a cell's biases count, others do not."""
    arrays = list(vars(weights).values())
    zeros = sum(int((array == 0).sum()) for array in arrays)
    return round(zeros / sum(array.size for array in arrays), 4)


def activation_sparsity(outputs: Iterable[Floats]) -> float:
    """Return the share of zeros in the outputs of ReLU and Sigmoid layers; 0 where there are none.

    AEGRU has none that NeuroBench sees: its features pass softplus, its gates are in the cell.
    """
    seen = [(int((array == 0).sum()), array.size) for array in outputs]
    total = sum(size for _, size in seen)
    return sum(zeros for zeros, _ in seen) / total if total else 0.0


def synaptic_operations(weights: FloatWeights, inputs: LayerInputs) -> SynapticOperations:
    """Return the operations of n outputs, N steps run anew for each.

    Products of a zero weight or a zero input are not effective. A layer's operations are
    accumulates (ACs) where all its inputs are 0, 1 or -1.
    """
    encoder = _linear(weights.encoder, inputs.encoder)
    readout = _linear(weights.readout, inputs.readout)
    return encoder + _cell(weights, inputs.input, inputs.recurrent) + readout


def _linear(weight: Floats, x: Floats) -> SynapticOperations:
    x = x.reshape(-1, x.shape[-1])
    effective = int((x != 0).sum(axis=0) @ (weight != 0).sum(axis=0))
    return _sorted(len(x) * weight.size, effective, x)


def _cell(weights: FloatWeights, latent: Floats, state: Floats) -> SynapticOperations:
    latent, state = latent.reshape(-1, latent.shape[-1]), state.reshape(-1, state.shape[-1])
    hidden = state.shape[1]
    non_zero_state = state != 0
    # Products that reach each row of the cell's two matrices, (n, 3H).
    from_latent = _products(latent, weights.input)
    from_state = _products(state, weights.recurrent)
    terms = from_latent + from_state + (weights.input_bias != 0) + (weights.recurrent_bias != 0)
    reset, update = terms[:, :hidden] != 0, terms[:, hidden : 2 * hidden]
    recurrent_candidate = from_state[:, 2 * hidden :]
    gated = reset & (recurrent_candidate + (weights.recurrent_bias[2 * hidden :] != 0) != 0)
    # As NeuroBench has it, the candidate's input product is left out here, and 1 - u is taken of
    # the number of terms in u: it is zero where u has exactly one.
    candidate = (recurrent_candidate + (weights.input_bias[2 * hidden :] != 0) + gated) != 0
    by_element = [gated, (update != 1) & candidate, (update != 0) & non_zero_state]
    effective = int(from_latent.sum() + from_state.sum())
    effective += sum(int(product.sum()) for product in by_element)
    rows = len(latent)
    dense = rows * (weights.input.size + weights.recurrent.size + GATES * hidden)
    return _sorted(dense, effective, latent)


def _products(x: Floats, weight: Floats) -> NDArray[np.int64]:
    """Return how many products of two non-zero factors reach each output, (n, outputs)."""
    # Counts below 2^24 are exact in float32, and its matrix product is the fast one.
    products = (x != 0).astype(np.float32) @ (weight != 0).astype(np.float32).T
    return products.astype(np.int64)


def _sorted(dense: int, effective: int, x: Floats) -> SynapticOperations:
    if bool(np.isin(x, (-1, 0, 1)).all()):
        return SynapticOperations(dense, 0, effective)
    return SynapticOperations(dense, effective, 0)
