"""What is measured of a baseline."""

from dataclasses import dataclass

from aegru_hw.recordings.r2 import R2

FLOAT_BYTES = 4


@dataclass(frozen=True)
class BaselineScore:
    """Test R² (mean, x, y), MACs per output as the decoder runs, bytes, and test ticks scored.

    macs: multiply-accumulates of one output, every weight counted.
    footprint_bytes: parameters at their width, and 1 x C counts of data as NeuroBench adds.
    """

    r2: R2
    macs: int
    footprint_bytes: int
    ticks: int


def float_bytes(parameters: int, channels: int) -> int:
    """Return the bytes of float32 parameters and a 1 x C buffer."""
    return FLOAT_BYTES * (parameters + channels)
