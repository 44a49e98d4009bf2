"""The tick stream: every scored tick sees its own history."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import Geometry
from aegru_hw.recordings import stream as streams
from aegru_hw.recordings import windows
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.stream import TickStream

Make = Callable[..., Recording]
SIZES = {"channels": 1, "latent": 1, "hidden": 1, "tick_seconds": 0.05}
"""Of which the stream knows nothing."""


def seen(counts: np.ndarray, tick: int, start: int, length: int) -> list[list[int]]:
    """Spikes of the `length` ticks up to `tick`, oldest first, silence before `start`."""
    silence = [0] * counts.shape[1]
    return [
        counts[at].tolist() if at >= start else silence for at in range(tick - length + 1, tick + 1)
    ]


@given(data=st.data(), ticks=st.integers(1, 60), window=st.integers(1, 5), steps=st.integers(1, 4))
@settings(deadline=None, derandomize=True, max_examples=200)
def test_history_through_the_stream(
    data: st.DataObject, ticks: int, window: int, steps: int
) -> None:
    others = data.draw(st.sets(st.integers(1, ticks - 1), max_size=6)) if ticks > 1 else set()
    starts = [0, *sorted(others)]
    wanted = np.zeros(ticks, dtype=bool)
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, ticks - 1))
        wanted[first : data.draw(st.integers(first + 1, ticks))] = True
    recording = Recording(
        np.random.default_rng(ticks).integers(1, 9, (ticks, 2)),
        np.zeros((ticks, 2)),
        0.1,
        np.array(starts),
        np.array([], dtype=np.int64),
        ("a", "b"),
        "",
        "",
    )
    stream = TickStream.from_recording(recording, wanted, window, steps)
    assert len(stream.counts) == len(stream.scored) == len(stream.ticks)
    assert stream.counts.dtype == recording.counts.dtype
    assert stream.ticks[stream.scored].tolist() == np.flatnonzero(wanted).tolist()
    for tick, counts in zip(stream.ticks, stream.counts, strict=True):
        assert counts.tolist() == (recording.counts[tick].tolist() if tick >= 0 else [0, 0])
    length = window * steps
    for at in np.flatnonzero(stream.scored).tolist():
        tick = int(stream.ticks[at])
        start = max(value for value in starts if value <= tick)
        assert seen(stream.counts, at, 0, length) == seen(recording.counts, tick, start, length)


@given(data=st.data(), window=st.integers(1, 4), steps=st.integers(1, 3))
@settings(deadline=None, derandomize=True, max_examples=100)
def test_pieces_stand_apart(data: st.DataObject, window: int, steps: int) -> None:
    wanted = np.array(data.draw(st.lists(st.booleans(), min_size=50, max_size=50)))
    wanted[data.draw(st.integers(0, 49))] = True
    starts = np.array([0, 13, 30])
    recording = Recording(
        np.ones((50, 1), np.uint8),
        np.zeros((50, 2)),
        0.1,
        starts,
        np.array([], dtype=np.int64),
        ("a",),
        "",
        "",
    )
    stream = TickStream.from_recording(recording, wanted, window, steps)
    real = np.flatnonzero(stream.ticks >= 0)
    assert real[0] == 0
    assert real[-1] == len(stream.ticks) - 1
    for one, other in pairwise(real):
        neighbours = stream.ticks[other] == stream.ticks[one] + 1
        if other == one + 1:
            assert neighbours
            assert stream.ticks[other] not in starts
        else:
            assert other - one - 1 == window * steps
            assert not neighbours or stream.ticks[other] in starts


def test_one_piece_of_the_end(make_recording: Make) -> None:
    stream = TickStream.from_recording(make_recording(40), np.arange(40) >= 30, 2, 3)
    assert stream.ticks.tolist() == list(range(25, 40))
    assert stream.scored.tolist() == [False] * 5 + [True] * 10


def test_segments_are_parted_by_silence(make_recording: Make) -> None:
    recording = make_recording(12, segment_starts=[0, 5, 8])
    stream = TickStream.from_recording(recording, np.isin(np.arange(12), [3, 4, 7, 11]), 1, 2)
    assert stream.ticks.tolist() == [2, 3, 4, -1, -1, 6, 7, -1, -1, 10, 11]
    assert stream.ticks[stream.scored].tolist() == [3, 4, 7, 11]


def test_nothing_wanted_is_refused(make_recording: Make) -> None:
    with pytest.raises(UserError, match="0 of 40 ticks"):
        TickStream.from_recording(make_recording(40), np.zeros(40, dtype=bool), 2, 3)
    with pytest.raises(UserError, match="of 40 ticks"):
        TickStream.from_recording(make_recording(40), np.ones(39, dtype=bool), 2, 3)


def test_the_test_splits_stream_scores_its_ticks_with_a_complete_history(
    make_recording: Make,
) -> None:
    recording = make_recording(400, segment_starts=[0, 100, 200, 300, 380])
    stream, wanted = streams.test_stream(recording, Geometry(**SIZES, window=3, steps=4))
    test = split(recording, windows.complete_history(recording, 3, 4)).test
    assert wanted.tolist() == test.tolist()
    assert wanted[391:].all()
    assert not wanted[380:391].any()
    assert stream.ticks[stream.scored].tolist() == np.flatnonzero(wanted).tolist()
    with pytest.raises(UserError):
        streams.test_stream(make_recording(20), Geometry(**SIZES, window=5, steps=5))
