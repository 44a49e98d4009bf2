import numpy as np
import pytest
import torch
from torch import nn

from aegru_hw.decoder import stages
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.pruning import (
    apply_masks,
    global_masks,
    influences,
    layer_masks,
    pruned_share,
)
from tests.support.recordings import QUICK, small_recording


@pytest.mark.parametrize("rate", [0.0, 0.3, 0.5, 0.9])
def test_masks_drop_the_smallest_of_all_matrices_together(rate: float) -> None:
    torch.manual_seed(0)
    weights = {
        "small": nn.Parameter(torch.randn(20, 10) * 0.1),
        "large": nn.Parameter(torch.randn(300)),
    }
    before = {name: weight.detach().clone() for name, weight in weights.items()}
    apply_masks(weights, global_masks(weights, rate))
    everything = np.concatenate([before[name].abs().numpy().ravel() for name in weights])
    kept = np.concatenate([weights[name].detach().numpy().ravel() != 0 for name in weights])
    assert (~kept).sum() == round(rate * 500)
    if rate > 0:
        assert everything[~kept].max() <= everything[kept].min()
    for name, weight in weights.items():
        alive = weight.detach() != 0
        assert torch.equal(weight.detach()[alive], before[name][alive])


def test_layer_masks_drop_each_matrix_at_its_own_rate() -> None:
    torch.manual_seed(1)
    weights = {"small": torch.randn(20, 10) * 0.01, "large": torch.randn(30, 10)}
    masks = layer_masks(weights, {"small": 0.2, "large": 0.9})
    for name, dropped in (("small", 40), ("large", 270)):
        magnitudes, mask = weights[name].abs(), masks[name]
        assert int((~mask).sum()) == dropped
        assert magnitudes[~mask].max() <= magnitudes[mask].min()


@pytest.mark.parametrize(("ramp", "rising"), [(0.0, 0), (0.5, 5), (1.0, 10)])
def test_pruned_share_rises_by_the_cube_and_then_stays(ramp: float, rising: int) -> None:
    shares = [pruned_share(epoch, 10, ramp) for epoch in range(10)]
    expected = [1 - (1 - k / rising) ** 3 for k in range(1, rising + 1)]
    np.testing.assert_allclose(shares, expected + [1.0] * (10 - rising), atol=1e-12)
    assert shares[-1] == 1.0
    assert pruned_share(0, 0, ramp) == 1.0


def test_influence_is_how_much_a_weight_moves_what_it_feeds() -> None:
    """Dropping one encoder or input weight changes its output by sigma·|w|, measured."""
    config = make_config(overrides=QUICK)
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network)
    network.batch_norm.running_var.uniform_(0.2, 3.0)
    counts = dataset.batch(dataset.train)[0]
    found = influences(network, counts)
    before = network.latents(counts)
    products = network.input(before)
    states = network.states(before)
    candidates = network.recurrent(states)
    for name, outputs in (("encoder", before), ("input", products), ("recurrent", candidates)):
        weight = network.weights[name]
        for row, column in ((0, 0), (3, 5), (7, 2)):
            kept = weight[row, column].item()
            with torch.no_grad():
                weight[row, column] = 0
                after = {
                    "encoder": lambda: network.latents(counts),
                    "input": lambda: network.input(before),
                    "recurrent": lambda: network.recurrent(states),
                }[name]()
                weight[row, column] = kept
            moved = (outputs - after)[..., row].flatten().std()
            torch.testing.assert_close(
                found[name][row, column], moved.detach(), rtol=1e-3, atol=1e-6
            )


@pytest.mark.parametrize("epochs", [0, 4])
@pytest.mark.parametrize("score", ["magnitude", "influence"])
def test_gradual_pruning_ends_at_its_rates_and_zeros_stay(score: str, epochs: int) -> None:
    rates = {"encoder": 0.25, "input": 0.5, "recurrent": 0.75, "readout": 0.125}
    config = make_config(
        overrides=[
            *QUICK,
            "pruning.scope=layer",
            f"pruning.score={score}",
            "pruning.ramp=0.6",
            *[f"pruning.{name}={rate}" for name, rate in rates.items()],
            f"pruning.epochs={epochs}",
        ]
    )
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network)
    stages.prune(network, dataset, config, progress=False)
    for name, weight in network.weights.items():
        assert int((weight == 0).sum()) == round(rates[name] * weight.numel())
    zeros = {name: weight == 0 for name, weight in network.weights.items()}
    quantized, _ = stages.quantize(network, dataset, config, progress=False)
    for name, weight in quantized.weights.items():
        assert bool((weight[zeros[name]] == 0).all())
