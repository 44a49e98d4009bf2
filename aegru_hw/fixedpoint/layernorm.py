"""LayerNorm in integers: no division, no float.

With H units of code m_i at fraction F:

    S   = sum m_i                        d_i = H·m_i - S
    V   = H·sum m_i² - S² + epsilon      (H²·2^(2F) times the variance, plus epsilon)
    n_i = d_i / sqrt(V)                  1/sqrt(V) from a table on V's leading bits
    y_i = scale_i·n_i + bias_i

V is normalised by an even power of two, V = v·4^e with 1 <= v < 4, so that
1/sqrt(V) = 2^-e / sqrt(v); e is half of V's bit length. The table's address is the parity of that
bit length and the five bits behind the leading one: 64 entries.
"""

from dataclasses import dataclass

import numpy as np

from aegru_hw.fixedpoint.arithmetic import bit_length, requantize
from aegru_hw.fixedpoint.types import Codes, FixedType

MANTISSA_BITS = 5
RSQRT_ENTRIES = 2 << MANTISSA_BITS
RSQRT_TYPE = FixedType(12, 12, signed=False)


@dataclass(frozen=True)
class LayerNorm:
    """Integer LayerNorm over the hidden units.

    scale: (H,) codes of scale_type.
    bias: (H,) codes at fraction scale_type.fraction + normalised.fraction.
    epsilon: code that is added to V, at least 1, so that V is never 0.
    rsqrt: (64,) codes of RSQRT_TYPE.
    normalised: type of n.
    """

    scale: Codes
    scale_type: FixedType
    bias: Codes
    epsilon: int
    rsqrt: Codes
    normalised: FixedType

    @property
    def bias_fraction(self) -> int:
        return self.scale_type.fraction + self.normalised.fraction

    def normalise(self, mixed_state: Codes) -> Codes:
        """Return the codes of n (..., H) for mixed states (..., H)."""
        deviation, variance = moments(mixed_state, self.epsilon)
        address, exponent = rsqrt_address(variance)
        product = deviation * self.rsqrt[address][..., None]
        return requantize(product, RSQRT_TYPE.fraction + exponent[..., None], self.normalised)

    def affine(self, normalised: Codes, state_type: FixedType) -> Codes:
        """Return the state codes (..., H) for codes of n (..., H)."""
        return requantize(self.scale * normalised + self.bias, self.bias_fraction, state_type)


def moments(mixed_state: Codes, epsilon: int) -> tuple[Codes, Codes]:
    """Return d (..., H) and V (...) of mixed states (..., H)."""
    hidden = mixed_state.shape[-1]
    total = mixed_state.sum(axis=-1)
    squares = (mixed_state * mixed_state).sum(axis=-1)
    deviation: Codes = hidden * mixed_state - total[..., None]
    variance: Codes = hidden * squares - total * total + epsilon
    return deviation, variance


def rsqrt_address(variance: Codes) -> tuple[Codes, Codes]:
    """Return the table's address and the exponent e of V >= 1."""
    leading = bit_length(variance) - 1
    mantissa = np.where(
        leading >= MANTISSA_BITS,
        variance >> np.maximum(leading - MANTISSA_BITS, 0),
        variance << np.maximum(MANTISSA_BITS - leading, 0),
    ) & ((1 << MANTISSA_BITS) - 1)
    return ((leading & 1) << MANTISSA_BITS) | mantissa, leading >> 1


def rsqrt_intervals() -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds (64,), (64,) of the v in [1, 4) that each table address stands for."""
    octave, mantissa = np.divmod(np.arange(RSQRT_ENTRIES), 1 << MANTISSA_BITS)
    low = np.ldexp(1 + mantissa / (1 << MANTISSA_BITS), octave)
    high = np.ldexp(1 + (mantissa + 1) / (1 << MANTISSA_BITS), octave)
    return low, high


def rsqrt_table() -> Codes:
    """Return the (64,) codes of 1/sqrt(v) at the middle of each interval."""
    low, high = rsqrt_intervals()
    return RSQRT_TYPE.nearest(1 / np.sqrt((low + high) / 2))


def epsilon_code(epsilon: float, hidden: int, fraction: int) -> int:
    """Return LayerNorm's epsilon in the units of V, at least 1."""
    return max(1, round(epsilon * hidden * hidden * 4.0**fraction))
