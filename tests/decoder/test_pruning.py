import numpy as np
import pytest
import torch
from torch import nn

from aegru_hw.decoder import pruning, stages
from aegru_hw.decoder.change_costs import column_costs
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.network import Aegru, features
from aegru_hw.decoder.pruning import (
    apply_masks,
    budget_masks,
    global_masks,
    influences,
    layer_masks,
    pruned_share,
    saliencies,
    total_cost,
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


def test_saliency_is_how_far_the_velocity_moves_without_a_weight(monkeypatch) -> None:
    """With one axis and one window a draw, the estimate is exact: against finite differences."""
    monkeypatch.setattr(pruning, "WINDOWS_A_DRAW", 1)
    config = make_config(overrides=QUICK)
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network).eval()
    with torch.no_grad():
        network.readout.weight[1] = 0
    counts = dataset.batch(dataset.train[::20])[0]
    found = saliencies(network, counts)
    latents = network.latents(counts)
    states = network.states(latents)
    means = {"encoder": features(counts), "input": latents, "recurrent": states}

    @torch.no_grad()
    def derivative(parameter: torch.Tensor, at: tuple[int, ...]) -> torch.Tensor:
        kept, ends = parameter[at].item(), []
        for step in (0.02, -0.02):
            parameter[at] = kept + step
            ends.append(network(counts)[:, 0].double())
        parameter[at] = kept
        return (ends[0] - ends[1]) / 0.04

    for name, inputs in means.items():
        linear = getattr(network, name)
        for row, column in ((0, 0), (3, 5), (7, 2)):
            mean = inputs.flatten(0, -2)[:, column].mean()
            moved = derivative(linear.weight, (row, column)) - mean * derivative(
                linear.bias, (row,)
            )
            expected = linear.weight[row, column] ** 2 * moved.square().mean()
            assert found[name][row, column].item() == pytest.approx(expected.item(), rel=0.02)


@pytest.mark.parametrize("budget", [9.0, 60.0, 1000.0])
def test_a_budget_is_spent_on_the_most_score_for_its_cost(budget: float) -> None:
    torch.manual_seed(2)
    scores = {"wide": torch.rand(4, 30), "narrow": torch.rand(20, 3) * 0.2}
    scores["wide"][1, :7] = 0
    costs = {"wide": torch.rand(30), "narrow": 2 * torch.rand(3)}
    costs["wide"][4] = 0  # a column that never changes is free
    places = [
        (
            float(scores[name][row, column]) / max(float(costs[name][column]), 1e-6),
            name,
            row,
            column,
        )
        for name in scores
        for row in range(scores[name].shape[0])
        for column in range(scores[name].shape[1])
    ]
    everything = sum(float(costs[name][column]) for _, name, _, column in places)
    assert total_cost(scores, costs) == pytest.approx(everything)
    left, kept = budget, set()
    for ratio, name, row, column in sorted(places, reverse=True):
        left -= float(costs[name][column])
        if left < 0:
            break
        if ratio > 0:
            kept.add((name, row, column))
    masks = budget_masks(scores, costs, budget)
    assert kept == {
        (name, *at) for name, mask in masks.items() for at in map(tuple, mask.nonzero().tolist())
    }
    assert ("wide", 0, 4) in kept


def test_pruning_to_a_budget_leaves_weights_that_cost_it() -> None:
    settings = ["scope=macs", "score=saliency", "rate=0.7", "ramp=0.6", "epochs=4"]
    config = make_config(overrides=[*QUICK, *[f"pruning.{text}" for text in settings]])
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network = Aegru(dataset.channels, config.network)
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            stages, "column_costs", lambda *a: asked.append(column_costs(*a)) or asked[-1]
        )
        stages.prune(network, dataset, config, progress=False)
    used = {name: (weight != 0).sum(dim=0) for name, weight in network.weights.items()}
    macs = sum(float((used[name] * asked[-1][name]).sum()) for name in used)
    dense = total_cost(network.weights, asked[0])
    assert 0.28 * dense < macs <= 0.3 * dense + 1e-3
