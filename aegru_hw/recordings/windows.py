"""Windows and their history."""

import math

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.fields import check_tick_seconds
from aegru_hw.recordings.recording import Recording

_BLOCK_TICKS = 65536


LONGEST_COARSE_SECONDS = 0.2
"""A window is not lengthened beyond this: movement is forgotten by then."""


def window_ticks(window_seconds: float, tick_seconds: float, least: int = 1) -> int:
    """Return the length of a window in whole ticks, rounded half up, at least one.

    least: ticks that a window of coarse bins has at least, as far as it stays within 0.2 s.
    """
    tick_seconds = check_tick_seconds(tick_seconds)
    if not (math.isfinite(window_seconds) and window_seconds > 0):
        raise UserError(f"window of {window_seconds} s is not possible; give a positive number")
    least = min(least, math.floor(LONGEST_COARSE_SECONDS / tick_seconds + 1e-9))
    return max(1, least, math.floor(window_seconds / tick_seconds + 0.5))


def window_counts(
    counts: NDArray[np.integer], window: int, segment_starts: NDArray[np.int64]
) -> NDArray[np.uint16]:
    """Sum spikes over the last `window` ticks: c(t) = s(t) + s(t-1) + ... + s(t-window+1).

    `counts` is (T, C), the result is (T, C). Before the start of each segment there was silence.
    Raises UserError where a sum exceeds 65535.
    """
    _check_lengths(window, 1)
    ticks = len(counts)
    first = np.maximum(np.arange(ticks) - window + 1, segment_of(segment_starts, ticks))
    result = np.empty(counts.shape, dtype=np.uint16)
    for start in range(0, ticks, _BLOCK_TICKS):
        stop = min(start + _BLOCK_TICKS, ticks)
        base = max(0, start - window + 1)
        total = np.zeros((stop - base + 1, counts.shape[1]), dtype=np.int64)
        np.cumsum(counts[base:stop], axis=0, out=total[1:])
        sums = total[start - base + 1 :] - total[first[start:stop] - base]
        if sums.max(initial=0) > 65535:
            raise UserError(
                f"a window of {window} ticks holds {sums.max()} spikes; at most 65535 fit, "
                "choose a shorter window"
            )
        result[start:stop] = sums
    return result


def segment_of(segment_starts: NDArray[np.int64], ticks: int) -> NDArray[np.int64]:
    """Return for each of `ticks` ticks the first tick of its segment, (T,)."""
    lengths = np.diff(np.append(segment_starts, ticks))
    return np.repeat(np.asarray(segment_starts, dtype=np.int64), lengths)


def complete_history(recording: Recording, window: int, steps: int) -> NDArray[np.bool_]:
    """Mark the ticks whose window * steps ticks of history lie inside their segment, (T,).

    Raises UserError where there is no such tick.
    """
    _check_lengths(window, steps)
    position = np.arange(recording.ticks) - segment_of(recording.segment_starts, recording.ticks)
    complete = position >= window * steps - 1
    if not complete.any():
        raise UserError(
            f"the longest segment has {int(position.max()) + 1} ticks, shorter than the history of "
            f"{steps} windows of {window} ticks; give a longer recording or a shorter history"
        )
    return complete


def history(ticks: NDArray[np.integer], window: int, steps: int) -> NDArray[np.int64]:
    """Return the ticks of the windows that each tick's decoding sees, oldest first.

    (n, steps): column k-1 is t - (steps - k) * window for k = 1..steps. A negative entry is a
    window before the recording, that is silence.
    """
    _check_lengths(window, steps)
    back = np.arange(steps - 1, -1, -1, dtype=np.int64) * window
    return np.asarray(ticks, dtype=np.int64)[:, None] - back


def _check_lengths(window: int, steps: int) -> None:
    if window < 1 or steps < 1:
        raise UserError(f"window of {window} ticks and {steps} steps; each is at least 1")
