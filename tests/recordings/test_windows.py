"""Windows, history and label scaling against loops written from the definition."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.recordings import windows
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.windows import (
    complete_history,
    history,
    segment_of,
    window_counts,
    window_ticks,
)

Make = Callable[..., Recording]


@st.composite
def segment_starts(draw: st.DrawFn, ticks: int) -> np.ndarray:
    others = draw(st.sets(st.integers(1, ticks - 1))) if ticks > 1 else set()
    return np.array([0, *sorted(others)])


@pytest.mark.parametrize(
    ("seconds", "tick", "expected"),
    [
        (0.08, 0.004, 20),
        (0.08, 0.05, 2),
        (0.08, 0.1, 1),
        (0.08, 1.0, 1),
        (0.1, 0.04, 3),
        (0.24, 0.08, 3),
        (0.012, 0.004, 3),
    ],
)
def test_window_ticks(seconds: float, tick: float, expected: int) -> None:
    assert window_ticks(seconds, tick) == expected


@pytest.mark.parametrize(
    ("tick", "expected"),
    [(0.004, 20), (0.03, 3), (0.05, 3), (0.064, 3), (0.1, 2), (0.15, 1), (0.5, 1)],
)
def test_windows_of_coarse_bins_are_longer_up_to_a_fifth_of_a_second(tick, expected) -> None:
    assert window_ticks(0.08, tick, least=3) == expected


@pytest.mark.parametrize(
    ("seconds", "tick"), [(0, 0.1), (-1, 0.1), (float("nan"), 0.1), (float("inf"), 0.1), (1, 0)]
)
def test_window_ticks_refuses(seconds: float, tick: float) -> None:
    with pytest.raises(UserError, match="is not possible"):
        window_ticks(seconds, tick)


@given(data=st.data(), ticks=st.integers(1, 40), window=st.integers(1, 50), block=st.integers(1, 9))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_window_counts(data: st.DataObject, ticks: int, window: int, block: int) -> None:
    counts = np.random.default_rng(ticks).integers(0, 1200, (ticks, 3)).astype(np.uint16)
    starts = data.draw(segment_starts(ticks))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(windows, "_BLOCK_TICKS", block)
        result = window_counts(counts, window, starts)
    assert result.dtype == np.uint16
    for tick in range(ticks):
        start = max(value for value in starts.tolist() if value <= tick)
        for channel in range(3):
            expected = 0
            for back in range(window):
                if tick - back >= start:
                    expected += int(counts[tick - back, channel])
            assert result[tick, channel] == expected


def test_window_counts_up_to_the_type() -> None:
    counts = np.array([[65535], [0], [1]], dtype=np.uint16)
    assert window_counts(counts, 2, np.array([0])).tolist() == [[65535], [65535], [1]]
    with pytest.raises(UserError, match="65536 spikes"):
        window_counts(counts, 3, np.array([0]))


def test_window_of_no_ticks_is_refused() -> None:
    with pytest.raises(UserError, match="window of 0 ticks"):
        window_counts(np.zeros((3, 1), dtype=np.uint8), 0, np.array([0]))
    with pytest.raises(UserError, match="0 steps"):
        history(np.array([3]), 1, 0)


def test_segment_of() -> None:
    assert segment_of(np.array([0, 2, 5]), 6).tolist() == [0, 0, 2, 2, 2, 5]


@given(data=st.data(), ticks=st.integers(1, 40), window=st.integers(1, 5), steps=st.integers(1, 4))
@settings(deadline=None, derandomize=True, max_examples=150)
def test_complete_history(data: st.DataObject, ticks: int, window: int, steps: int) -> None:
    starts = data.draw(segment_starts(ticks)).tolist()
    expected = []
    for tick in range(ticks):
        start = max(value for value in starts if value <= tick)
        needed = [
            tick - (steps - k) * window - back
            for k in range(1, steps + 1)
            for back in range(window)
        ]
        expected.append(all(value >= start for value in needed))
    recording = Recording(
        np.zeros((ticks, 1), np.uint8),
        np.zeros((ticks, 2)),
        0.1,
        np.array(starts),
        np.array([], dtype=np.int64),
        ("a",),
        "",
        "",
    )
    if any(expected):
        assert complete_history(recording, window, steps).tolist() == expected
    else:
        with pytest.raises(UserError, match="shorter than the history"):
            complete_history(recording, window, steps)


def test_short_recording_names_the_lengths(make_recording: Make) -> None:
    recording = make_recording(40, segment_starts=[0, 11])
    assert complete_history(recording, 29, 1).tolist() == [False] * 39 + [True]
    with pytest.raises(UserError, match="29 ticks, shorter than the history of 5 windows of 20"):
        complete_history(recording, 20, 5)


def test_history() -> None:
    assert history(np.array([100, 41]), 20, 3).tolist() == [[60, 80, 100], [1, 21, 41]]
    assert history(np.array([3]), 2, 3).tolist() == [[-1, 1, 3]]
