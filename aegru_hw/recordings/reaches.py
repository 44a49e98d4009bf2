"""Where reaches start, as a list of bins or a bin in each trial."""

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers import Container, Numbers
from aegru_hw.recordings.trials import Trials

Integers = NDArray[np.int64]

GO_CUES = ("idx_go_cue", "idx_goCueTime", "idx_movement_on")
"""Fields of trials at which a reach might be said to start."""


def reach_starts(
    container: Container, trials: Trials, name: str | None, base: int | None, notes: list[str]
) -> Integers:
    """Return the first ticks of the reaches of arrays that were read, in order.

    name: an array of bins, counted from `base` (where it is None, as the file's makers count). Of
        several trials it holds one bin for each, or several, counted within the trial, and NaN
        where there is none. Ticks before the first of them are a reach too. Where it is None, each
        of several trials is a reach; one trial has none.
    notes: take a sentence on what the reaches are.

    Raises UserError for bins that do not exist, are no whole numbers or not in order.
    """
    base = container.first_index if base is None else base
    if base not in (0, 1):
        raise UserError(f"reaches are counted from {base}; 0 or 1 is accepted")
    if name is None:
        if len(trials.arrays) == 1:
            return np.zeros(0, dtype=np.int64)
        cue = next((cue for cue in GO_CUES if _has(container, cue)), None)
        other = "" if cue is None else f"; --reaches {cue} starts reaches there"
        notes.append(f"each of {len(trials.arrays)} trials is a segment and a reach{other}")
        return trials.starts
    values = container.read(name)
    if trials.total == 1:
        return _listed(values, name, base, trials.lengths[0])
    return _of_trials(values, name, base, trials, notes)


def _has(container: Container, name: str) -> bool:
    return any(name == other.replace("/", ".").split(".")[-1] for other in container.shapes())


def _listed(values: Numbers | list[Numbers], name: str, base: int, ticks: int) -> Integers:
    pieces = values if isinstance(values, list) else [values]
    starts = np.concatenate([piece.ravel() for piece in pieces])
    if starts.size == 0 or not _whole(starts):
        raise UserError(f"reaches '{name}' is not a list of bin numbers")
    if starts.min() < base or starts.max() - base >= ticks:
        raise UserError(
            f"reaches '{name}' has bins {starts.min()} to {starts.max()}; {base} to "
            f"{ticks - 1 + base} exist when counted from {base}"
        )
    numbers = starts.astype(np.int64) - base
    if np.any(np.diff(numbers) <= 0):
        raise UserError(f"reaches '{name}' is not in increasing order")
    return numbers if numbers[0] == 0 else np.concatenate([[0], numbers])


def _of_trials(
    values: Numbers | list[Numbers], name: str, base: int, trials: Trials, notes: list[str]
) -> Integers:
    """Return the first ticks of reaches that start at bins within trials."""
    if isinstance(values, list):
        bins = [one.ravel() for one in values]
    else:
        bins = list(values.reshape(-1, 1)) if values.size == trials.total else []
    if len(bins) != trials.total:
        shape = len(values) if isinstance(values, list) else values.shape
        raise UserError(f"reaches '{name}' ({shape}) has no bin for each of {trials.total} trials")
    starts: list[Integers] = [np.zeros(1, dtype=np.int64)]
    without = 0
    for start, length, number in zip(trials.starts, trials.lengths, trials.numbers, strict=True):
        listed = bins[number][~np.isnan(bins[number])]
        without += not len(listed)
        if len(listed) and not _whole(listed):
            raise UserError(f"reaches '{name}' is not a list of bin numbers")
        if len(listed) and (listed.min() < base or listed.max() - base >= length):
            raise UserError(
                f"reaches '{name}' has bin {listed.max()} in trial {number}, whose bins are {base} "
                f"to {length - 1 + base} when counted from {base}"
            )
        starts.append(start + listed.astype(np.int64) - base)
    found = np.unique(np.concatenate(starts))
    if without == len(trials.numbers):
        raise UserError(f"reaches '{name}' has no bin in any trial")
    notes.append(
        f"each of {len(trials.arrays)} trials is a segment, and reaches start at '{name}'"
        + (f", which {without} of them lack" if without else "")
    )
    return found


def _whole(bins: Numbers) -> bool:
    return bool(np.isfinite(bins).all() and (bins == np.rint(bins)).all())
