"""The interval that samples were meant to have, and sets of intervals."""

import numpy as np
import pytest

from aegru_hw.recordings.intervals import coverage, is_regular, nominal_interval

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("interval", [0.001, 0.004, 0.01, 0.0166666, 1 / 60, 1 / 120, 0.05, 0.1])
@pytest.mark.parametrize("jitter", [0.0, 0.05, 0.3])
@pytest.mark.parametrize("dropped", [0, 82])
def test_nominal_interval(interval: float, jitter: float, dropped: int) -> None:
    places = np.delete(np.arange(3000), RANDOM.choice(np.arange(1, 2999), dropped, replace=False))
    times = 12.5 + interval * (places + RANDOM.uniform(-jitter, jitter, len(places)))
    expected = 1 / 60 if interval == 0.0166666 else interval
    assert nominal_interval(np.sort(times)) == expected


def test_an_interval_that_is_no_whole_number_is_measured() -> None:
    assert nominal_interval(0.0104533 * np.arange(900)) == pytest.approx(0.0104533, abs=1e-9)


def test_long_gaps_count_nothing() -> None:
    times = np.concatenate([0.01 * np.arange(50), 100.0037 + 0.01 * np.arange(50)])
    assert nominal_interval(times) == 0.01


@pytest.mark.parametrize("times", [[0.0, 5e-324], [-1e308, 0.0, 1e308], [0.0, 1e-300, 1e300]])
def test_absurd_times_have_an_interval(times: list[float]) -> None:
    assert nominal_interval(np.array(times)) > 0


@pytest.mark.parametrize(
    ("change", "regular"),
    [
        (lambda t: t, True),
        (lambda t: t + RANDOM.uniform(-0.0004, 0.0004, len(t)), True),
        (lambda t: t + RANDOM.uniform(-0.003, 0.003, len(t)), False),
        (lambda t: np.delete(t, 50), False),
        (lambda t: t * 1.0001, True),
        (lambda t: t * 1.001, False),
    ],
)
def test_regular(change, regular: bool) -> None:
    assert is_regular(change(0.01 * np.arange(1000)), 0.01) is regular


def test_coverage_against_the_definition() -> None:
    times = np.arange(0.0, 20.0, 0.5)
    sets = [np.sort(RANDOM.integers(0, 20, (count, 2)), axis=1) for count in (0, 1, 3, 9)]
    expected = [
        sum(any(low <= time <= high for low, high in intervals) for intervals in sets)
        for time in times
    ]
    assert coverage(times, [one.astype(float) for one in sets]).tolist() == expected


def test_intervals_that_hold_nothing() -> None:
    nan = np.nan
    odd = np.array([[3.0, 2.0], [nan, 5.0], [0.0, nan]])
    times = np.array([0.0, 2.5, 5.0])
    assert coverage(times, [odd]).tolist() == [0, 0, 0]
    assert coverage(times, []).tolist() == [0, 0, 0]
    assert coverage(times, [np.array([[2.0, np.inf]])]).tolist() == [0, 1, 1]
