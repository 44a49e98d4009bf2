"""Live use of a board: one tick's spikes in, one velocity out, as `LiveDecoder` has it."""

from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.board.board import Board
from aegru_hw.board.ports import open_port
from aegru_hw.fixedpoint.counts import counts_of_tick, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes


class BoardDecoder:
    """`LiveDecoder` on a board: the same velocities for the same calls, and the same refusals.

    `tick`, `is_output` and `velocity_codes` are as there; `events` and `macs_effective` there are
    none. Making one loads the decoder into the board.

    Raises UserError as `Board` does.
    """

    def __init__(self, decoder: FixedDecoder, board: Board) -> None:
        self.decoder, self.board = decoder, board
        board.load(decoder)
        self._begin()

    @classmethod
    def open(cls, port: str, decoder: FixedDecoder, engine: Path | None = None) -> Self:
        """Return a decoder on the board at a port; `open_port` says what each is."""
        board = Board(open_port(port, decoder, engine))
        try:
            return cls(decoder, board)
        except BaseException:
            board.close()
            raise

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        self.board.reset()
        self._begin()

    def _begin(self) -> None:
        self.tick = 0
        self.is_output = False
        self._waiting = np.zeros(self.decoder.geometry.channels, dtype=np.int64)
        self.velocity_codes: Codes = self.decoder.velocities(startup(self.decoder).states[-1])

    def step(self, channels: Iterable[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """Decode one tick from the channel of each spike; one that fired twice stands twice.

        Returns the velocity (2,), held between two outputs.
        """
        limit = self.decoder.geometry.channels
        spikes = np.bincount(spike_channels(channels, limit), minlength=limit)
        return self._advance(spikes)

    def step_counts(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Decode one tick from the spike counts (C,) of all channels."""
        return self._advance(counts_of_tick(counts, self.decoder.geometry.channels))

    def _advance(self, spikes: NDArray[np.integer]) -> NDArray[np.float64]:
        self._waiting += spikes
        self.tick += 1
        self.is_output = self.tick % self.decoder.geometry.every == 0
        if self.is_output:
            spikes, self._waiting = self._waiting, np.zeros_like(self._waiting)
            self.velocity_codes = self.board.step_counts(spikes)
        return self.decoder.physical(self.velocity_codes)

    def close(self) -> None:
        """Give the board back."""
        self.board.close()
