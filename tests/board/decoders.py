"""Small decoders for boards, and what they decode."""

from functools import cache

import numpy as np

from aegru_hw.board.virtual import VirtualBoard
from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from benchmarks.board_faults import LANES, SIZE


@cache
def small_decoder(seed: int = 1) -> FixedDecoder:
    return random_decoder(seed, **SIZE)


def counts_of(ticks: int, *, seed: int = 1, rate: float = 0.2, maximum: int = 3) -> np.ndarray:
    return random_counts(seed, ticks, SIZE["channels"], rate=rate, maximum=maximum)


def expected(decoder: FixedDecoder, counts: np.ndarray) -> np.ndarray:
    return run_streaming_form(decoder, counts).velocity


def virtual_board(seed: int = 0) -> VirtualBoard:
    """Return a board for small decoders; seed: of its power-up."""
    return VirtualBoard.of(small_decoder(), LANES, seed=seed)
