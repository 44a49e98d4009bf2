"""What each field of a recording accepts, and the type that it then has."""

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.counts import Counts, spike_counts
from aegru_hw.recordings.floats import as_floats

MAX_CHANNELS = 4096
MAX_TEXT = 255
"""Characters of a name, of a channel or of a source."""


def check_tick_seconds(tick_seconds: float) -> float:
    """Return the tick length as a float; a UserError where it is not positive and finite."""
    value = float(tick_seconds)
    if not (math.isfinite(value) and value > 0):
        raise UserError(f"tick length {tick_seconds} s is not possible; give a positive number")
    return value


def as_counts(counts: ArrayLike) -> Counts:
    """Return spike counts (T, C) as uint8 or uint16, the smaller that holds them all.

    Raises UserError naming the first tick and channel whose count is not a whole number from 0 to
    65535.
    """
    array = np.asarray(counts)
    if array.ndim != 2 or 0 in array.shape:
        raise UserError(f"counts have shape {array.shape}; (ticks, channels) is needed")
    if array.shape[1] > MAX_CHANNELS:
        raise UserError(f"counts have {array.shape[1]} channels; at most {MAX_CHANNELS} accepted")
    return spike_counts(array)


def as_velocity(velocity: ArrayLike, ticks: int) -> NDArray[np.float64]:
    """Return velocity (T, 2) as float64; a UserError where it is not real, finite and of T rows."""
    array = np.asarray(velocity)
    if array.dtype.kind not in "buif":
        raise UserError(f"velocity holds {array.dtype}; real numbers are needed")
    array = as_floats(array)
    if array.shape != (ticks, 2):
        raise UserError(f"velocity has shape {array.shape}; ({ticks}, 2) is needed")
    if not np.isfinite(array).all():
        tick, axis = np.unravel_index(int(np.argmin(np.isfinite(array))), array.shape)
        raise UserError(
            f"velocity is {array[tick, axis]} at tick {tick}, axis {axis}; "
            "finite numbers are needed"
        )
    return array


def as_starts(starts: ArrayLike, ticks: int, what: str) -> NDArray[np.int64]:
    """Return first ticks (n,) as int64, empty where there are none.

    what: "segment" or "reach", for the message. Raises UserError for those that do not begin with
    tick 0, lie beyond the last of `ticks` or are out of order.
    """
    array = np.asarray(starts)
    if array.size == 0:
        return np.zeros(0, dtype=np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise UserError(f"{what}_starts is {array.dtype} {array.shape}; a list of ticks is needed")
    if array[0] != 0:
        raise UserError(f"{what}_starts begins with {array[0]}; the first {what} starts at tick 0")
    if array.max() >= ticks:
        raise UserError(f"{what} start {array.max()} is beyond the last tick {ticks - 1}")
    array = array.astype(np.int64, copy=False)
    if np.any(np.diff(array) < 0):
        at = int(np.argmax(np.diff(array) < 0))
        raise UserError(f"{what} start {array[at + 1]} follows {array[at]}; give them in order")
    return array


def as_names(names: Iterable[str], channels: int) -> tuple[str, ...]:
    """Return the channels' names, "channel 0" and so on where there are none.

    Raises UserError for another number of them and for what is not printable text.
    """
    names = tuple(names) or tuple(f"channel {number}" for number in range(channels))
    if len(names) != channels or not all(isinstance(name, str) for name in names):
        raise UserError(f"{len(names)} channel names for {channels} channels; give one text each")
    for name in names:
        check_printable(name, "channel name")
    return names


def check_printable(text: str, what: str) -> None:
    """Raise UserError for a text that a line of a terminal could not show as it is."""
    if len(text) > MAX_TEXT or not text.isprintable():
        raise UserError(
            f"{what} {text[:MAX_TEXT]!a} is not printable text of at most {MAX_TEXT} characters"
        )
