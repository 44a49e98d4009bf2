import math

import pytest
import torch

from aegru_hw.decoder import fit as fit_module
from aegru_hw.decoder import stages
from aegru_hw.decoder.averaging import WeightAverage
from aegru_hw.decoder.calibration import calibrate
from aegru_hw.decoder.change_costs import change_penalty
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.decoder.fit import Stage, schedule
from aegru_hw.decoder.folding import fold_batch_norm
from aegru_hw.decoder.network import Aegru
from aegru_hw.decoder.quantized_network import QuantizedAegru
from aegru_hw.errors import UserError
from tests.support.recordings import QUICK, small_recording


def stage(**changes) -> Stage:
    settings = {
        "name": "float",
        "epochs": 50,
        "batch": 256,
        "min_updates": 5000,
        "learning_rate": 1e-3,
        "weight_decay": 0.0,
        "selects": True,
    }
    return Stage(**(settings | changes))


def test_short_recordings_get_smaller_batches_then_more_epochs() -> None:
    assert schedule(stage(), 100_000) == (50, 256)
    assert schedule(stage(), 7_700) == (50, 64)
    assert schedule(stage(), 320) == (500, 32)
    assert schedule(stage(min_updates=0), 320) == (50, 256)
    assert schedule(stage(epochs=1, min_updates=3), 10) == (3, 32)


def quick_dataset(*overrides: str):
    config = make_config("paper", [*QUICK, "training.epochs=4", *overrides])
    return Dataset.from_recording(small_recording(), config), config


def test_same_seed_same_weights() -> None:
    dataset, config = quick_dataset()
    first, _ = stages.train_float(dataset, config, progress=False)
    second, _ = stages.train_float(dataset, config, progress=False)
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name


@pytest.mark.parametrize("averaging", [0.0, 0.9])
def test_resume_equals_uninterrupted(tmp_path, monkeypatch, averaging: float) -> None:
    dataset, config = quick_dataset(f"training.averaging={averaging}")
    whole, facts = stages.train_float(dataset, config, progress=False)
    checkpoint = tmp_path / "checkpoint.safetensors"
    real_epoch, calls = fit_module._epoch, []

    def interrupted_epoch(*arguments):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(1)
        return real_epoch(*arguments)

    monkeypatch.setattr(fit_module, "_epoch", interrupted_epoch)
    with pytest.raises(KeyboardInterrupt):
        stages.train_float(dataset, config, checkpoint=checkpoint, progress=False)
    assert checkpoint.exists()
    monkeypatch.setattr(fit_module, "_epoch", real_epoch)
    torch.manual_seed(12345)  # resuming must not depend on what ran before
    resumed, resumed_facts = stages.train_float(
        dataset, config, checkpoint=checkpoint, resume=True, progress=False
    )
    assert checkpoint.exists()  # the run removes it together with writing the weights
    assert resumed_facts == facts
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name


def test_the_schedule_sets_the_rate_of_each_epoch(monkeypatch) -> None:
    rates: list[float] = []
    real_epoch = fit_module._epoch

    def watched_epoch(*arguments):
        rates.extend(
            group["lr"]
            for argument in arguments
            if isinstance(argument, torch.optim.Optimizer)
            for group in argument.param_groups
        )
        return real_epoch(*arguments)

    monkeypatch.setattr(fit_module, "_epoch", watched_epoch)
    for schedule_name, expected in (
        ("constant", [1, 1, 1, 1]),
        ("cosine", [1, 0.85355, 0.5, 0.14645]),
    ):
        rates.clear()
        dataset, config = quick_dataset(f"training.schedule={schedule_name}")
        stages.train_float(dataset, config, progress=False)
        expected_rates = [config.training.learning_rate * share for share in expected]
        assert rates[:4] == pytest.approx(expected_rates, rel=1e-3)


def test_averaging_keeps_the_average_of_the_updates() -> None:
    network = torch.nn.BatchNorm1d(1)
    average = WeightAverage(network, 0.75)
    for value in (4.0, 8.0):
        with torch.no_grad():
            network.weight.fill_(value)
            network.num_batches_tracked += 1
        average.update()
    with average.applied():
        assert network.weight.item() == pytest.approx((0.75 * 4 + 8) / 1.75)
        assert network.num_batches_tracked.item() == 2
    assert network.weight.item() == 8.0


def test_without_averaging_the_network_is_left_alone() -> None:
    network = torch.nn.Linear(1, 1)
    average = WeightAverage(network, 0.0)
    average.update()
    with average.applied():
        assert average.tensors == {}


def test_averaging_is_what_is_validated_and_kept() -> None:
    dataset, config = quick_dataset("training.averaging=0.99")
    averaged, facts = stages.train_float(dataset, config, progress=False)
    r2 = stages.validation_r2(averaged, dataset)()
    assert r2 == max(row.r2 for row in facts.history)
    plain, _ = stages.train_float(*quick_dataset(), progress=False)
    assert not torch.equal(plain.encoder.weight, averaged.encoder.weight)


@pytest.mark.parametrize("spoilt", ["loss", "weight"])
def test_training_that_diverges_ends_in_one_line(monkeypatch, spoilt: str) -> None:
    """The last update of an epoch can spoil the weights while its loss is still a number."""
    dataset, config = quick_dataset()
    real_epoch, calls = fit_module._epoch, []

    def diverging_epoch(network, *arguments):
        calls.append(real_epoch(network, *arguments))
        if len(calls) == 2 and spoilt == "weight":
            with torch.no_grad():
                network.readout.weight[0, 0] = torch.inf
        return math.nan if len(calls) == 2 and spoilt == "loss" else calls[-1]

    monkeypatch.setattr(fit_module, "_epoch", diverging_epoch)
    with pytest.raises(UserError) as refused:
        stages.train_float(dataset, config, progress=False)
    assert str(refused.value).startswith("training diverged in stage 'float', epoch 2 of 4")
    assert str(refused.value).endswith("such as --set training.learning_rate=0.0001")
    assert "\n" not in str(refused.value)


def test_the_advice_after_diverging_names_the_stages_own_setting(monkeypatch) -> None:
    dataset, config = quick_dataset()
    network = Aegru(dataset.channels, config.network)
    monkeypatch.setattr(fit_module, "_epoch", lambda *_: math.nan)
    with pytest.raises(UserError, match=r"'pruned', .* --set pruning\.learning_rate=1e-05$"):
        stages.prune(network, dataset, config, progress=False)
    with pytest.raises(UserError, match=r"'quantised', .* --set quantisation\.learning_rate="):
        stages.quantize(network, dataset, config, progress=False)


def test_an_undefined_r2_keeps_the_last_epoch(monkeypatch) -> None:
    dataset, config = quick_dataset("training.epochs=2")
    monkeypatch.setattr(stages, "validation_r2", lambda *_: lambda: None)
    network, facts = stages.train_float(dataset, config, progress=False)
    assert [row.r2 for row in facts.history] == [None, None]
    torch.manual_seed(config.seed)
    untrained = Aegru(dataset.channels, config.network)
    assert not torch.equal(network.readout.weight, untrained.readout.weight)


def test_pruned_weights_stay_zero_through_both_fine_tunings() -> None:
    dataset, config = quick_dataset()
    network, _ = stages.train_float(dataset, config, progress=False)
    stages.prune(network, dataset, config, progress=False)
    zeros = {name: weight.detach() == 0 for name, weight in network.weights.items()}
    total = sum(weight.numel() for weight in network.weights.values())
    assert sum(int(zero.sum()) for zero in zeros.values()) == round(total / 2)
    quantized, _ = stages.quantize(network, dataset, config, progress=False)
    for name, weight in quantized.weights.items():
        assert (weight.detach()[zeros[name]] == 0).all()
        assert not torch.equal(weight.detach(), network.weights[name].detach()) or name == "readout"


@pytest.mark.parametrize(
    ("found", "kept"),
    [([None, None, None], 3), ([0.5, 0.1, None], 1), ([None, 0.5, 0.1], 2), ([0.1, 0.5, 0.2], 2)],
)
def test_an_undefined_validation_r2_is_below_every_other(found, kept) -> None:
    """Where the validated velocity stands still, the last epoch is kept."""
    dataset, _ = quick_dataset()
    network = torch.nn.Linear(1, 1)
    weights, scores = [], iter(found)

    def validation_r2() -> float | None:
        weights.append(network.weight.detach().clone())
        return next(scores)

    facts = fit_module.fit(
        network,
        {},
        lambda *_: network(torch.ones(1, 1)).sum(),
        validation_r2,
        dataset,
        dataset.train[:64],
        stage(epochs=3, batch=32, min_updates=0),
        seed=0,
        progress=False,
    )
    assert [row.r2 for row in facts.history] == found
    assert not any(torch.equal(weights[kept - 1], other) for other in weights[kept:])
    assert torch.equal(network.weight, weights[kept - 1])


@pytest.mark.parametrize("change", [0.0, 0.3])
def test_distilled_labels_are_drawn_to_what_the_teacher_decodes(change: float) -> None:
    text = ("distillation=0.25", "jitter=0", "dropout=0", f"change={change}")
    config = make_config(overrides=[*QUICK, *[f"quantisation.{setting}" for setting in text]])
    dataset = Dataset.from_recording(small_recording(ticks=400), config)
    torch.manual_seed(0)
    network, teacher = (Aegru(dataset.channels, config.network).eval() for _ in range(2))
    counts, labels = dataset.batch(dataset.train[:32])
    fold_batch_norm(network)
    quantized = QuantizedAegru.from_float(
        network, dataset.channels, calibrate(network, counts, config.widths)
    ).eval()
    with torch.no_grad():
        latents = quantized.latents(counts)
        states = quantized.states_of(latents)
        said = quantized.velocities(states)
        found = stages.velocity_loss(quantized, config, teacher)(counts, labels)
        expected = change * change_penalty(quantized, latents, states)
        for step in range(5):
            taught = teacher.readout(teacher.states(teacher.latents(counts))[:, step])
            error = said[:, step] - (0.75 * labels[:, step] + 0.25 * taught)
            expected = expected + error.square().mean() / 5
    torch.testing.assert_close(found, expected)
