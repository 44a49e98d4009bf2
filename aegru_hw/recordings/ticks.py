"""Spikes on the ticks of the published benchmark."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts
from aegru_hw.recordings.fields import MAX_CHANNELS

TICK_SECONDS = 0.004
MERGES = ("or", "count", "none")
MAX_COUNTS_BYTES = 2**31


def tick_edges(
    time: NDArray[np.float64], tick_seconds: float = TICK_SECONDS
) -> NDArray[np.float64]:
    """Return the published benchmark's bin edges in seconds for sample times (T,)."""
    return np.arange(time[0] - tick_seconds, time[-1], tick_seconds)


def spiking_ticks(spike_times: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the tick i+1 for each spike from edge i up to edge i+1.

    The last bin holds its right edge too, as in numpy.histogram. Spikes elsewhere are left out.
    """
    bins = np.searchsorted(edges, spike_times, side="right") - 1
    bins[spike_times == edges[-1]] = len(edges) - 2
    return bins[(bins >= 0) & (bins < len(edges) - 1)] + 1


def check_merge(merge: str) -> str:
    """Return a rule for the units of one channel; UserError for one that is unknown."""
    if merge not in MERGES:
        raise UserError(f"merge '{merge}' is unknown; accepted are {', '.join(MERGES)}")
    return merge


def new_counts(ticks: int, channels: int, merge: str) -> Counts:
    """Return zeros (ticks, channels), uint8 for "or" and else uint16; UserError for too many."""
    kind = np.dtype(np.uint8 if merge == "or" else np.uint16)
    if channels > MAX_CHANNELS:
        raise UserError(f"{channels} units fire; at most {MAX_CHANNELS} channels are accepted")
    if ticks * channels * kind.itemsize > MAX_COUNTS_BYTES:
        raise UserError(
            f"{ticks} samples on {channels} channels are too many to read; "
            f"at most {MAX_COUNTS_BYTES // kind.itemsize} counts are accepted"
        )
    return np.zeros((ticks, channels), dtype=kind)


def add_spikes(counts: NDArray[Any], spiking: NDArray[np.intp], what: str) -> None:
    """Add one to the counts (T,) of a channel at each of the ticks, in place."""
    total = counts + np.bincount(spiking, minlength=len(counts))
    if total.max() > np.iinfo(np.uint16).max:
        raise UserError(f"{what}: a tick holds {total.max()} spikes; at most 65535 are accepted")
    counts[:] = total
