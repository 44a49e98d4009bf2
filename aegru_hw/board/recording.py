"""A whole recording on a board."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from aegru_hw.board.board import Board
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.recordings.recording import Recording


def decode_recording(
    board: Board,
    decoder: FixedDecoder,
    recording: Recording,
    said: Callable[[int], None] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Decode a recording on a board that has the decoder loaded, each segment after silence.

    Returns the velocity (O, 2) of the outputs in the recording's unit, and their ticks (O,).
    said: told of the number of outputs as they come.
    """
    every = decoder.geometry.every
    codes: list[Codes] = []
    ticks: list[NDArray[np.int64]] = []
    for start, stop in recording.segments.tolist():
        board.reset()
        codes.append(board.decode(recording.counts[start:stop], said))
        ticks.append(start + every - 1 + every * np.arange(len(codes[-1])))
    return decoder.physical(np.concatenate(codes)), np.concatenate(ticks)
