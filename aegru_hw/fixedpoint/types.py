"""Fixed-point types: what an integer code means."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Codes = NDArray[np.int64]
"""Integer codes; the type that gives them a value stands beside them."""

MAX_WIDTH = 63


@dataclass(frozen=True)
class FixedType:
    """A fixed-point type: value = code · 2^-fraction, as ap_fixed<width, width - fraction>.

    width: bits of a code, sign included; at most 63 signed and 62 unsigned.
    fraction: bits right of the binary point; may be negative or exceed the width.
    signed: two's complement where true.

    Raises ValueError for a width or a fraction out of range.

    >>> velocity = FixedType(16, 12)
    >>> str(velocity), velocity.resolution
    ('ap_fixed<16,4>', 0.000244140625)
    >>> velocity.nearest([0.5, 100.0]).tolist()  # the second is beyond the range
    [2048, 32767]
    >>> velocity.value([2048]).tolist()
    [0.5]
    """

    width: int
    fraction: int
    signed: bool = True

    def __post_init__(self) -> None:
        widest = MAX_WIDTH if self.signed else MAX_WIDTH - 1
        if not 1 <= self.width <= widest:
            raise ValueError(f"width {self.width} is not within 1 to {widest} bits")
        if abs(self.fraction) > MAX_WIDTH:
            raise ValueError(f"fraction {self.fraction} is not within ±{MAX_WIDTH} bits")

    @property
    def min_code(self) -> int:
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max_code(self) -> int:
        return (1 << (self.width - int(self.signed))) - 1

    @property
    def integer(self) -> int:
        """Bits left of the binary point, sign included: the I of ap_fixed<W, I>."""
        return self.width - self.fraction

    @property
    def resolution(self) -> float:
        return math.ldexp(1.0, -self.fraction)

    @property
    def codes(self) -> Codes:
        """Every code of the type, in ascending order."""
        return np.arange(self.min_code, self.max_code + 1, dtype=np.int64)

    def holds(self, codes: NDArray[Any]) -> bool:
        """Tell whether every code lies in the type's range."""
        return bool(np.all((codes >= self.min_code) & (codes <= self.max_code)))

    def value(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Return the real values of codes."""
        return np.ldexp(np.asarray(codes, dtype=np.float64), -self.fraction)

    def nearest(self, values: ArrayLike) -> Codes:
        """Return the codes nearest to real values: half to even, saturated.

        Raises ValueError where a value is not a number.
        """
        scaled = np.rint(np.ldexp(np.asarray(values, dtype=np.float64), self.fraction))
        if np.isnan(scaled).any():
            raise ValueError(f"NaN has no nearest code of {self}; accepted are real numbers")
        # A double cannot hold the longest max_code, so the last clip is in integers.
        codes = np.clip(scaled, -(2.0**62), 2.0**62).astype(np.int64)
        return np.clip(codes, self.min_code, self.max_code)

    def __str__(self) -> str:
        return f"{'ap_fixed' if self.signed else 'ap_ufixed'}<{self.width},{self.integer}>"


def width_for(low: int, high: int) -> int:
    """Return the least width of a signed type that holds every code from low to high."""
    return max(int(low if low >= 0 else ~low).bit_length(), int(max(high, 0)).bit_length()) + 1
