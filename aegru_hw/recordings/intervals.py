"""The interval at which samples were meant to be taken, and stretches of time."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats

NOMINAL_TOLERANCE = 1e-3
"""A measured interval this close, relatively, to whole milliseconds or a whole rate is that."""

JITTER_TOLERANCE = 0.1
"""Intervals within this share of the nominal one are regular."""

_JUDGED = 100_000
"""How many times are compared with a grid."""

_COHERENT = 0.2
"""Coherence of times that stand on a grid; jitter by 0.4 of an interval leaves 0.23."""

DRIFT_TOLERANCE = 0.5
"""How many intervals a regular sample may stand away from its place on the grid."""


def check_bridge(seconds: float) -> float:
    """Return the longest gap to bridge; UserError for one that is negative or without an end."""
    if not 0 <= seconds < np.inf:
        raise UserError(f"gaps of {seconds} s cannot be bridged; give 0 or more seconds")
    return seconds


def nominal_interval(times: Floats) -> float:
    """Return the interval in seconds at which increasing times (T,), at least two, were meant.

    It is measured first: each step counts as the whole number of median intervals that it is
    nearest to, and long gaps count nothing. Exact intervals are whole milliseconds, and whole rates
    up to 200 Hz or in steps of 50 Hz. The measured one is exact where it lies within a thousandth
    of such; and where the times are jittered, so that the measure errs, where the times stand on
    the exact grid better than on the measured one.

    >>> nominal_interval(np.array([0.0, 0.0103, 0.0197, 0.0404, 0.05]))
    0.01
    """
    steps = np.diff(times)
    with np.errstate(over="ignore"):
        usual = float(np.median(steps))
    if not 1e-9 <= usual <= 1e9:
        return usual
    many = np.rint(steps / usual)
    near = many <= 5
    measured = float(steps[near].sum() / many[near].sum())
    exact = _exact_intervals(usual, measured)
    for interval in exact:
        if abs(measured - interval) <= NOMINAL_TOLERANCE * interval:
            return interval
    if exact:
        begin = times[:_JUDGED]
        best = max(exact, key=lambda interval: _coherence(begin, interval))
        if _coherence(begin, best) >= max(_coherence(begin, measured), _COHERENT):
            return best
    return round(measured, 9)


def _exact_intervals(usual: float, measured: float) -> list[float]:
    """Return the exact intervals within a fiftieth of the usual one, nearest to the measured."""
    milliseconds, rate = round(usual * 1000), 1 / usual
    step = 1 if rate <= 200 else 50
    places = [step * (round(rate / step) + offset) for offset in (-2, -1, 0, 1, 2)]
    exact = [(milliseconds + offset) / 1000 for offset in (-1, 0, 1)]
    exact += [1 / place for place in places if place > 0]
    close = {interval for interval in exact if abs(interval - usual) <= 0.02 * usual}
    return sorted(close, key=lambda interval: abs(interval - measured))


def _coherence(times: Floats, interval: float) -> float:
    """Return from 0 to 1 how well times stand on a grid, in stretches of a thousand samples."""
    phase = np.exp(2j * np.pi * ((times - times[0]) / interval % 1))
    starts = np.arange(0, len(times), 1000)
    return float(np.abs(np.add.reduceat(phase, starts)).sum() / len(times))


def is_regular(times: Floats, interval: float) -> bool:
    """Tell whether times (T,) stand an interval apart, but for jitter and drift within tolerance.

    Tolerated are steps of 0.9 to 1.1 intervals, and half an interval away from the grid that
    begins with the first time.
    """
    if np.any(np.abs(np.diff(times) - interval) > JITTER_TOLERANCE * interval):
        return False
    grid = times[0] + interval * np.arange(len(times))
    return bool(np.all(np.abs(times - grid) <= DRIFT_TOLERANCE * interval))


def coverage(times: Floats, sets: Iterable[Floats]) -> NDArray[np.int64]:
    """Return in how many sets each time (T,) lies; a set is the union of closed intervals (n, 2).

    Intervals that end before they begin, or have a bound that is no number, hold nothing.
    """
    merged = [_merged(intervals) for intervals in sets]
    bounds = np.concatenate(merged) if merged else np.zeros((0, 2))
    begun = np.searchsorted(np.sort(bounds[:, 0]), times, side="right")
    ended = np.searchsorted(np.sort(bounds[:, 1]), times, side="left")
    return np.asarray(begun - ended, dtype=np.int64)


def _merged(intervals: Floats) -> Floats:
    """Return intervals (n, 2) as few that do not touch."""
    known = intervals[:, 1] >= intervals[:, 0]
    ordered = intervals[known][np.argsort(intervals[known, 0], kind="stable")]
    if len(ordered) == 0:
        return ordered
    until = np.maximum.accumulate(ordered[:, 1])
    first = np.concatenate([[True], ordered[1:, 0] > until[:-1]])
    last = np.append(first[1:], True)
    return np.stack([ordered[first, 0], until[last]], axis=1)
