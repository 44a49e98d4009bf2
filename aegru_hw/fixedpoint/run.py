"""What a simulator takes, and what it returns, for a stream of ticks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes


@dataclass(frozen=True)
class Run:
    """The outputs of one execution over T ticks.

    velocity: (T, 2) velocity codes.
    macs_dense: multiply-accumulates of one tick, zero weights included.
    macs_effective: (T,) multiply-accumulates of each tick with non-zero weights (and, in the
        streaming form, only for the channels whose window count changed).
    """

    velocity: Codes
    macs_dense: int
    macs_effective: NDArray[np.int64]


def check_counts(decoder: FixedDecoder, counts: NDArray[Any]) -> None:
    """Raise UserError where counts are not (T, C) for the decoder's C channels."""
    channels = decoder.geometry.channels
    if counts.ndim != 2 or counts.shape[1] != channels:
        raise UserError(
            f"spike counts of shape {counts.shape} do not fit this decoder; it takes (ticks, "
            f"{channels})"
        )
