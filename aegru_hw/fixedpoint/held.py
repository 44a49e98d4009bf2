"""Live use of what decodes an output at a time, as hardware does: the spikes of K ticks at once."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.fixedpoint.counts import MAX_COUNT, counts_of_tick, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes


class HeldOutputs(ABC):
    """The calls of `LiveDecoder`: the same velocities, and the same refusals.

    `tick`, `is_output` and `velocity_codes` are as there. Each K-th call decodes the spikes of K
    ticks; its velocity is held in between, at first that of silence.
    """

    def __init__(self, decoder: FixedDecoder) -> None:
        self.decoder = decoder
        self._silence = decoder.velocities(startup(decoder).states[-1])
        self._begin()

    @abstractmethod
    def _restart(self) -> None:
        """Bring what decodes to the start-up state."""

    @abstractmethod
    def _output(self, spikes: Codes) -> Codes:
        """Return the velocity codes (2,) of the next output, of its spikes (C,)."""

    @abstractmethod
    def close(self) -> None:
        """Give back what decodes."""

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        self._restart()
        self._begin()

    def step(self, channels: Iterable[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """Decode one tick from the channel of each spike; one that fired twice stands twice.

        Returns the velocity (2,), held between two outputs. Raises UserError as
        `LiveDecoder.step` does; then nothing is changed.
        """
        count = self.decoder.geometry.channels
        return self._advance(np.bincount(spike_channels(channels, count), minlength=count))

    def step_counts(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Decode one tick from the spike counts (C,) of all channels."""
        return self._advance(counts_of_tick(counts, self.decoder.geometry.channels))

    def _begin(self) -> None:
        self.tick = 0
        self.is_output = False
        self.velocity_codes: Codes = self._silence
        self._waiting = np.zeros(self.decoder.geometry.channels, dtype=np.int64)

    def _advance(self, spikes: NDArray[np.integer]) -> NDArray[np.float64]:
        self._waiting = np.minimum(self._waiting + spikes, MAX_COUNT)
        self.tick += 1
        self.is_output = self.tick % self.decoder.geometry.every == 0
        if self.is_output:
            spikes, self._waiting = self._waiting, np.zeros_like(self._waiting)
            self.velocity_codes = self._output(spikes)
        return self.decoder.physical(self.velocity_codes)
