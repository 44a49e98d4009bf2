"""Stretches of ticks: cutting out what is not valid, and differences within each."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LARGEST = 1e100
"""No movement in any unit is so large."""


@dataclass(frozen=True)
class Kept:
    """Ticks that are kept of T, and where segments start among them.

    Attributes:
        mask: (T,), true for those kept.
        segment_starts: (S,), first tick of each segment, counted among those kept.
    """

    mask: NDArray[np.bool_]
    segment_starts: NDArray[np.int64]

    @property
    def lost(self) -> int:
        """Number of ticks left out."""
        return int((~self.mask).sum())

    @property
    def gaps(self) -> int:
        """Number of stretches left out."""
        begun = ~self.mask & np.append(True, self.mask[:-1])
        return int(begun.sum())

    def moved(self, starts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return first ticks counted among those kept; of those that fall together one is left."""
        before = np.append(0, np.cumsum(self.mask))[starts]
        return np.unique(before[before < self.mask.sum()])


def usable(movement: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which ticks of a movement (T, 2) are finite, and of a size that can be squared."""
    return np.all(np.abs(movement) < _LARGEST, axis=1)


def keep(valid: NDArray[np.bool_], starts: NDArray[np.int64], *, at_least: int = 1) -> Kept:
    """Cut ticks (T,) that begin segments at `starts` where they are not valid.

    A segment shorter than `at_least` is left out too.
    """
    opens = np.zeros(len(valid), dtype=bool)
    opens[starts] = True
    begins = valid & (opens | ~np.append(False, valid[:-1]))
    number = np.cumsum(begins)
    lengths = np.bincount(number[valid], minlength=int(number[-1]) + 1)
    mask = valid & (lengths[number] >= at_least)
    kept_begins = begins[mask]
    return Kept(mask, np.flatnonzero(kept_begins).astype(np.int64))


def differences(
    position: NDArray[np.float64], segment_starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the central difference per tick of positions (T, 2) within each segment.

    Segments have at least two ticks.
    """
    pieces = np.split(position, segment_starts[1:])
    return np.concatenate([np.gradient(piece, axis=0) for piece in pieces])
