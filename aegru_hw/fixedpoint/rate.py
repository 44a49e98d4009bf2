"""The output rate: a velocity every K ticks, K a divisor of the window, for a K-th of the work.

At tick t a window count is a sum over WS ticks. Where K divides WS it is a sum of WS/K sums of K
ticks, and the windows before it begin and end where such sums do. So the same weights with windows
of WS/K, fed with sums of K ticks, give at their tick i the codes of tick K·i + K - 1 of the
original: nothing is approximated, there are K times fewer ticks, and the rings are a K-th as long.

Outputs are at the ticks K - 1, 2K - 1, ... from the start of a segment; a last incomplete sum gives
none. The forms in window_form.py and streaming_form.py decode every tick that they are given. The
definition is the window form at the output ticks (`at_outputs`); what runs at the output rate takes
the decoder and the counts of `at_output_rate`.
"""

from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.fixedpoint.counts import MAX_COUNT, Counts, check_counts, spike_counts
from aegru_hw.fixedpoint.parameters import Parameters

Decoder = TypeVar("Decoder", bound=Parameters)
Kind = TypeVar("Kind", bound=np.generic)


def per_output(decoder: Decoder) -> Decoder:
    """Return the decoder whose tick is one output: it takes the sums of `every` ticks."""
    if decoder.geometry.every == 1:
        return decoder
    return replace(decoder, geometry=decoder.geometry.per_output)


def at_output_rate(decoder: Decoder, counts: ArrayLike) -> tuple[Decoder, Counts]:
    """Return the decoder whose tick is one output, and its counts (T // every, C).

    counts: (T, C) spikes per tick and channel from a segment's start. Raises UserError as
    `check_counts` does.
    """
    checked = check_counts(counts, decoder.geometry.channels)
    return per_output(decoder), summed(checked, decoder.geometry.every)


def summed(counts: Counts, every: int) -> Counts:
    """Return the sums (T // every, C) of each `every` ticks of counts (T, C).

    A sum beyond 65535 is 65535: every window count with it is beyond the feature table's end.
    """
    if every == 1:
        return counts
    ticks = len(counts) // every
    groups = counts[: ticks * every].reshape(ticks, every, counts.shape[1])
    return spike_counts(np.minimum(groups.sum(axis=1, dtype=np.int64), MAX_COUNT))


def at_outputs(values: NDArray[Kind], every: int) -> NDArray[Kind]:
    """Return the values (T // every, ...) at the output ticks of values (T, ...) of each tick."""
    return values[every - 1 :: every]


def accepted_rates(window: int) -> str:
    """Return the ticks per output that a window of so many ticks admits, in words."""
    divisors = [str(every) for every in range(1, window + 1) if window % every == 0]
    return f"{', '.join(divisors)}, the divisors of the window of {window} ticks"


def is_rate(every: Any, window: int) -> bool:
    """Tell whether outputs every so many ticks are possible with a window of so many."""
    return type(every) is int and every >= 1 and window % every == 0
