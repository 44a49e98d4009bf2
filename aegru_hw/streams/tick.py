"""A tick of a live stream, and what became of the ticks of one."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tick:
    """The spikes of one tick.

    number: of the tick in its stream. channels: of each spike. is_first: before it there was
    silence for ever, or for so long that the decoder knows no difference.
    """

    number: int
    channels: list[int]
    is_first: bool = False


@dataclass
class Losses:
    """What did not come as it should: ticks missing, late or doubled, and refused datagrams."""

    missing: int = 0
    late: int = 0
    refused: int = 0


class Delays:
    """How long each tick took, in bins of a microsecond: of a fixed size, however long it runs."""

    def __init__(self) -> None:
        self._bins = np.zeros(100_000, dtype=np.int64)
        self.longest_us = 0.0

    def add(self, nanoseconds: int) -> None:
        self._bins[min(nanoseconds // 1000, len(self._bins) - 1)] += 1
        self.longest_us = max(self.longest_us, nanoseconds / 1000)

    @property
    def ticks(self) -> int:
        return int(self._bins.sum())

    def percentile_us(self, percent: float) -> float:
        """Return the delay in µs that so many percent of the ticks do not exceed, 0 of none."""
        until = np.cumsum(self._bins)
        if not until[-1]:
            return 0.0
        place = int(np.searchsorted(until, np.ceil(until[-1] * percent / 100)))
        return min(float(place + 1), self.longest_us)
