"""The published benchmark's split into training, validation and test ticks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.recording import Recording, ranges


@dataclass(frozen=True, eq=False)
class Split:
    """Three masks over the ticks of a recording, (T,) each; no tick is in two."""

    train: NDArray[np.bool_]
    validation: NDArray[np.bool_]
    test: NDArray[np.bool_]


def split(recording: Recording, usable: NDArray[np.bool_] | None = None) -> Split:
    """Split a recording by its reaches: floor(n/2) train, floor of half the rest validation.

    The remainder is test (NeuroBench 2.3, primate reaching, train_ratio 0.5). Where a recording
    has no reaches its segments serve, and where it has one segment its ticks do. `usable` (T,)
    keeps only the ticks it marks, such as those with a complete history; the parts are cut before
    it is applied. Raises UserError where a part is left without a tick.
    """
    pieces, unit = _pieces(recording)
    train_count = len(pieces) // 2
    validation_count = (len(pieces) - train_count) // 2
    bounds = [0, train_count, train_count + validation_count, len(pieces)]
    masks = []
    for name, first, last in zip(("train", "validation", "test"), bounds, bounds[1:], strict=False):
        mask = np.zeros(recording.ticks, dtype=np.bool_)
        if last > first:
            mask[pieces[first, 0] : pieces[last - 1, 1]] = True
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
    if len(recording.reach_starts):
        return recording.reaches, "reaches"
    if len(recording.segment_starts) > 1:
        return recording.segments, "segments"
    return ranges(np.arange(recording.ticks, dtype=np.int64), recording.ticks), "ticks"
