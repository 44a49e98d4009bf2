"""The features' statistics put right in the first layer."""

import torch
from torch.nn import functional

from aegru_hw.decoder.network import features
from aegru_hw.recalibration.statistics import LEAST_SPREAD, Statistics, aligned


def test_latents_of_todays_features_are_those_of_normalised_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    weight, bias = torch.randn(4, 3, generator=generator), torch.randn(4, generator=generator)
    before = Statistics(torch.tensor([0.5, -1.0, 0.2]), torch.tensor([0.4, 0.5, 0.9]))
    today = Statistics(torch.tensor([0.1, 0.3, -0.6]), torch.tensor([0.8, 0.4, 0.3]))
    x = torch.randn(50, 3, generator=generator)
    as_before = (x - today.mean) / today.spread * before.spread + before.mean
    expected = functional.linear(as_before, weight, bias)
    found = functional.linear(x, *aligned((weight, bias), before, today))
    assert torch.allclose(found, expected, atol=1e-5)


def test_the_same_statistics_change_nothing() -> None:
    encoder = torch.randn(4, 3), torch.randn(4)
    same = Statistics(torch.randn(3), torch.rand(3) + 0.5)
    for found, given in zip(aligned(encoder, same, same), encoder, strict=True):
        assert torch.allclose(found, given, atol=1e-6)


def test_statistics_are_of_the_features_and_silence_is_not_amplified(days) -> None:
    seen = Statistics.of(days.second, days.second.train)
    x = features(days.second.counts[days.second.train])
    assert torch.equal(seen.mean, x.mean(dim=0))
    assert float(seen.spread[0]) == torch.tensor(LEAST_SPREAD)  # the silent channel
    assert float(seen.spread[1]) == float(x[:, 1].std())
