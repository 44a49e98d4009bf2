"""Made-up decoders of any geometry and spike counts, seeded, where no training is wanted."""

import numpy as np

from aegru_hw.fixedpoint.decoder import FixedDecoder, Geometry
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.fixedpoint.layernorm import LayerNorm, epsilon_code, rsqrt_table
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.types import FixedType

FEATURE = FixedType(8, 5)
LATENT = FixedType(8, 4)
STATE = FixedType(8, 5)
NORMALISED = FixedType(12, 8)


def random_decoder(
    seed: int,
    *,
    channels: int = 96,
    latent: int = 32,
    hidden: int = 32,
    window: int = 20,
    steps: int = 5,
    weight_bits: int = 8,
    sparsity: float = 0.5,
    norm: bool = True,
    spread: float = 1.0,
    table_bits: int = 10,
) -> FixedDecoder:
    """Return a decoder with random weights; a larger spread saturates more."""
    generator = np.random.default_rng(seed)
    weight_type = FixedType(weight_bits, weight_bits - 1)
    state = STATE if norm else FixedType(8, 7)
    mixed_state = FixedType(12, 9) if norm else FixedType(12, 11)

    def linear(outputs: int, inputs: int, input_type: FixedType, gain: float = 1.0) -> Linear:
        scale = gain * spread * 1.6 / np.sqrt(inputs)
        weight = weight_type.nearest(generator.normal(scale=scale, size=(outputs, inputs)))
        weight[generator.random(weight.shape) < sparsity] = 0
        fraction = weight_type.fraction + input_type.fraction
        bias = FixedType(24, fraction).nearest(generator.normal(scale=0.3, size=outputs))
        return Linear(weight, weight_type, bias, input_type)

    feature_address = FixedType(6, 0, signed=False)
    gate_address, candidate_address = (
        FixedType(table_bits, table_bits - 4),
        FixedType(table_bits, table_bits - 3),
    )
    gate, candidate = FixedType(8, 8, signed=False), FixedType(8, 7)
    counts = feature_address.codes
    gates = gate_address.value(gate_address.codes)
    candidates = candidate_address.value(candidate_address.codes)
    scale_type = FixedType(8, 6)
    layer_norm = LayerNorm(
        scale=scale_type.nearest(generator.normal(0.8, 0.3, hidden)),
        scale_type=scale_type,
        bias=FixedType(24, 14).nearest(generator.normal(scale=0.2, size=hidden)),
        epsilon=epsilon_code(1e-5, hidden, mixed_state.fraction),
        rsqrt=rsqrt_table(),
        normalised=NORMALISED,
    )
    return FixedDecoder(
        geometry=Geometry(channels, latent, hidden, window, steps, 0.004),
        encoder=linear(latent, channels, FEATURE, gain=2.0),
        input=linear(3 * hidden, latent, LATENT),
        recurrent=linear(3 * hidden, hidden, state),
        readout=linear(2, hidden, state),
        feature=Table(FEATURE.nearest(np.log(np.log1p(np.exp(counts)))), feature_address, FEATURE),
        sigmoid=Table(gate.nearest(1 / (1 + np.exp(-gates))), gate_address, gate),
        tanh=Table(candidate.nearest(np.tanh(candidates)), candidate_address, candidate),
        norm=layer_norm if norm else None,
        latent=LATENT,
        recurrent_candidate=FixedType(14, 10),
        mixed_state=mixed_state,
        state=state,
        velocity=FixedType(16, 12),
        labels=LabelScaling(np.array([0.5, -0.25]), np.array([2.0, 3.0])),
        provenance={"seed": seed},
    )


def random_counts(
    seed: int, ticks: int, channels: int, *, rate: float = 0.05, maximum: int = 1
) -> np.ndarray:
    """Return Poisson spike counts (ticks, channels), at most `maximum` a tick."""
    generator = np.random.default_rng(seed)
    return np.minimum(generator.poisson(rate, (ticks, channels)), maximum).astype(np.uint8)
