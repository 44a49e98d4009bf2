"""Fine-tuning within formats and masks, of one session and of several."""

import torch

from aegru_hw.decoder.averaging import state_of
from aegru_hw.decoder.pruning import masks_of
from aegru_hw.decoder.stages import validation_r2
from aegru_hw.recalibration.statistics import Statistics, aligned
from aegru_hw.recalibration.tuning import Part, Tuning, encoder_of, tune

FEW = Tuning(updates=30, batch=32)


def part(days, dataset, ticks) -> Part:
    before = Statistics.of(days.first, days.first.train)
    today = Statistics.of(dataset, ticks)
    return Part(dataset, ticks, today, aligned(encoder_of(days.network), before, today))


def test_masks_are_kept_and_the_encoder_alone_leaves_the_core(days) -> None:
    masks, before = masks_of(days.network.weights), state_of(days.network)
    (found,) = tune(
        days.network,
        [part(days, days.second, days.second.train)],
        Tuning(core=False, updates=30, batch=32),
        seed=1,
    )
    after = state_of(days.network)
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed == {"encoder.weight", "encoder.bias"}
    assert torch.equal(found[0] * masks["encoder"], days.network.encoder.weight)
    assert all((days.network.weights[name][~mask] == 0).all() for name, mask in masks.items())


def test_all_layers_learn_and_masks_are_kept(days) -> None:
    masks, score = masks_of(days.network.weights), validation_r2(days.network, days.second)
    unchanged = score()
    tune(
        days.network,
        [part(days, days.second, days.second.train)],
        Tuning(updates=200, batch=64),
        seed=1,
    )
    recalibrated = score()
    assert unchanged is not None
    assert recalibrated is not None
    assert recalibrated > unchanged + 0.05
    assert all((days.network.weights[name][~mask] == 0).all() for name, mask in masks.items())


def test_the_same_seed_gives_the_same(days) -> None:
    import copy

    twice = []
    for _ in range(2):
        own = type(days)(copy.deepcopy(days.network), days.config, days.first, days.second)
        tune(own.network, [part(own, own.second, own.second.train)], FEW, seed=3)
        twice.append(state_of(own.network))
    assert all(torch.equal(twice[0][name], twice[1][name]) for name in twice[0])


def test_sessions_have_encoders_of_their_own_and_today_the_network_s(days) -> None:
    parts = [
        part(days, days.first, days.first.train),
        part(days, days.second, days.second.train),
    ]
    first, second = tune(days.network, parts, FEW, seed=1)
    assert not torch.equal(first[0], second[0])
    mask = days.network.encoder.weight != 0
    assert torch.equal(days.network.encoder.weight[mask], second[0][mask])


def test_an_encoder_may_have_other_weights_as_many_as_are_given(days) -> None:
    masks = masks_of(days.network.weights)
    before = int(masks["encoder"].sum())
    (found,) = tune(
        days.network, [part(days, days.second, days.second.train)], FEW, seed=1, words=before + 7
    )
    after = masks_of(days.network.weights)
    assert int(after["encoder"].sum()) == before + 7
    assert (after["encoder"] & ~masks["encoder"]).any()
    assert torch.equal(found[0], days.network.encoder.weight)
    assert all((after[name] <= masks[name]).all() for name in masks if name != "encoder")


def test_updates_follow_from_the_minutes() -> None:
    assert [Tuning().updates_of(ticks) for ticks in (64, 1860, 10_000)] == [200, 290, 700]
    assert FEW.updates_of(10_000) == 30
    assert Tuning().harder(0.0) == Tuning()
    assert [Tuning().harder(0.5).updates_of(ticks) for ticks in (64, 10_000)] == [300, 1050]
