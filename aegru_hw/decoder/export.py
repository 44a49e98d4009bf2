"""The trained quantised network as a FixedDecoder."""

from typing import Any

import numpy as np
import torch
from brevitas.nn import QuantLinear

from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.decoder.straight_through import TableActivation
from aegru_hw.fixedpoint.decoder import FixedDecoder, Geometry
from aegru_hw.fixedpoint.labels import LabelScaling
from aegru_hw.fixedpoint.layernorm import LayerNorm, rsqrt_table
from aegru_hw.fixedpoint.parts import Linear, Table
from aegru_hw.fixedpoint.types import Codes, FixedType


@torch.no_grad()
def export(
    network: QuantizedAegru,
    geometry: Geometry,
    labels: LabelScaling,
    provenance: dict[str, Any],
) -> FixedDecoder:
    """Return the integer decoder of a quantised network; tables come from its trained modules."""
    types = network.types
    feature = types.feature.nearest(network.feature.numpy())
    return FixedDecoder(
        geometry=geometry,
        encoder=_linear(network.encoder, types.encoder_weight, types.feature),
        input=_linear(network.input, types.input_weight, types.latent),
        recurrent=_linear(network.recurrent, types.recurrent_weight, types.state),
        readout=_linear(network.readout, types.readout_weight, types.state),
        feature=Table(feature, types.count, types.feature),
        sigmoid=_table(network.sigmoid),
        tanh=_table(network.tanh),
        norm=_layer_norm(network),
        latent=types.latent,
        recurrent_candidate=types.recurrent_candidate,
        mixed_state=types.mixed_state,
        state=types.state,
        velocity=types.velocity,
        labels=labels,
        provenance=provenance,
    )


def _linear(layer: QuantLinear, weight_type: FixedType, input_type: FixedType) -> Linear:
    return Linear(
        weight=layer.quant_weight().int().numpy().astype(np.int64),
        weight_type=weight_type,
        bias=_bias(layer, weight_type.fraction + input_type.fraction),
        input_type=input_type,
    )


def _bias(layer: QuantLinear, fraction: int) -> Codes:
    codes: Codes = np.ldexp(layer.quant_bias().value.double().numpy(), fraction).astype(np.int64)
    return codes


def _table(activation: TableActivation) -> Table:
    """Return the table of an activation by running it over every code of its address."""
    codes = torch.from_numpy(activation.address.codes)
    values = activation(codes.float() * activation.address.resolution).numpy()
    return Table(activation.output.nearest(values), activation.address, activation.output)


def _layer_norm(network: QuantizedAegru) -> LayerNorm | None:
    if network.normalise is None or network.norm_affine is None:
        return None
    types = network.types
    affine = _linear(network.norm_affine, types.norm_scale, types.normalised)
    return LayerNorm(
        scale=affine.weight[:, 0],
        scale_type=types.norm_scale,
        bias=affine.bias,
        epsilon=network.normalise.epsilon_code,
        rsqrt=rsqrt_table(),
        normalised=types.normalised,
    )
