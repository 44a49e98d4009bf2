from pathlib import Path

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import LiveDecoder, run_streaming_form
from aegru_hw.fixedpoint.live import run_live
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from tests.fixedpoint.geometries import spikes


@pytest.fixture
def live() -> LiveDecoder:
    return LiveDecoder(random_decoder(2, channels=6, latent=5, hidden=6, window=3, steps=3))


@pytest.mark.parametrize("channels", [[6], [0, 1, 6], [-1], [2, 10**12]])
def test_a_channel_that_is_not_there_is_refused_and_leaves_no_trace(
    live: LiveDecoder, channels: list[int]
) -> None:
    untouched = LiveDecoder(live.decoder)
    with pytest.raises(UserError, match=f"channel {channels[-1]} is not within 0 to 5"):
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


def state_of(live: LiveDecoder) -> dict[str, object]:
    """Return all that a live decoder holds, arrays as lists."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(live).items()
        if name != "decoder"
    }


@pytest.mark.parametrize(
    ("channels", "says"),
    [
        ([1.0], "spikes are given as float64; a list of whole channel numbers"),
        (np.array([0.0, 1.0]), "float64"),
        (np.zeros(6), "float64"),
        ([np.nan], "float64"),
        ([True, 2], "bool"),
        (np.array([True, False]), "bool"),
        (["1"], "<U1"),
        ([[1, 2]], r"int64 of shape \(1, 2\)"),
        ([[1, 2], [3]], "ragged list"),
        (np.array(3), r"int64 of shape \(\)"),
        (3, "spikes are given as int"),
        ([None], "object"),
        ([-1], "channel -1 is not within 0 to 5"),
        ([1, 6], "channel 6 is not within 0 to 5"),
        ([2, -(10**30)], f"channel -{10**30} is not within"),
        ([10**30], f"channel {10**30} is not within"),
        (np.array([2**64 - 1], dtype=np.uint64), f"channel {2**64 - 1} is not within"),
    ],
)
def test_what_is_no_list_of_channels_is_refused_and_leaves_no_trace(
    live: LiveDecoder, channels: object, says: str
) -> None:
    live.step([1, 2, 2])
    before = state_of(live)
    with pytest.raises(UserError, match=says) as caught:
        live.step(channels)
    assert "\n" not in str(caught.value)
    assert state_of(live) == before


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([0, 1, 0], r"shape \(3,\) do not fit this decoder; a tick of it is \(6,\)"),
        (np.zeros((1, 6)), r"shape \(1, 6\)"),
        ([0, 0, -1, 0, 0, 0], "count -1 at channel 2"),
        ([0, 0, 0.5, 0, 0, 0], "count 0.5 at channel 2"),
        ([0, 0, 0, 0, 0, np.nan], "count nan at channel 5"),
        (["a"] * 6, "counts hold <U1"),
    ],
)
def test_what_are_no_counts_of_a_tick_is_refused_and_leaves_no_trace(
    live: LiveDecoder, counts: object, says: str
) -> None:
    live.step_counts([0, 1, 2, 0, 0, 0])
    before = state_of(live)
    with pytest.raises(UserError, match=says):
        live.step_counts(counts)
    assert state_of(live) == before


@pytest.mark.parametrize("kind", [list, set, tuple, np.array, iter])
def test_channels_in_any_collection(live: LiveDecoder, kind: type) -> None:
    other = LiveDecoder(live.decoder)
    assert np.array_equal(live.step(kind([4, 1])), other.step_counts([0, 1, 0, 0, 1, 0]))
    assert state_of(live) == state_of(other)


@pytest.mark.parametrize("empty", [[], (), np.zeros(0), np.zeros(0, np.int64), iter(())])
def test_a_silent_tick(live: LiveDecoder, empty: object) -> None:
    other = LiveDecoder(live.decoder)
    assert np.array_equal(live.step(empty), other.step_counts(np.zeros(6)))
    assert state_of(live) == state_of(other)


def test_counts_step_as_their_spikes_do(live: LiveDecoder) -> None:
    other = LiveDecoder(live.decoder)
    for row in random_counts(1, 40, 6, rate=0.5, maximum=4):
        assert np.array_equal(live.step_counts(row), other.step(spikes(row)))
        assert live.macs_effective == other.macs_effective
        assert np.array_equal(live.events, other.events)


def test_load(live: LiveDecoder, tmp_path: Path) -> None:
    live.decoder.save(tmp_path / "decoder.h5")
    for path in (tmp_path / "decoder.h5", str(tmp_path / "decoder.h5")):
        loaded = LiveDecoder.load(path)
        assert loaded.decoder == live.decoder
        assert state_of(loaded) == state_of(live)
    with pytest.raises(UserError, match="no decoder at"):
        LiveDecoder.load(str(tmp_path / "none.h5"))


@pytest.mark.parametrize("progress", [False, True])
def test_a_whole_stream_tick_by_tick(live: LiveDecoder, capsys, progress: bool) -> None:
    counts = random_counts(3, 40, 6, rate=0.5, maximum=3)
    expected = run_streaming_form(live.decoder, counts).velocity
    assert np.array_equal(run_live(live.decoder, counts, progress=progress), expected)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert ("step" in captured.err) == progress
