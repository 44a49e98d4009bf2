"""What counts as spike counts: the contract that every execution checks."""

from collections.abc import Iterable
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.errors import UserError

MAX_COUNT = 65535

Counts = NDArray[np.uint8] | NDArray[np.uint16]
"""Spikes per tick and channel, in the smaller type that holds them."""


def check_counts(counts: ArrayLike, channels: int) -> Counts:
    """Return spike counts (T, C) of a decoder's C channels as uint8 or uint16.

    Raises UserError for another shape, and as `spike_counts` does.
    """
    array = _as_array(counts)
    if array.ndim != 2 or array.shape[1] != channels:
        raise UserError(
            f"spike counts of shape {array.shape} do not fit this decoder; it takes (ticks, "
            f"{channels})"
        )
    return spike_counts(array)


def spike_counts(counts: ArrayLike) -> Counts:
    """Return counts (T, C), or (C,) of one tick, as uint8 or uint16, the smaller that holds them.

    Whole numbers in floating point are accepted. Arrays of uint8 and uint16 are returned as they
    are. Raises UserError naming the first tick and channel whose count is not a whole number from
    0 to 65535, and for anything that holds no real numbers.
    """
    array = _as_array(counts)
    if array.dtype in (np.uint8, np.uint16):
        return cast(Counts, array)
    if array.dtype.kind not in "buif":
        raise UserError(f"counts hold {array.dtype}; whole numbers are needed")
    if array.dtype == np.float16:  # which cannot hold MAX_COUNT
        array = array.astype(np.float32)
    with np.errstate(invalid="ignore"):
        accepted = (array >= 0) & (array <= MAX_COUNT) & (array == np.rint(array))
    if not accepted.all():
        *tick, channel = np.unravel_index(int(np.argmin(accepted)), array.shape)
        place = "".join(f"tick {number}, " for number in tick)
        raise UserError(
            f"count {array[(*tick, channel)]!s} at {place}channel {channel} is not a spike count; "
            f"whole numbers from 0 to {MAX_COUNT} are accepted"
        )
    return cast(Counts, array.astype(np.uint8 if array.max(initial=0) <= 255 else np.uint16))


def counts_of_tick(counts: ArrayLike, channels: int) -> Counts:
    """Return one tick's spike counts (C,) of a decoder's C channels as uint8 or uint16.

    Raises UserError for another shape, and as `spike_counts` does.
    """
    spikes = spike_counts(counts)
    if spikes.shape != (channels,):
        raise UserError(
            f"spike counts of shape {spikes.shape} do not fit this decoder; a tick of it is "
            f"({channels},)"
        )
    return spikes


def spike_channels(channels: Iterable[int] | NDArray[np.integer], limit: int) -> NDArray[np.intp]:
    """Return the channel of each spike of a tick, each from 0 to limit - 1.

    Raises UserError for what is no whole number, also where its value is whole, and for a channel
    that there is not.
    """
    try:
        given = channels if isinstance(channels, np.ndarray) else list(channels)
    except TypeError:
        raise _no_channels(type(channels).__name__) from None
    if given.size == 0 if isinstance(given, np.ndarray) else not given:
        return np.zeros(0, dtype=np.intp)
    if isinstance(given, list) and any(isinstance(one, bool | np.bool_) for one in given):
        raise _no_channels("bool")  # numpy would make numbers of some of them
    try:
        indices = np.asarray(given)
    except ValueError:
        raise _no_channels("ragged list") from None
    if indices.dtype.kind == "O" and all(isinstance(one, int) for one in given):
        indices = np.asarray([min(max(one, -1), limit) for one in given])
    if indices.dtype.kind not in "iu" or indices.ndim != 1:
        shape = "" if indices.ndim == 1 else f" of shape {indices.shape}"
        raise _no_channels(f"{indices.dtype}{shape}")
    outside = (indices < 0) | (indices >= limit)
    if outside.any():
        raise UserError(
            f"channel {given[int(np.argmax(outside))]} is not within 0 to {limit - 1} of this "
            "decoder"
        )
    return indices.astype(np.intp)


def _as_array(counts: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(counts)
    except ValueError:
        raise UserError("counts are a ragged list; an array (ticks, channels) is needed") from None


def _no_channels(what: str) -> UserError:
    return UserError(
        f"spikes are given as {what}; a list of whole channel numbers is needed, or `step_counts` "
        "for the counts of all channels"
    )
