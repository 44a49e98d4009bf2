"""A recording of fine ticks made of one of coarse bins."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.fields import MAX_TEXT, check_tick_seconds
from aegru_hw.recordings.recording import Recording

MOST_TICKS = 1000
"""Ticks that a bin is divided into at most."""

MADE_FROM = "made from "
"""How the source of such a recording begins."""

_WHOLE = 1e-6
"""So far from a whole number a ratio of two lengths may be, by rounding."""


def resample(recording: Recording, tick_seconds: float = 0.004, seed: int = 0) -> Recording:
    """Return a recording of ticks that divide the bins of another.

    Each spike of a bin is put in one of the bin's ticks at random, all alike; a tick may get more
    than one, and the sums over the bins are the given counts. Velocity is interpolated linearly
    between the centres of the bins, within each segment, and held before the first and after the
    last; its unit stays. Segments, reaches, names and `sha256` are the given ones, and `source`
    says what was done.

    Raises UserError where the tick is not a bin divided by a whole number from 2 to 1,000, and for
    a negative seed.
    """
    parts = _parts(recording.tick_seconds, check_tick_seconds(tick_seconds))
    if seed < 0:
        raise UserError(f"seed {seed} is not possible; give a whole number from 0")
    said = f": spikes placed at random within bins of {recording.tick_seconds * 1000:g} ms"
    source = f"{MADE_FROM}{recording.source}"[: MAX_TEXT - len(said)] + said
    return replace(
        recording,
        counts=_placed(recording.counts, parts, np.random.default_rng(seed)),
        velocity=_interpolated(recording.velocity, recording.segments, parts),
        tick_seconds=tick_seconds,
        segment_starts=recording.segment_starts * parts,
        reach_starts=recording.reach_starts * parts,
        source=source,
    )


def _parts(bin_seconds: float, tick_seconds: float) -> int:
    """Return how many ticks make a bin."""
    ratio = bin_seconds / tick_seconds
    parts = round(ratio)
    if not 2 <= parts <= MOST_TICKS or abs(ratio - parts) > _WHOLE * ratio:
        raise UserError(
            f"tick {tick_seconds:g} s does not divide the bins of {bin_seconds:g} s; accepted is "
            f"{bin_seconds:g} s divided by a whole number from 2 to {MOST_TICKS:,}"
        )
    return parts


def _placed(counts: Counts, parts: int, random: np.random.Generator) -> Counts:
    """Return the counts (T, C) spread over `parts` ticks a bin, (T * parts, C)."""
    ticks, channels = counts.shape
    finer: Counts = np.zeros((ticks * parts, channels), dtype=counts.dtype)
    bins, of_channel = np.nonzero(counts)
    spikes = counts[bins, of_channel]
    at = np.repeat(bins * parts, spikes)
    at += random.integers(0, parts, len(at))
    np.add.at(finer, (at, np.repeat(of_channel, spikes)), 1)
    return finer


def _interpolated(
    velocity: NDArray[np.float64], segments: NDArray[np.int64], parts: int
) -> NDArray[np.float64]:
    """Return velocities (T, 2) of bins at the centres of their ticks, (T * parts, 2)."""
    finer = np.empty((len(velocity) * parts, 2))
    for start, end in segments:
        centres = np.arange(start, end) + 0.5
        at = (np.arange(start * parts, end * parts) + 0.5) / parts
        for axis in range(2):
            finer[start * parts : end * parts, axis] = np.interp(
                at, centres, velocity[start:end, axis]
            )
    return finer
