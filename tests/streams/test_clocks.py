"""The tick clocks of streams with time stamps, without any stream."""

import numpy as np
import pytest

from aegru_hw.streams.event_clock import MOST_SPIKES, EventClock
from aegru_hw.streams.sample_clock import SampleClock
from aegru_hw.streams.tick import Losses, Tick

TICK, HISTORY = 0.004, 12


def numbers(stamps: list[float]) -> list[tuple[int, bool] | None]:
    clock = SampleClock(TICK, HISTORY)
    return [clock.number(stamp) for stamp in stamps]


@pytest.mark.parametrize(
    ("slower", "off"), [(0.99, 0.1), (0.999, 0.24), (1.0, 0.249), (1.001, 0.24), (1.01, 0.1)]
)
@pytest.mark.parametrize("begin", [-5.0, 1e9])
def test_a_sender_whose_ticks_are_not_quite_as_long(begin, slower, off) -> None:
    """In ten minutes, 1 in 100 is 1,500 ticks."""
    jitter = np.random.default_rng(1).uniform(-off, off, 150_000) * TICK
    stamps = begin + np.arange(len(jitter)) * TICK * slower + jitter
    found = numbers(stamps.tolist())
    assert found == [(n, n == 0) for n in range(len(stamps))]


def test_samples_late_doubled_missing_and_set_back() -> None:
    ticks = [0, 1, 1, 3, 2, 4, 4 + HISTORY, 5 + HISTORY, 4, 5, 6]
    found = numbers([7 + tick * TICK for tick in ticks])
    # One that is no farther back than the history is late; then the sender's clock was set back.
    assert found[:8] == [
        *((0, True), (1, False), (1, False), (3, False), (2, False), (4, False)),
        *((4 + HISTORY, False), (5 + HISTORY, False)),
    ]
    assert found[8:] == [(6 + HISTORY, True), (7 + HISTORY, False), (8 + HISTORY, False)]


@pytest.mark.parametrize("stamp", [float("nan"), float("inf"), -float("inf"), 1e12, -1e300])
def test_a_stamp_that_is_none(stamp) -> None:
    clock = SampleClock(TICK, HISTORY)
    assert clock.number(stamp) is None
    assert clock.number(1.0) == (0, True)
    assert clock.number(stamp) is None
    assert clock.number(1.0 + TICK) == (1, False)


class Bench:
    """An event clock with a hand on time: stamps and now are in ticks."""

    def __init__(self, allowance: float = 0.5, begin: float = 1e5) -> None:
        self.losses, self.begin = Losses(), begin
        self.clock = EventClock(TICK, HISTORY, 7, allowance * TICK, self.losses)

    def take(self, events: list[tuple[float, float]], now: float) -> list[Tick]:
        channels = np.array([channel for channel, _ in events])
        stamps = np.array([self.begin + at * TICK for _, at in events])
        return list(self.clock.taken(channels, stamps, self.begin + now * TICK))

    def passed(self, now: float) -> list[Tick]:
        return list(self.clock.passed(self.begin + now * TICK))


def shown(ticks: list[Tick]) -> list[tuple[int, list[int]]]:
    return [(tick.number, tick.channels) for tick in ticks]


def test_an_event_of_a_later_tick_completes_those_before() -> None:
    bench = Bench()
    ticks = bench.take([(3, 0), (4, 0.999), (5, 1), (6, 3.5)], now=3.6)
    assert shown(ticks) == [(0, [3, 4]), (1, [5]), (2, [])]
    assert [tick.is_first for tick in ticks] == [True, False, False]
    assert [tick.seconds for tick in ticks] == pytest.approx(
        [bench.begin + n * TICK for n in (1, 2, 3)], abs=1e-9
    )


def test_events_out_of_order_that_came_together_are_put_in_order() -> None:
    bench = Bench()
    assert shown(bench.take([(3, 0), (1, 2.1), (2, 1.1), (4, 3.1)], now=4)) == [
        *((0, [3]), (1, [2]), (2, [1])),
    ]
    assert shown(bench.take([(5, 2.9)], now=4)) == []
    assert bench.losses == Losses(late=1)


def test_silence_passes_by_the_clock_here() -> None:
    """An event was here 10 ticks after its stamp; a tick ends half a tick after its end."""
    bench = Bench()
    assert bench.take([(3, 0)], now=10) == []
    assert bench.clock.remaining(bench.begin + 10 * TICK) == pytest.approx(1.5 * TICK, abs=1e-9)
    assert bench.passed(11.49) == []
    assert shown(bench.passed(11.51)) == [(0, [3])]
    assert shown(bench.passed(13.51)) == [(1, []), (2, [])]
    assert bench.take([(4, 2.9)], now=13.6) == []
    assert bench.losses == Losses(late=1)
    # It was here faster than the first, so that is what the clocks differ by.
    assert bench.take([(5, 3.2)], now=8.2) == []
    assert shown(bench.passed(9.51)) == [(3, [5])]


def test_long_silence_is_passed_over_and_begins_anew() -> None:
    bench = Bench()
    bench.take([(3, 0)], now=0)
    ticks = bench.passed(1.6 + HISTORY)
    assert [tick.number for tick in ticks] == list(range(HISTORY + 1))
    assert not any(tick.is_first for tick in ticks[1:])
    ticks = bench.take([(4, 1000)], now=1000) + bench.passed(1001.6)
    assert shown(ticks) == [(HISTORY + 1, []), (1000, [4])]
    assert ticks[-1].is_first
    assert bench.losses == Losses(missing=1000 - HISTORY - 2)


def test_a_clock_that_was_set_back_begins_anew() -> None:
    bench = Bench()
    bench.take([(3, 100)], now=100)
    ticks = bench.take([(4, 0), (5, 1)], now=101) + bench.passed(200)
    assert shown(ticks)[:3] == [(0, [3]), (1, [4]), (2, [5])]
    assert [tick.is_first for tick in ticks[:3]] == [True, True, False]
    assert bench.losses.late == 0


def test_ticks_of_a_day_are_where_their_stamps_are() -> None:
    """Stamps are sums of tick lengths as a sender has them, rounded, on a clock of 10 digits."""
    bench = Bench(begin=1_234_567_890.123)
    found: list[Tick] = []
    for n in range(0, 21_600_000, 7):
        if n % 700_000 > 70:
            continue  # the sender is silent
        found += bench.take([(n % 7, n)], now=n)
    assert all(tick.channels in ([], [tick.number % 7]) for tick in found)
    heard = [tick for tick in found if tick.channels]
    assert {tick.number % 700_000 for tick in heard} == set(range(0, 71, 7))


@pytest.mark.parametrize("channel", [-1, 7, 2.5, float("nan"), float("inf"), 2.0**70])
def test_a_channel_that_there_is_not_is_refused(channel) -> None:
    bench = Bench()
    assert shown(bench.take([(channel, 0), (3.0, 0), (0, 1)], now=1)) == [(0, [3])]
    assert bench.losses == Losses(refused=1)


def test_spikes_of_a_tick_are_bounded() -> None:
    bench = Bench()
    ticks = bench.take([(1, 0)] * (MOST_SPIKES + 5) + [(2, 1)], now=1)
    assert [len(tick.channels) for tick in ticks] == [MOST_SPIKES]
    assert bench.losses == Losses(refused=5)
