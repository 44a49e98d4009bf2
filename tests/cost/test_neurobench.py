"""NeuroBench's metrics against every product of real torch layers, counted one by one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from aegru_hw.cost.neurobench import (
    FloatWeights,
    LayerInputs,
    Metrics,
    activation_sparsity,
    connection_sparsity,
    dense_operations,
    float_footprint_bytes,
    synaptic_operations,
)
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.metrics import benchmark_metrics
from aegru_hw.decoder.network import Aegru
from aegru_hw.fixedpoint.decoder import Geometry
from aegru_hw.strict_json import read_json, write_json
from tests.support.recordings import QUICK, small_recording

PAPER = [(96, 39_184, 46_624), (192, 51_856, 61_984)]


@pytest.mark.parametrize(("channels", "footprint", "dense"), PAPER)
def test_static_metrics_of_the_paper_network_are_the_published_ones(
    channels: int, footprint: int, dense: int
) -> None:
    geometry = Geometry(channels, 32, 32, 20, 5, 0.004)
    assert float_footprint_bytes(geometry, norm=True) == footprint
    assert dense_operations(geometry) == dense


class Reference(nn.Module):
    """The inference network in torch's own layers, as a submission to the benchmark has it."""

    def __init__(self, channels: int, latent: int, hidden: int) -> None:
        super().__init__()
        self.encoder = nn.Linear(channels, latent)
        self.batch_norm = nn.BatchNorm1d(latent)
        self.cell = nn.GRUCell(latent, hidden)
        self.norm = nn.LayerNorm(hidden)
        self.readout = nn.Linear(hidden, 2)
        self.register_buffer("buffer", torch.zeros(1, channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        encoded = self.encoder(x)
        z = self.batch_norm(encoded.flatten(0, 1)).view_as(encoded)
        state = torch.zeros(len(x), self.cell.hidden_size)
        for step in z.unbind(dim=1):
            state = self.norm(self.cell(step, state))
        return self.readout(state)


@pytest.mark.parametrize(("channels", "footprint", "dense"), PAPER)
def test_footprint_is_that_of_the_layers_and_buffers(channels, footprint, dense) -> None:
    network = Reference(channels, 32, 32)
    tensors = [*network.parameters(), *network.buffers()]
    assert footprint == sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def products(weight: np.ndarray, x: np.ndarray) -> list[int]:
    """Return for each output how many of its products have no zero factor."""
    return [sum(1 for w, v in zip(row, x, strict=True) if w != 0 and v != 0) for row in weight]


def cell_operations(cell: nn.GRUCell, z: np.ndarray, h: np.ndarray) -> int:
    """Walk the GRU's equations for one example, unit by unit, as NeuroBench's rules have them."""
    hidden = len(h)
    w_ih, w_hh, b_ih, b_hh = (
        getattr(cell, name).detach().numpy()
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    of_input, of_state = products(w_ih, z), products(w_hh, h)
    total = sum(of_input) + sum(of_state)
    for unit in range(hidden):
        r, u, n = unit, hidden + unit, 2 * hidden + unit
        biases = [int(b_ih[row] != 0) + int(b_hh[row] != 0) for row in range(3 * hidden)]
        reset_exists = of_input[r] + of_state[r] + biases[r] > 0
        update_terms = of_input[u] + of_state[u] + biases[u]
        recurrent_exists = of_state[n] > 0 or b_hh[n] != 0
        gated = reset_exists and recurrent_exists
        candidate_exists = of_state[n] > 0 or b_ih[n] != 0 or gated
        total += int(gated)
        total += int(update_terms != 1 and candidate_exists)
        total += int(update_terms > 0 and h[unit] != 0)
    return total


def counted_by_hooks(network: Reference, x: torch.Tensor) -> dict[str, int]:
    """Count with forward hooks on the layers, example by example."""
    counts = {"dense": 0, "macs": 0, "acs": 0}

    def count(dense: int, effective: int, inputs: torch.Tensor) -> None:
        counts["dense"] += dense
        binary = all(value in (-1.0, 0.0, 1.0) for value in inputs.flatten().tolist())
        counts["acs" if binary else "macs"] += effective

    def linear(layer: nn.Linear, arguments: tuple, _: torch.Tensor) -> None:
        rows = arguments[0].detach().flatten(0, -2).numpy()
        weight = layer.weight.detach().numpy()
        effective = sum(sum(products(weight, row)) for row in rows)
        count(len(rows) * weight.size, effective, arguments[0])

    def cell(layer: nn.GRUCell, arguments: tuple, _: torch.Tensor) -> None:
        z, h = (argument.detach().numpy() for argument in arguments)
        effective = sum(cell_operations(layer, *pair) for pair in zip(z, h, strict=True))
        size = layer.weight_ih.numel() + layer.weight_hh.numel() + 3 * layer.hidden_size
        count(len(z) * size, effective, arguments[0])

    hooks = [
        network.encoder.register_forward_hook(linear),
        network.readout.register_forward_hook(linear),
        network.cell.register_forward_hook(cell),
    ]
    network(x)
    for hook in hooks:
        hook.remove()
    return counts


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_operations_are_those_that_hooks_count_one_by_one(data: st.DataObject) -> None:
    channels, latent, hidden, steps, n = (
        data.draw(st.integers(low, high)) for low, high in ((1, 5), (1, 4), (1, 4), (1, 3), (1, 3))
    )
    torch.manual_seed(data.draw(st.integers(0, 1000)))
    network = Reference(channels, latent, hidden).eval()
    zeros = data.draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    for name, parameter in network.named_parameters():
        if "norm" not in name:
            with torch.no_grad():
                parameter.mul_(torch.rand_like(parameter) >= zeros)
    x = torch.randint(-1, data.draw(st.sampled_from([2, 4])), (n, steps, channels)).float()
    seen: dict[str, list[torch.Tensor]] = {"input": [], "recurrent": [], "readout": []}

    def keep(*names: str):
        def hook(_: nn.Module, arguments: tuple, __: torch.Tensor) -> None:
            for name, argument in zip(names, arguments, strict=True):
                seen[name].append(argument.detach())

        return hook

    network.cell.register_forward_hook(keep("input", "recurrent"))
    network.readout.register_forward_hook(keep("readout"))
    expected = counted_by_hooks(network, x)
    weights = FloatWeights(
        *[
            parameter.detach().numpy()
            for parameter in (
                network.encoder.weight,
                network.cell.weight_ih,
                network.cell.weight_hh,
                network.readout.weight,
                network.cell.bias_ih,
                network.cell.bias_hh,
            )
        ]
    )
    stacked = {name: torch.stack(rows, dim=1) for name, rows in seen.items()}
    found = synaptic_operations(
        weights,
        LayerInputs(
            x.numpy(),
            stacked["input"].numpy(),
            stacked["recurrent"].numpy(),
            stacked["readout"][:, 0].numpy(),
        ),
    )
    assert found.dense == expected["dense"]
    assert found.dense == n * dense_operations(Geometry(channels, latent, hidden, 1, steps, 0.004))
    # The cell is one layer: its kind is taken over all steps here, step by step by the hooks.
    assert found.effective_macs + found.effective_acs == expected["macs"] + expected["acs"]
    kinds = {bool(np.isin(rows.numpy(), (-1, 0, 1)).all()) for rows in seen["input"]}
    if len(kinds) == 1:
        assert (found.effective_macs, found.effective_acs) == (expected["macs"], expected["acs"])


def test_connection_sparsity_counts_the_biases_of_the_cell() -> None:
    weights = FloatWeights(
        encoder=np.array([[1.0, 0.0]]),
        input=np.array([[0.0], [1.0], [1.0]]),
        recurrent=np.array([[1.0], [1.0], [1.0]]),
        readout=np.array([[1.0], [0.0]]),
        input_bias=np.array([0.0, 1.0, 1.0]),
        recurrent_bias=np.array([1.0, 1.0, 1.0]),
    )
    assert connection_sparsity(weights) == round(4 / 16, 4)


def test_activation_sparsity_is_the_share_of_zeros() -> None:
    assert activation_sparsity([np.array([0.0, 1.0]), np.array([[0.0, 0.0]])]) == 0.75
    assert activation_sparsity([]) == 0.0


def test_metrics_of_a_network_are_those_of_the_layers_it_is_made_of() -> None:
    """The whole network of the package against torch's own layers with the same weights."""
    recording = small_recording(ticks=400)
    config = make_config(overrides=QUICK)
    dataset = Dataset.from_recording(recording, config)
    torch.manual_seed(3)
    network = Aegru(dataset.channels, config.network).eval()
    with torch.no_grad():
        for weight in network.weights.values():
            weight.mul_(torch.rand_like(weight) >= 0.6)
    reference = Reference(dataset.channels, 8, 8).eval()
    reference.cell.weight_ih, reference.cell.bias_ih = network.input.weight, network.input.bias
    reference.cell.weight_hh = network.recurrent.weight
    reference.cell.bias_hh = network.recurrent.bias
    reference.encoder, reference.readout = network.encoder, network.readout
    reference.batch_norm, reference.norm = network.batch_norm, network.norm
    counts = dataset.batch(dataset.test)[0]
    x = torch.log(nn.functional.softplus(counts.double())).float()
    torch.testing.assert_close(reference(x), network(counts))
    geometry = Geometry(dataset.channels, 8, 8, dataset.window, dataset.steps, 0.05)
    expected = counted_by_hooks(reference, x)
    found = benchmark_metrics(network, dataset, geometry)
    outputs = len(dataset.test)
    assert found.dense == expected["dense"] / outputs == dense_operations(geometry)
    assert found.effective_macs == expected["macs"] / outputs
    assert found.effective_acs == expected["acs"] / outputs == 0
    assert found.footprint_bytes == sum(
        tensor.numel() * tensor.element_size()
        for tensor in [*reference.parameters(), *reference.buffers()]
    )


def test_metrics_as_json(tmp_path: Path) -> None:
    metrics = Metrics(39184, 0.5, 0.0, 46144.0, 25300.5, 0.0)
    write_json(metrics, tmp_path / "metrics.json")
    assert read_json(tmp_path / "metrics.json", Metrics) == metrics
