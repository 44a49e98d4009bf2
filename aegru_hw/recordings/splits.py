"""The published benchmark's split into training, validation and test ticks.

It goes by reaches: floor(n/2) train, floor of half the rest validation, the remainder test
(NeuroBench 2.3, primate reaching, train_ratio 0.5). Where reaches are unknown the same rule counts
segments, so that a trial or a stretch between gaps stays in one part. A few segments, or a long one
among short ones, would leave a part empty or nearly so; then it counts ticks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording, ranges

PARTS = ("train", "validation", "test")
LEAST_SHARE = 0.5
"""Of the ticks that a part would have by ticks; up to it segments are too few or too unequal."""


@dataclass(frozen=True, eq=False)
class Split:
    """Three masks over the ticks of a recording, (T,) each; no tick is in two."""

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    test: NDArray[np.bool_]


def split(recording: Recording, usable: NDArray[np.bool_] | None = None) -> Split:
    """Split a recording by its reaches, in order: half train, a quarter validation, the rest test.

    Where a recording has no reaches its segments serve, if each part then has more than half of the
    ticks that it would have by ticks; else its ticks do. `usable` (T,) keeps only the ticks it
    marks, such as those with a complete history; the parts are cut before it is applied. Raises
    UserError where a part is left without a tick.
    """
    pieces, unit = _pieces(recording)
    masks = []
    for name, (first, end) in zip(PARTS, _parts(pieces), strict=True):
        mask = np.zeros(recording.ticks, dtype=np.bool_)
        mask[first:end] = True
        if usable is not None:
            mask &= usable
        if not mask.any():
            raise UserError(
                f"the {name} split is empty: the recording has {len(pieces)} {unit} and "
                f"{recording.ticks} ticks; give a longer one, with at least 3 {unit}"
            )
        masks.append(mask)
    return Split(*masks)


def _pieces(recording: Recording) -> tuple[NDArray[np.int64], str]:
    """Return first tick and end (n, 2) of the pieces that are not to be cut, and their name."""
    ticks = ranges(np.arange(recording.ticks, dtype=np.int64), recording.ticks)
    if len(recording.reach_starts):
        return recording.reaches, "reaches"
    lengths, by_ticks = np.diff(_parts(recording.segments)), np.diff(_parts(ticks))
    if np.all(lengths > by_ticks * LEAST_SHARE):
        return recording.segments, "segments"
    return ticks, "ticks"


def _parts(pieces: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return first tick and end (3, 2) of the parts that consecutive pieces (n, 2) make up."""
    train = len(pieces) // 2
    validation = (len(pieces) - train) // 2
    bounds = np.append(pieces[:, 0], pieces[-1, 1])
    cuts = bounds[[0, train, train + validation, len(pieces)]]
    return np.stack([cuts[:-1], cuts[1:]], axis=1)
