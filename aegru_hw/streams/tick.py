"""A tick of a live stream, and what became of the ticks of one."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import FixedDecoder


@dataclass(frozen=True, slots=True)
class Tick:
    """The spikes of one tick.

    number: of the tick in its stream. channels: of each spike. is_first: before it there was
    silence for ever, or for so long that the decoder knows no difference.
    seconds: its time stamp in s, on the clock of its stream; None where it has none.
    """

    number: int
    channels: list[int]
    is_first: bool = False
    seconds: float | None = None


class Stepping(Protocol):
    """What decodes a stream: software, simulated engine or board."""

    decoder: FixedDecoder
    is_output: bool

    def reset(self) -> None: ...

    def step(self, channels: list[int], /) -> NDArray[np.float64]: ...


@dataclass
class Losses:
    """What did not come as it should: ticks missing, late or doubled, and refused samples."""

    missing: int = 0
    late: int = 0
    refused: int = 0


class Delays:
    """How long each tick took, in bins of a microsecond: of a fixed size, however long it runs."""

    def __init__(self) -> None:
        self._bins = np.zeros(100_000, dtype=np.int64)
        self.ticks, self.longest_us = 0, 0.0

    def add(self, nanoseconds: int) -> None:
        self.ticks += 1
        self._bins[min(nanoseconds // 1000, len(self._bins) - 1)] += 1
        self.longest_us = max(self.longest_us, nanoseconds / 1000)

    def percentile_us(self, percent: float) -> float:
        """Return the delay in µs that so many percent of the ticks do not exceed, 0 of none."""
        until = np.cumsum(self._bins)
        if not until[-1]:
            return 0.0
        place = int(np.searchsorted(until, np.ceil(until[-1] * percent / 100)))
        return min(float(place + 1), self.longest_us)

    def summary(self) -> dict[str, float]:
        """Return the percentiles that are shown, and the longest, in µs."""
        named = {f"p{percent:g}": self.percentile_us(percent) for percent in (50, 99, 99.9)}
        return {**named, "longest": self.longest_us}
