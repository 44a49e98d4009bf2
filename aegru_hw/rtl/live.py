"""Live use of the engine compiled by Verilator: one tick's spikes in, one velocity out."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.counts import MAX_COUNT, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.engine import Engine


class RtlDecoder:
    """`LiveDecoder` in the simulated engine: the same velocities, and the same refusals.

    `tick`, `is_output` and `velocity_codes` are as there. The engine decodes in each K-th call, the
    spikes of K ticks at once, as it does in hardware.
    lanes, cache, sources_folder: of the engine, as `Engine` has them.
    """

    def __init__(
        self,
        decoder: FixedDecoder,
        lanes: int,
        *,
        cache: Path | None = None,
        sources_folder: Path | None = None,
    ) -> None:
        self.decoder = decoder
        self._engine = Engine(
            per_output(decoder), lanes, cache=cache, sources_folder=sources_folder
        )
        self._silence = decoder.velocities(startup(decoder).states[-1])
        self.reset()

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        self._engine.reset()
        self.tick = 0
        self.is_output = False
        self.velocity_codes: Codes = self._silence
        self._waiting = np.zeros(self.decoder.geometry.channels, dtype=np.int64)

    def step(self, channels: Iterable[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """Decode one tick from the channel of each spike; one that fired twice stands twice.

        Returns the velocity (2,), held between two outputs. Raises UserError as
        `LiveDecoder.step` does; then nothing is changed.
        """
        count = self.decoder.geometry.channels
        spikes = np.bincount(spike_channels(channels, count), minlength=count)
        self._waiting = np.minimum(self._waiting + spikes, MAX_COUNT)
        self.tick += 1
        self.is_output = self.tick % self.decoder.geometry.every == 0
        if self.is_output:
            counts = self._waiting.astype(np.uint16)
            self.velocity_codes = self._engine.run(counts[None]).velocity[0]
            self._waiting = np.zeros_like(self._waiting)
        return self.decoder.physical(self.velocity_codes)

    def close(self) -> None:
        """Free the simulated engine."""
        self._engine.close()
