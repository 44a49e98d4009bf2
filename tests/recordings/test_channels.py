"""Choosing channels by number, name and pattern."""

from collections.abc import Callable

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings.channels import select_channels
from aegru_hw.recordings.recording import Recording

NAMES = ("M1 1", "M1 2", "S1 1", "S1 2")


@pytest.fixture
def recording(make_recording: Callable[..., Recording]) -> Recording:
    counts = np.tile(np.array([1, 0, 2, 3], dtype=np.uint8), (10, 1))
    return make_recording(10, counts=counts, channel_names=NAMES)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("0:2", [0, 1]),
        ("2:", [2, 3]),
        ("3,0,3", [3, 0]),
        ("S1 2, M1 1", [3, 0]),
        ("M1*", [0, 1]),
        ("S1*,0", [2, 3, 0]),
    ],
)
def test_selected(recording: Recording, text: str, kept: list[int]) -> None:
    selected = select_channels(recording, text)
    assert selected.channel_names == tuple(NAMES[channel] for channel in kept)
    assert np.array_equal(selected.counts, recording.counts[:, kept])
    assert np.array_equal(selected.velocity, recording.velocity)


def test_silent_channels(recording: Recording) -> None:
    assert select_channels(recording, None, drop_silent=True).channel_names == (
        "M1 1",
        "S1 1",
        "S1 2",
    )
    with pytest.raises(UserError, match="has a spike"):
        select_channels(recording, "1", drop_silent=True)
    assert select_channels(recording, None) is recording


@pytest.mark.parametrize("text", ["4", "0:5", "V1*", "", "2:2", "-1", "0:1:2"])
def test_refused(recording: Recording, text: str) -> None:
    with pytest.raises(UserError, match=r"channel .*0 to 3"):
        select_channels(recording, text)
