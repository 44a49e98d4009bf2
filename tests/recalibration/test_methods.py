"""The choice of a method within the minutes."""

import pytest

from aegru_hw.decoder.averaging import state_of
from aegru_hw.recalibration import methods
from aegru_hw.recalibration.methods import recalibrate
from aegru_hw.recalibration.names import AUTO, METHODS
from aegru_hw.recalibration.statistics import Statistics


def test_the_best_by_validation_is_taken_and_given_all_ticks(days, monkeypatch) -> None:
    scores = {"statistics": 0.1, "encoder": 0.7, "all": None}
    given = []

    def apply(network, before, dataset, ticks, method, seed) -> None:
        given.append((method, len(ticks)))
        network.method = method

    monkeypatch.setattr(methods, "_apply", apply)
    monkeypatch.setattr(
        methods, "validation_r2", lambda network, dataset: lambda: scores[network.method]
    )
    statistics = Statistics.of(days.first, days.first.train)
    choice = recalibrate(days.network, statistics, days.second, AUTO, 0)
    assert (choice.method, choice.validation) == ("encoder", scores)
    fitted, whole = len(days.second.train), len(days.second.train) + len(days.second.validation)
    assert given == [*((name, fitted) for name in METHODS), ("encoder", whole)]


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
