"""What an execution returns for a stream of ticks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.types import Codes


@dataclass(frozen=True, eq=False)
class Decoded:
    """The outputs of one execution over T ticks.

    velocity: (T, 2) velocity codes.
    macs_dense: multiply-accumulates of one tick, zero weights included.
    macs_effective: (T,) multiply-accumulates of each tick with non-zero weights (and, in the
        streaming form, only for the channels whose window count changed).
    """

    velocity: Codes
    macs_dense: int
    macs_effective: NDArray[np.int64]
