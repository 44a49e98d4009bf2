"""FixedDecoder to hls4ml's ModelGraph: one call of the graph decodes one tick."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.layernorm import MANTISSA_BITS, RSQRT_TYPE
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.hls.options import Options
from aegru_hw.hls.precision import precisions

if TYPE_CHECKING:
    from hls4ml.model import ModelGraph

PROJECT_NAME = "aegru"


def build_graph(decoder: FixedDecoder, folder: Path, options: Options) -> "ModelGraph":
    """Return the graph counts -> SpikeWindow -> encoder -> GRUChain -> readout of a decoder.

    Nothing is written to `folder` before the graph's own `write`.
    """
    from hls4ml.model.graph import ModelGraph

    from aegru_hw.hls.layers import register

    register()
    return ModelGraph.from_layer_list(
        _config(decoder, folder, options),
        _layers(decoder),
        inputs=["counts"],
        outputs=["readout"],
    )


def _config(decoder: FixedDecoder, folder: Path, options: Options) -> dict[str, Any]:
    from hls4ml.utils.config import create_config

    config: dict[str, Any] = create_config(
        output_dir=str(folder),
        project_name=PROJECT_NAME,
        backend="Vitis",
        part=options.part,
        clock_period=options.clock_period_ns,
        io_type=options.io_type,
    )
    config["HLSConfig"] = {
        "Model": {
            # Every quantity has a type of its own; the default would show up where one is missing.
            "Precision": {"default": "ap_fixed<1,1>"},
            "ReuseFactor": options.reuse_factor,
            "Strategy": options.strategy,
        },
        "LayerName": {
            layer: {"Precision": precision} for layer, precision in precisions(decoder).items()
        },
    }
    return config


def _layers(decoder: FixedDecoder) -> list[dict[str, Any]]:
    geometry = decoder.geometry
    return [
        {"class_name": "Input", "name": "counts", "input_shape": [geometry.channels]},
        {
            "class_name": "SpikeWindow",
            "name": "spike_window",
            "n_in": geometry.channels,
            "n_window": geometry.window,
            "feature_table_data": decoder.feature.output.value(decoder.feature.codes),
        },
        _dense("encoder", decoder.encoder),
        _gru_chain(decoder),
        _dense("readout", decoder.readout),
    ]


def _dense(name: str, linear: Linear) -> dict[str, Any]:
    weight, bias = _values(linear)
    return {
        "class_name": "Dense",
        "name": name,
        "n_in": weight.shape[1],
        "n_out": weight.shape[0],
        "weight_data": np.ascontiguousarray(weight.T),
        "bias_data": bias,
    }


def _values(linear: Linear) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the real values of a weight matrix (outputs, inputs) and its bias."""
    return linear.weight_type.value(linear.weight), linear.accumulator.value(linear.bias)


def _gru_chain(decoder: FixedDecoder) -> dict[str, Any]:
    geometry = decoder.geometry
    input_weight, input_bias = _values(decoder.input)
    recurrent_weight, recurrent_bias = _values(decoder.recurrent)
    # A single chain keeps no ring; hls4ml knows no empty array.
    rings = max(geometry.steps - 1, 1)
    layer = {
        "class_name": "GRUChain",
        "name": "gru_chain",
        "n_in": geometry.latent,
        "n_out": geometry.hidden,
        "n_window": geometry.window,
        "n_steps": geometry.steps,
        "norm": decoder.norm is not None,
        "input_weight_data": input_weight,
        "input_bias_data": input_bias,
        "recurrent_weight_data": recurrent_weight,
        "recurrent_bias_data": recurrent_bias,
        "sigmoid_table_data": decoder.sigmoid.output.value(decoder.sigmoid.codes),
        "tanh_table_data": decoder.tanh.output.value(decoder.tanh.codes),
        "startup_states_data": decoder.state.value(startup(decoder).states[:rings]),
    }
    if decoder.norm is not None:
        norm = decoder.norm
        layer |= {
            "epsilon": norm.epsilon,
            "n_mantissa_bits": MANTISSA_BITS,
            "norm_scale_data": norm.scale_type.value(norm.scale),
            "norm_bias_data": np.ldexp(norm.bias.astype(np.float64), -norm.bias_fraction),
            "rsqrt_table_data": RSQRT_TYPE.value(norm.rsqrt),
        }
    return layer
