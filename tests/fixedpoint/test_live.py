import numpy as np
import pytest

from aegru_hw.fixedpoint import LiveDecoder
from tests.fixedpoint.geometries import spikes
from tests.support.decoders import random_counts, random_decoder


@pytest.fixture
def live() -> LiveDecoder:
    return LiveDecoder(random_decoder(2, channels=6, latent=5, hidden=6, window=3, steps=3))


@pytest.mark.parametrize("channels", [[6], [0, 1, 6], [-1], [2, 10**12]])
def test_a_channel_that_is_not_there_is_refused_and_leaves_no_trace(
    live: LiveDecoder, channels: list[int]
) -> None:
    untouched = LiveDecoder(live.decoder)
    with pytest.raises(ValueError, match=f"channel {channels[-1]} is not within 0 to 5"):
        live.step(channels)
    assert live.tick == 0
    for row in random_counts(1, 20, 6, rate=0.5):
        assert np.array_equal(live.step(spikes(row)), untouched.step(spikes(row)))


def test_a_channel_that_fired_twice_stands_twice(live: LiveDecoder) -> None:
    other = LiveDecoder(live.decoder)
    assert np.array_equal(live.step([4, 1, 4]), other.step(np.array([1, 4, 4])))
    assert live.events.tolist() == [1, 4]
    once = LiveDecoder(live.decoder)
    once.step([1, 4])
    assert live._accumulator.tolist() != once._accumulator.tolist()


def test_events_are_the_channels_whose_window_count_changed(live: LiveDecoder) -> None:
    seen = []
    for channels in ([2], [2], [], [2], [], [], []):
        live.step(channels)
        seen.append(live.events.tolist())
    # The window is 3 ticks: the fourth tick takes one spike in as another leaves.
    assert seen == [[2], [2], [], [], [2], [], [2]]


def test_a_saturated_window_count_makes_no_event(live: LiveDecoder) -> None:
    end = live.decoder.feature.address.max_code
    live.step([3] * end)
    live.step([3] * 5)
    assert live.events.size == 0
    live.step([])
    live.step([])
    assert live.events.tolist() == [3]
