"""What the rebuilds of a protected engine cost, beyond their ticks: aegru_rebuild.sv.

At the end of every window of ticks the engine makes anew what lives on. In cycles from the last one
of the tick without it:

    clear    1 to R + 1, for R the most addresses of what is cleared
    count    from R + 3: the window's ticks are scanned one after the other, the next one from s on,
             where s is as in cycles.py; the channels whose saturated count changed are columns
    latents  once the lanes have rested: as in a tick, but for every latent that is not zero
    states   once the lanes have rested again: every past state that is not zero
    end      three cycles after the lanes have rested
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.traces import streaming_traces
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.cycles import TO_OFFER, Lanes, TickCosts, scan_cycles, walk_cycles
from aegru_hw.rtl.limits import SPIKE_BITS, Limits
from aegru_hw.rtl.schedule import Schedule

TO_COUNT = 3
"""Cycles that a rebuild takes before it counts, and those in which it clears."""

REBUILDS_AT_ONCE = 256


@dataclass(frozen=True)
class RebuildCosts:
    """Cycles and multiply-accumulates of the rebuilds of T ticks, (T,) each; zero of most ticks."""

    cycles: Codes
    encoder: Codes
    input: Codes
    recurrent: Codes

    def added_to(self, costs: TickCosts) -> TickCosts:
        """Return the costs of the same ticks with their rebuilds."""
        own = vars(self)
        return replace(costs, **{name: getattr(costs, name) + own[name] for name in own})


def rebuild_costs(
    decoder: FixedDecoder, plan: Schedule, counts: NDArray[Any], limits: Limits
) -> RebuildCosts:
    """Predict the costs of every rebuild for counts (T, C) of spikes after silence.

    limits: what the engine is elaborated for.
    """
    counts = check_counts(counts, decoder.geometry.channels)
    window = decoder.geometry.window
    ends = np.arange(window - 1, len(counts), window)
    costs = np.zeros((4, len(counts)), dtype=np.int64)
    for first in range(0, len(ends), REBUILDS_AT_ONCE):
        block = ends[first : first + REBUILDS_AT_ONCE]
        costs[:, block] = _rebuilds(decoder, plan, counts, block, cleared(limits, plan.lanes))
    return RebuildCosts(*costs)


def cleared(limits: Limits, lanes: int) -> int:
    """Return the addresses that a rebuild clears: RefillDepth of aegru_engine.sv."""
    slots = -(-limits.hidden // lanes)
    products = limits.chains << (slots.bit_length() + 2)
    return max(products, limits.states, limits.latent, limits.channels)


def _rebuilds(
    decoder: FixedDecoder, plan: Schedule, counts: NDArray[Any], ends: Codes, clears: int
) -> Codes:
    """Return cycles and multiply-accumulates by matrix (4, E) of the rebuilds after E ticks."""
    geometry = decoder.geometry
    latents, states = _operands(decoder, counts, ends)
    spikes = np.minimum(counts, (1 << SPIKE_BITS) - 1)  # what a spike counter holds
    end = decoder.feature.address.max_code
    lanes = Lanes(plan.lanes, len(ends))
    at = np.full(len(ends), TO_COUNT + clears, dtype=np.int64)
    encoder = np.zeros(len(ends), dtype=np.int64)
    before = np.zeros((len(ends), geometry.channels), dtype=np.int64)
    for back in range(geometry.window - 1, -1, -1):
        after = before + spikes[ends - back]
        changed = np.minimum(after, end) != np.minimum(before, end)
        at = scan_cycles(lanes, changed, plan, at)
        encoder += changed @ decoder.encoder.column_sizes
        before = after
    rested = np.maximum(at, lanes.rest())
    last = walk_cycles(
        lanes, rested + 1 + TO_OFFER, latents[:, None, plan.latent_units], plan.input_length
    )
    made = np.maximum(last + 1, lanes.rest()) + 1
    if geometry.steps > 1:
        walked = states[:, :, plan.hidden_units]
        last = walk_cycles(lanes, made + TO_OFFER, walked, plan.recurrent_length)
        made = np.maximum(last + 1, lanes.rest()) + 1
    recurrent = states.sum(axis=1) @ decoder.recurrent.column_sizes
    return np.stack([made + 1, encoder, latents @ decoder.input.column_sizes, recurrent])


def _operands(
    decoder: FixedDecoder, counts: NDArray[Any], ends: Codes
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which latents (E, L) and past states (E, N-1, H) are not zero after E ticks."""
    geometry = decoder.geometry
    begin = max(int(ends[0]) - geometry.window - geometry.history, 0)
    traces = streaming_traces(decoder, counts[begin : ends[-1] + 1])
    past = traces["state"][ends + 1 - geometry.window - begin, :-1]
    return traces["latent"][ends - begin] != 0, past != 0
