"""Recordings that the tests make."""

from collections.abc import Callable

import numpy as np
import pytest

from aegru_hw.recordings.recording import Recording


@pytest.fixture
def make_recording() -> Callable[..., Recording]:
    """Return a function that makes a small valid recording, with fields replaced by keyword."""

    def make(ticks: int = 40, channels: int = 3, **fields: object) -> Recording:
        random = np.random.default_rng(ticks * 100 + channels)
        defaults: dict[str, object] = {
            "counts": random.integers(0, 4, (ticks, channels)).astype(np.uint8),
            "velocity": random.normal(size=(ticks, 2)),
            "tick_seconds": 0.004,
            "segment_starts": np.array([0]),
            "reach_starts": np.array([], dtype=np.int64),
            "channel_names": tuple(f"channel {number}" for number in range(channels)),
            "source": "made.mat",
            "sha256": "0" * 64,
        }
        return Recording(**(defaults | fields))  # type: ignore[arg-type]

    return make
