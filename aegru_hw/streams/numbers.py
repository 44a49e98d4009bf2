"""Spike counts from outside, checked, as the channel of each spike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.counts import MAX_COUNT
from aegru_hw.fixedpoint.decoder import FixedDecoder


class CountsReader:
    """Reads counts (C,) of a tick for a decoder.

    More spikes of a channel than its largest window count are as many as that, to the decoder too,
    so that a tick is never larger than this.
    """

    def __init__(self, decoder: FixedDecoder) -> None:
        self._channels = np.arange(decoder.geometry.channels)
        self._most = min(decoder.feature.address.max_code, MAX_COUNT)

    def channels(self, counts: NDArray[Any]) -> list[int] | None:
        """Return the channel of each spike; None where a count is no whole number 0 to 65535."""
        if counts.dtype.kind == "f" and not (counts == np.rint(counts)).all():  # NaN is unequal
            return None
        if counts.min() < 0 or counts.max() > MAX_COUNT:
            return None
        spikes = np.minimum(counts, self._most).astype(np.int64)
        return np.repeat(self._channels, spikes).tolist()
