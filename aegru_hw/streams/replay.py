"""A recording as a live stream, tick by tick at its own pace or as fast as it goes."""

import time
from collections.abc import Iterator

import numpy as np

from aegru_hw.recordings.recording import Recording
from aegru_hw.streams.tick import Tick


def replay(recording: Recording, *, is_paced: bool = True) -> Iterator[Tick]:
    """Yield the ticks of a recording; each segment begins after silence.

    is_paced: each at its time, else at once. Who comes late for one gets it at once.
    """
    channels = np.arange(recording.channels)
    starts = set(recording.segments[:, 0].tolist())
    begun = time.monotonic()
    for number, counts in enumerate(recording.counts):
        if is_paced:
            wait = begun + number * recording.tick_seconds - time.monotonic()
            if wait > 0:
                time.sleep(wait)
        yield Tick(number, np.repeat(channels, counts).tolist(), number in starts)
