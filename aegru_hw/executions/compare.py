"""Mismatches of all pairs: the ticks in which any velocity code differs. None is acceptable."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from numpy.typing import NDArray

from aegru_hw.fixedpoint.types import Codes


def mismatches(velocities: Mapping[str, Codes]) -> dict[str, int]:
    """Return the number of differing ticks of every pair, by `pair_name`.

    velocities: velocity codes (T, 2) by execution, in the order of the table.
    Raises ValueError where they are not of the same ticks.
    """
    return {
        pair_name(first, second): differing_ticks(velocities[first], velocities[second])
        for first, second in combinations(velocities, 2)
    }


def pair_name(first: str, second: str) -> str:
    """Return the name of a pair, the first of which stands before the other in the table."""
    return f"{second}_vs_{first}"


def differing_ticks(codes: NDArray[Any], reference: NDArray[Any]) -> int:
    """Return in how many ticks any velocity (T, 2), codes or exact numbers, differs."""
    if codes.shape != reference.shape:
        raise ValueError(f"velocity codes of shape {codes.shape} beside {reference.shape}")
    return int((codes != reference).any(axis=1).sum())
