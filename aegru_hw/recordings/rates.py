"""Telling firing rates in Hz from spike counts, and turning them into counts."""

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Numbers
from aegru_hw.recordings.floats import as_floats

_WHOLE = 1e-3
"""A number within so much of a whole one, relative above 1, is that one: rates are rounded."""


def spike_counts_of(values: Numbers, tick_seconds: float, *, rates: bool | None) -> Numbers:
    """Return spike counts (T, C) for counts or, where `rates` is true, for spikes per second.

    A rate times the tick is the count, rounded: 199.99999999999716 Hz at 50 ms are 10 spikes. With
    `rates` None counts are taken as they are, but numbers that look like rates are refused: those
    that are not whole, and whole ones that are all multiples of 1/tick. With `rates` false only
    `Recording`'s own check remains.

    Raises UserError for those, and for rates that are no multiples of 1/tick, as smoothed ones.
    """
    if rates is False or values.dtype.kind not in "buif":
        return values
    numbers = as_floats(values)
    usual = bool(np.isfinite(numbers).all() and (numbers >= 0).all())
    if not usual:
        return values  # which `Recording` refuses, naming the first such number
    spikes = numbers * tick_seconds
    whole = np.rint(spikes)
    fits = np.abs(spikes - whole) <= _WHOLE * np.maximum(1, whole)
    if rates:
        if not fits.all():
            tick, channel = np.unravel_index(int(np.argmin(fits)), fits.shape)
            raise UserError(
                f"rate {values[tick, channel]} at tick {tick}, channel {channel} is "
                f"{spikes[tick, channel]:.4g} spikes in {tick_seconds:g} s, not a whole number; "
                "smoothed rates cannot be turned into counts"
            )
        return whole
    hertz = f"1/tick ({1 / tick_seconds:g})"
    uneven = values != np.rint(values)
    if uneven.any():
        tick, channel = np.unravel_index(int(np.argmax(uneven)), uneven.shape)
        first = f"{values[tick, channel]} at tick {tick}, channel {channel} is no count"
        if fits.all():
            raise UserError(f"{first}, but all are multiples of {hertz}: rates in Hz; add --rates")
        raise UserError(
            f"{first}, nor are all multiples of {hertz}: smoothed rates, or another tick than "
            "--tick says; rates in Hz at their own tick are taken with --rates"
        )
    if tick_seconds <= 0.5 and values.any() and fits.all():
        raise UserError(
            f"all counts are multiples of {hertz}: rates in Hz? Add --rates to divide by it, or "
            "--no-rates to take them as counts"
        )
    return values
