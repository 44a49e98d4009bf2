"""The choice of a method within the minutes."""

import copy

import pytest

from aegru_hw.decoder.averaging import state_of
from aegru_hw.recalibration import methods
from aegru_hw.recalibration.methods import TUNINGS, recalibrate
from aegru_hw.recalibration.names import AUTO, ENCODER, METHODS
from aegru_hw.recalibration.statistics import Statistics


def test_the_best_by_validation_is_taken_and_given_all_ticks(days, monkeypatch) -> None:
    scores = {"statistics": 0.1, "encoder": 0.7, "all": None}
    given = []

    def apply(network, before, dataset, ticks, method, seed, words) -> None:
        given.append((method, len(ticks), words))
        network.method = method

    monkeypatch.setattr(methods, "_apply", apply)
    monkeypatch.setattr(
        methods, "validation_r2", lambda network, dataset: lambda: scores[network.method]
    )
    statistics = Statistics.of(days.first, days.first.train)
    choice = recalibrate(days.network, statistics, days.second, AUTO, 0, words=50)
    assert (choice.method, choice.validation) == ("encoder", scores)
    fitted, whole = len(days.second.train), len(days.second.train) + len(days.second.validation)
    assert given == [*((name, fitted, 50) for name in METHODS), ("encoder", whole, 50)]


def test_the_more_is_lost_the_harder_it_is_trained(days, monkeypatch) -> None:
    found = []
    monkeypatch.setattr(
        methods, "tune", lambda network, parts, tuning, seed, words: found.append(tuning)
    )
    of = {day: Statistics.of(days.first, days.first.train) for day in ("same", "other")}
    of["other"] = Statistics(-of["other"].mean - 3, of["other"].spread * 5)
    for statistics in of.values():
        network = copy.deepcopy(days.network)
        recalibrate(network, statistics, days.first, ENCODER, 0)
    gentle, hard = found
    usual = TUNINGS[ENCODER]
    assert usual.learning_rate <= gentle.learning_rate < hard.learning_rate
    assert hard.learning_rate == pytest.approx(3 * usual.learning_rate)
    assert hard.updates_of(3000) == 2 * usual.updates_of(3000)
    assert not hard.core


@pytest.mark.parametrize("method", ["statistics"])
def test_a_method_that_is_asked_for_is_not_validated(days, method) -> None:
    before = state_of(days.network)
    statistics = Statistics.of(days.first, days.first.train)
    choice = recalibrate(days.network, statistics, days.second, method, 0)
    assert (choice.method, choice.validation) == (method, {})
    changed = [
        name for name, tensor in state_of(days.network).items() if (tensor != before[name]).any()
    ]
    assert changed == ["encoder.weight", "encoder.bias"]
