"""Numbers of a file as 64-bit ones, whatever they were stored as."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def as_floats(values: NDArray[Any]) -> Floats:
    """Return real numbers as float64; a signalling NaN is one like any other, without a warning."""
    with np.errstate(invalid="ignore"):
        return values.astype(np.float64)
