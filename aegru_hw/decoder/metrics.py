"""What is measured of a network on the test split: R², and NeuroBench's counts."""

import torch
from torch import nn

from aegru_hw.cost import neurobench
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.decoder.stages import TICKS_AT_ONCE, decode
from aegru_hw.fixedpoint import Geometry
from aegru_hw.recordings.r2 import R2, r2_score


def test_r2(network: nn.Module, dataset: Dataset) -> R2:
    """Return a network's R² over the test split."""
    truth = dataset.labels[dataset.test].numpy()
    return r2_score(truth, decode(network, dataset, dataset.test))


@torch.no_grad()
def benchmark_metrics(network: Aegru, dataset: Dataset, geometry: Geometry) -> neurobench.Metrics:
    """Return NeuroBench's metrics of a float network, operations per output of the test split."""
    network.eval()
    weights = neurobench.FloatWeights(
        **{name: weight.detach().numpy() for name, weight in network.weights.items()},
        input_bias=network.input.bias.detach().numpy(),
        recurrent_bias=network.recurrent.bias.detach().numpy(),
    )
    total = neurobench.NO_OPERATIONS
    for ticks in dataset.test.split(TICKS_AT_ONCE):
        counts = dataset.batch(ticks)[0]
        latents = network.latents(counts)
        states = network.states(latents)
        before = torch.cat([torch.zeros_like(states[:, :1]), states[:, :-1]], dim=1)
        seen = (features(counts), latents, before, states[:, -1])
        inputs = neurobench.LayerInputs(*[tensor.numpy() for tensor in seen])
        total += neurobench.synaptic_operations(weights, inputs)
    outputs = len(dataset.test)
    return neurobench.Metrics(
        footprint_bytes=neurobench.float_footprint_bytes(
            geometry, norm=network.settings.norm == "layer"
        ),
        connection_sparsity=neurobench.connection_sparsity(weights),
        activation_sparsity=neurobench.activation_sparsity(()),
        dense=total.dense / outputs,
        effective_macs=total.effective_macs / outputs,
        effective_acs=total.effective_acs / outputs,
    )
