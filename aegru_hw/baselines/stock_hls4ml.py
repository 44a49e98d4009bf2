"""The plain GRU through hls4ml as it comes: its own GRU layer, types chosen after training.

No quantisation-aware training, no state kept between outputs: each call runs the N steps of one
output. hls4ml keeps torch's gate order and its reset after the recurrent product where a layer is
marked `pytorch`; tests/baselines compares the numbers before precision is cut.
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from aegru_hw.baselines.plain_gru import PlainGru, plain_gru_macs
from aegru_hw.baselines.score import BaselineScore
from aegru_hw.decoder.calibration import best_type
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import features
from aegru_hw.fixedpoint.types import FixedType
from aegru_hw.hls.quiet import log_to
from aegru_hw.recordings.r2 import r2_score

MOST_TICKS = 4000  # a call takes about a millisecond
CALIBRATION_WINDOWS = 2048
ACCUMULATOR = "ap_fixed<32,12>"
BITS_IN_BYTE = 8


def stock_hls4ml(network: PlainGru, dataset: Dataset, width: int | None) -> BaselineScore:
    """Score a trained plain GRU in hls4ml's C++, compiled with g++, on evenly chosen test ticks.

    width: bits of weights, inputs, states and velocity, each of the type that loses least on
        training data; None for hls4ml's default, ap_fixed<16,6> for everything.
    ticks: every k-th test tick, so that at most `MOST_TICKS` are scored.
    """
    ticks = dataset.test[:: -(-len(dataset.test) // MOST_TICKS)]
    sample = dataset.train[:: max(1, len(dataset.train) // CALIBRATION_WINDOWS)]
    types = None if width is None else _types(network, dataset.batch(sample)[0], width)
    decoded = predict(network, dataset.batch(ticks)[0], types)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    bits = 16 if width is None else width
    return BaselineScore(
        r2=r2_score(dataset.labels[ticks].numpy(), decoded),
        macs=plain_gru_macs(network, dataset.steps),
        footprint_bytes=(parameters + dataset.channels) * bits // BITS_IN_BYTE,
        ticks=len(ticks),
    )


def predict(
    network: PlainGru, window_counts: Tensor, types: dict[str, FixedType] | None
) -> NDArray[np.float32]:
    """Return velocity (n, 2) for window counts (n, N, C), from a project in a scratch folder.

    types: of input, weight, recurrent_weight, state, readout_weight and velocity; None for the
        default of hls4ml.
    """
    x = np.ascontiguousarray(features(window_counts).numpy())
    with (
        tempfile.TemporaryDirectory(prefix="aegru_stock_hls4ml_") as folder,
        log_to(Path(folder) / "hls4ml.log"),
    ):
        graph = _graph(network, x.shape[1], Path(folder) / "project", types)
        graph.compile()
        velocity: NDArray[np.float32] = graph.predict(x).reshape(len(x), 2)
    return velocity


@torch.no_grad()
def _types(network: PlainGru, window_counts: Tensor, width: int) -> dict[str, FixedType]:
    x = features(window_counts)
    states = network.gru(x)[0]
    seen = {
        "input": x,
        "weight": network.gru.weight_ih_l0,
        "recurrent_weight": network.gru.weight_hh_l0,
        "state": states,
        "readout_weight": network.readout.weight,
        "velocity": network.readout(states),
    }
    return {name: best_type(tensor.detach().numpy(), width) for name, tensor in seen.items()}


def _graph(network: PlainGru, steps: int, folder: Path, types: dict[str, FixedType] | None) -> Any:
    from hls4ml.model.graph import ModelGraph
    from hls4ml.utils.config import create_config

    channels, hidden = network.gru.input_size, network.gru.hidden_size

    def array(parameter: Any) -> NDArray[np.float32]:
        return np.ascontiguousarray(parameter.detach().numpy().T)

    config = create_config(output_dir=str(folder), project_name="plain_gru", backend="Vitis")
    config["HLSConfig"] = {
        "Model": {"Precision": {"default": "ap_fixed<16,6>"}, "ReuseFactor": 1},
        "LayerName": {} if types is None else _precisions(types),
    }
    layers = [
        {"class_name": "Input", "name": "features", "input_shape": [steps, channels]},
        {
            "class_name": "GRU",
            "name": "gru",
            "n_timesteps": steps,
            "n_in": channels,
            "n_out": hidden,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "apply_reset_gate": "after",
            "return_sequences": False,
            "return_state": False,
            "pass_initial_states": False,
            "time_major": False,
            "pytorch": True,
            "weight_data": array(network.gru.weight_ih_l0),
            "recurrent_weight_data": array(network.gru.weight_hh_l0),
            "bias_data": array(network.gru.bias_ih_l0),
            "recurrent_bias_data": array(network.gru.bias_hh_l0),
        },
        {
            "class_name": "Dense",
            "name": "readout",
            "n_in": hidden,
            "n_out": 2,
            "weight_data": array(network.readout.weight),
            "bias_data": array(network.readout.bias),
        },
    ]
    return ModelGraph.from_layer_list(config, layers, inputs=["features"], outputs=["readout"])


def _precisions(types: dict[str, FixedType]) -> dict[str, dict[str, Any]]:
    named = {
        name: f"ap_fixed<{kind.width},{kind.integer},AP_RND_CONV,AP_SAT>"
        for name, kind in types.items()
    }
    return {
        "features": {"Precision": {"result": named["input"]}},
        "gru": {
            "Precision": {
                "weight": named["weight"],
                "recurrent_weight": named["recurrent_weight"],
                "bias": ACCUMULATOR,
                "recurrent_bias": ACCUMULATOR,
                "result": named["state"],
                "accum": ACCUMULATOR,
            },
        },
        "readout": {
            "Precision": {
                "weight": named["readout_weight"],
                "bias": ACCUMULATOR,
                "result": named["velocity"],
                "accum": ACCUMULATOR,
            },
        },
    }
