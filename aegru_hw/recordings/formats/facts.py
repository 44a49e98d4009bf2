"""The facts of a recording that `inspect` shows."""

from typing import Any

import numpy as np

from aegru_hw.recordings.recording import Recording


def facts_of(recording: Recording) -> dict[str, Any]:
    """Return a recording's size, rates (spikes/s a channel), boundaries and velocity range."""
    spikes = recording.counts.sum(axis=0, dtype=np.int64)
    rates = spikes / recording.seconds
    lengths = np.diff(recording.segments)
    return {
        "source": recording.source,
        "sha256": recording.sha256,
        "channels": recording.channels,
        "ticks": recording.ticks,
        "tick_seconds": recording.tick_seconds,
        "seconds": recording.seconds,
        "spikes": int(spikes.sum()),
        "silent_channels": int((spikes == 0).sum()),
        "largest_count": int(recording.counts.max()),
        "rate": _range(rates),
        "segments": len(recording.segment_starts),
        "segment_ticks": {"least": int(lengths.min()), "most": int(lengths.max())},
        "reaches": len(recording.reach_starts),
        "velocity": {
            axis: {
                "least": float(recording.velocity[:, index].min()),
                "most": float(recording.velocity[:, index].max()),
                "standard_deviation": _spread(recording.velocity[:, index]),
            }
            for index, axis in enumerate("xy")
        },
    }


@np.errstate(over="ignore")
def _spread(values: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(values.std())  # infinite where the squares are too large


def _range(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, float]:
    return {
        "least": float(values.min()),
        "mean": float(values.mean()),
        "most": float(values.max()),
    }
