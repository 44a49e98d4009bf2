"""Schedules: the share of the learning rate over the epochs of a stage."""

import math
from typing import Literal

Schedule = Literal["cosine", "constant"]


def rate_share(schedule: Schedule, part: float) -> float:
    """Return the share of the learning rate after the part (0 to 1) of a stage's epochs."""
    match schedule:
        case "cosine":
            return cosine(part)
        case "constant":
            return 1.0


def cosine(part: float) -> float:
    """Fall from 1 to 0 as half a cosine."""
    return (1 + math.cos(math.pi * part)) / 2
