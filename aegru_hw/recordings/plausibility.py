"""What is odd about a recording or a result without being wrong, in words."""

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.labels import constant_axes
from aegru_hw.recordings.r2 import R2
from aegru_hw.recordings.recording import Recording
from aegru_hw.recordings.splits import split

NOTABLE_SILENT_SHARE = 0.1
"""Share of channels without a spike from which it is said; some electrodes always fail."""


def remarks(recording: Recording) -> tuple[str, ...]:
    """Return what a user should know of a recording before training on it, a sentence each.

    All counts zero, many channels without a spike, an axis of velocity that never changes, in the
    whole or in the test split, and a test split without a spike; nothing where all is as usual.
    """
    return tuple(_remarks(recording))


def r2_remarks(r2: R2) -> tuple[str, ...]:
    """Return what an R² says beyond its number: that it is undefined, or negative."""
    return tuple(_r2_remarks(r2))


def _remarks(recording: Recording) -> Iterator[str]:
    silent = int((~recording.counts.any(axis=0)).sum())
    if silent == recording.channels:
        yield "all counts are zero: there is no spike to decode from"
    elif silent >= NOTABLE_SILENT_SHARE * recording.channels:
        share = silent / recording.channels
        yield f"{silent} of {recording.channels} channels ({share:.0%}) never fire"
    test = _test_ticks(recording)
    everywhere, tested = (constant_axes(recording.velocity[ticks]) for ticks in (slice(None), test))
    for number, axis in enumerate("xy"):
        if tested[number]:
            where = "" if everywhere[number] else " in the test split"
            yield f"velocity {axis} never changes{where}: its R² is undefined"
    if silent < recording.channels and not np.any(recording.counts[test]):
        yield "no channel fires in the test split: its R² says nothing of the decoder"


def _test_ticks(recording: Recording) -> NDArray[np.bool_]:
    """Return the mask (T,) of the test split; of all where the recording is too short for one."""
    try:
        return split(recording).test
    except UserError:  # training refuses it
        return np.ones(recording.ticks, dtype=np.bool_)


def remarks_on(scores: Mapping[str, R2]) -> tuple[str, ...]:
    """Return the remarks on several R² by name; names with the same remark share it."""
    names: dict[str, list[str]] = {}
    for name, score in scores.items():
        for remark in r2_remarks(score):
            names.setdefault(remark, []).append(name)
    return tuple(f"{', '.join(of)}: {remark}" for remark, of in names.items())


def _r2_remarks(r2: R2) -> Iterator[str]:
    for axis in "xy":
        value = getattr(r2, axis)
        if value is None:
            yield f"R² of {axis} is undefined: the true velocity {axis} is constant"
        elif value < 0:
            yield f"R² of {axis} is {value:.4f}: worse than the mean velocity"
