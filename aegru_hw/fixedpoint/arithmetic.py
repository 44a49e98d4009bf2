"""The only operation that changes precision, and the alignment that never does."""

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.types import Codes, FixedType

MAX_SHIFT = 62


def round_shift(codes: Codes, shift: int | Codes) -> Codes:
    """Return codes · 2^-shift rounded half to even; a negative shift multiplies exactly.

    codes: of magnitude at most 2^61, before and after.
    shift: one for all, or an array that broadcasts against codes.
    """
    codes = np.asarray(codes, dtype=np.int64)
    # Nothing is left of such codes after 62 bits, so a longer shift is the same.
    right = np.clip(shift, 0, MAX_SHIFT)
    left = np.maximum(np.negative(shift), 0)
    floor = codes >> right
    remainder = codes - (floor << right)
    half = (np.int64(1) << right) >> 1
    above = remainder > half
    tie_at_odd = (remainder == half) & (right > 0) & (floor & 1 == 1)
    rounded: Codes = (floor + (above | tie_at_odd)) << left
    return rounded


def saturate(codes: Codes, target: FixedType) -> Codes:
    """Return codes clipped to the range of a type."""
    return np.clip(codes, target.min_code, target.max_code)


def requantize(codes: Codes, fraction: int | Codes, target: FixedType) -> Codes:
    """Change codes of a given fraction to a type: round half to even, then saturate.

    It is Brevitas ROUND with its clamp, numpy's rint with clip, and AP_RND_CONV with AP_SAT.

    >>> codes = np.array([8, 24, 25, 40, 10_000])  # 0.5, 1.5, 1.5625, 2.5 and 625 at fraction 4
    >>> requantize(codes, 4, FixedType(8, 0)).tolist()
    [0, 2, 2, 2, 127]
    """
    shift = np.subtract(fraction, target.fraction)
    if np.any(shift < 0):
        # Saturated before the shift already where 64 bits would overflow in it.
        left = np.clip(-shift, 0, MAX_SHIFT)
        limit = np.int64(1) << (MAX_SHIFT - left)
        codes, shift = np.clip(codes, -limit, limit), np.maximum(shift, -left)
    return saturate(round_shift(codes, shift), target)


def align(codes: Codes, fraction: int, to_fraction: int) -> Codes:
    """Return the same values at a finer fraction, exactly."""
    if to_fraction < fraction:
        raise ValueError(f"fraction {fraction} cannot align to the coarser {to_fraction}")
    aligned: Codes = np.asarray(codes, dtype=np.int64) << (to_fraction - fraction)
    return aligned


def bit_length(codes: Codes) -> NDArray[np.int64]:
    """Return the bit length of each code, 0 <= code < 2^53."""
    # frexp of an integer that a double holds exactly is its bit length: no logarithm, no rounding.
    return np.frexp(codes.astype(np.float64))[1].astype(np.int64)
