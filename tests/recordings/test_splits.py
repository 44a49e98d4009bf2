"""The split against hand-made cases of the published loader's rule."""

from collections.abc import Callable
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.recordings.odoherty import reach_starts
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split
from aegru_hw.recordings.windows import complete_history

Make = Callable[..., Recording]


def listed(mask: np.ndarray) -> list[int]:
    return np.flatnonzero(mask).tolist()


@pytest.mark.parametrize(
    ("reaches", "train", "validation", "test"),
    [
        # 4 reaches: 2, 1, 1
        ([0, 3, 5, 9], range(5), range(5, 9), range(9, 12)),
        # 5 reaches: floor(2.5) = 2, floor(3 / 2) = 1, 2
        ([0, 3, 5, 9, 10], range(5), range(5, 9), range(9, 12)),
        # 7 reaches: 3, 2, 2
        ([0, 1, 2, 4, 6, 8, 11], range(4), range(4, 8), range(8, 12)),
        # 3 reaches: 1, 1, 1
        ([0, 2, 11], range(2), range(2, 11), range(11, 12)),
        # an empty first reach counts: 4 reaches
        ([0, 0, 5, 9], range(5), range(5, 9), range(9, 12)),
    ],
)
def test_reaches(
    make_recording: Make, reaches: list[int], train: range, validation: range, test: range
) -> None:
    parts = split(make_recording(12, reach_starts=reaches, segment_starts=[0, 6]))
    assert listed(parts.train) == list(train)
    assert listed(parts.validation) == list(validation)
    assert listed(parts.test) == list(test)


def test_segments_serve_without_reaches(make_recording: Make) -> None:
    parts = split(make_recording(12, segment_starts=[0, 3, 5, 9, 10]))
    assert listed(parts.train) == list(range(5))
    assert listed(parts.validation) == list(range(5, 9))
    assert listed(parts.test) == list(range(9, 12))


def test_ticks_serve_without_reaches_and_segments(make_recording: Make) -> None:
    parts = split(make_recording(11))
    assert listed(parts.train) == list(range(5))
    assert listed(parts.validation) == list(range(5, 8))
    assert listed(parts.test) == list(range(8, 11))


@pytest.mark.parametrize(
    ("segments", "train", "validation"),
    [
        ([0, 5], 6, 9),  # one gap: two segments leave validation empty
        ([0, 1, 3], 6, 9),  # train would have 1 of 12 ticks
        ([0, 3, 9], 6, 9),  # train would have 3, half of its 6
        ([0, 4, 8], 4, 8),  # 4, 4 and 4 are enough for 6, 3 and 3
        ([0, 10, 11], 6, 9),  # validation would have 1, less than half of its 3
    ],
)
def test_ticks_serve_where_segments_are_few_or_unequal(
    make_recording: Make, segments: list[int], train: int, validation: int
) -> None:
    parts = split(make_recording(12, segment_starts=segments))
    assert listed(parts.train) == list(range(train))
    assert listed(parts.validation) == list(range(train, validation))
    assert listed(parts.test) == list(range(validation, 12))


def test_a_recording_with_one_gap_can_be_decoded_in_every_part(make_recording: Make) -> None:
    recording = make_recording(400, segment_starts=[0, 390])
    usable = complete_history(recording, window=5, steps=4)
    parts = split(recording, usable)
    assert listed(parts.train) == list(range(19, 200))
    assert listed(parts.validation) == list(range(200, 300))
    assert listed(parts.test) == list(range(300, 390))


def test_usable_ticks_are_applied_after_the_cut(make_recording: Make) -> None:
    usable = np.ones(12, dtype=bool)
    usable[[0, 1, 2, 8]] = False
    parts = split(make_recording(12), usable)
    assert listed(parts.train) == [3, 4, 5]
    assert listed(parts.validation) == [6, 7]
    assert listed(parts.test) == [9, 10, 11]


@pytest.mark.parametrize(
    ("ticks", "fields", "part"),
    [
        (12, {"reach_starts": [0, 6]}, "validation"),
        (12, {"reach_starts": [0]}, "train"),
        (1, {}, "train"),
    ],
)
def test_empty_parts_are_refused(
    make_recording: Make, ticks: int, fields: dict[str, object], part: str
) -> None:
    with pytest.raises(UserError, match=f"the {part} split is empty"):
        split(make_recording(ticks, **fields))


def test_empty_test_split_is_refused(make_recording: Make) -> None:
    with pytest.raises(UserError, match="the test split is empty: the recording has 12 ticks"):
        split(make_recording(12), np.arange(12) < 9)


def published_indices(target: np.ndarray) -> tuple[list[int], list[int], list[int]]:
    """The rule of shared words: a reach ends where the target changes at the next sample."""
    ends = [
        sample
        for sample in range(len(target) - 1)
        if any(target[sample + 1][axis] != target[sample][axis] for axis in (0, 1))
    ]
    bounds = [0, *ends, len(target)]
    reaches = [list(range(*pair)) for pair in pairwise(bounds)]
    train = int(0.5 * len(reaches))
    validation = (len(reaches) - train) // 2
    parts = (reaches[:train], reaches[train : train + validation], reaches[train + validation :])
    return tuple(list(chain(*part)) for part in parts)  # type: ignore[return-value]


@given(
    lengths=st.lists(st.integers(1, 6), min_size=3, max_size=20),
    axes=st.lists(st.booleans(), min_size=20, max_size=20),
)
@settings(deadline=None, derandomize=True, max_examples=100)
def test_reaches_from_targets(lengths: list[int], axes: list[bool]) -> None:
    target = np.zeros((sum(lengths), 2))
    at = 0
    for number, (length, axis) in enumerate(zip(lengths, axes, strict=False)):
        target[at:, int(axis)] = number
        at += length
    expected = published_indices(target)
    ticks = len(target)
    recording = Recording(
        np.zeros((ticks, 1), np.uint8),
        np.zeros((ticks, 2)),
        0.004,
        np.array([0]),
        reach_starts(target),
        ("a",),
        "",
        "",
    )
    if any(not part for part in expected):
        with pytest.raises(UserError, match="split is empty"):
            split(recording)
        return
    parts = split(recording)
    assert [listed(mask) for mask in (parts.train, parts.validation, parts.test)] == list(expected)
