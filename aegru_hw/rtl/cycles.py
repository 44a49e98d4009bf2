"""The engine's cycles and multiply-accumulates, tick by tick: what its counters must show.

With P lanes, N chains, H hidden units and U cycles a unit (4 where P <= 2, else 1), in cycles of a
tick:

    scan     until s, below; its columns go to the lanes
    latents  once the lanes have rested for two cycles: a latent a cycle, from the fourth on; those
             that changed are columns
    cells    once the lanes have rested again: g_N, g_2, ..., g_(N-1), g_1, one U·H + 6 cycles after
             the other; a cell takes 2·U·H + 29
    velocity at the end of g_N
    states   H + 10 cycles after g_(N-1) began, or at the end of g_1 where the ring has one port
             (P <= 2) or one slot: a past state a cycle, from the fourth on; the units of which one
             changed are columns
    end      once the lanes have rested, and the cells ended

A column i that is taken in cycle a_i begins on lane p in cycle b_i, with n words for each of m
operands, and ends before e_i; a lane has a queue of Q columns, and all take a column together:

    a_i = max(its turn, b_(i-Q) of every lane)
    b_i = max(a_i + 3, e_(i-1))        e_i = b_i + max(1, n·m)

The scan is a pipeline whose stages wait for the next one. With group g of channels read in cycle
R_g and its changes known in cycle M_g, channel c picked, passed to the look-up, and from there to
the offer in cycles K_c, L_c, I_c, and gone in a_c:

    R_g = max(R_(g-1) + 2, M_(g-2))
    M_g = max(R_(g+1) + 1, M_(g-1) + 1, K of the last channel of group g - 1)
    K_c = max(M_g + 1, L of the one before)
    L_c = max(K_c + 1, I of the one before)      I_c = max(L_c + 1, a of the one before + 1)
    s   = 1 + max(M of the last group, a of the last channel)
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.changes import Changes
from aegru_hw.fixedpoint.counts import check_counts
from aegru_hw.fixedpoint.decoder import FixedDecoder, Geometry
from aegru_hw.fixedpoint.streaming_form import changes_of
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.lanes import group_size, queue_depth, unit_cycles
from aegru_hw.rtl.limits import SPIKE_BITS
from aegru_hw.rtl.schedule import Schedule

CELL_OVERHEAD, NEXT_CELL = {1: 29, 4: 37}, {1: 6, 4: 12}
"""Cycles of a cell beyond those of its units, and from its last unit to the next cell, where a unit
takes one cycle or four."""
TO_BEGIN = {1: 2, 2: 3}
"""Cycles from a column's offer to its first multiplication, by the columns that can wait."""
TO_OFFER = 3
"""Cycles from the first one of a walk to its first operand."""
REST = 2
TICKS_AT_ONCE = 4096


@dataclass(frozen=True)
class Phase:
    """What one unit does from cycle `begin` of a tick to before cycle `end`.

    unit: "lanes" or "cell".
    work: "scan", "input" or "recurrent" on the lanes; "cell" in the cell unit.
    chain: k of the chain g_k that a cell belongs to; 0 where it serves all.
    """

    unit: str
    work: str
    chain: int
    begin: int
    end: int


@dataclass(frozen=True)
class CycleRange:
    """Clock cycles of a tick, and from its start to the velocity."""

    per_tick_mean: float
    per_tick_max: int
    latency_mean: float
    latency_max: int


@dataclass(frozen=True)
class Prediction:
    """What the model says of an engine over some ticks.

    lanes: P. macs_per_tick_mean: multiply-accumulates, the readout's included.
    utilisation: share of the lanes' cycles that multiply, of the whole "tick" and of each phase.
    least_clock_hz: the clock with which the longest tick keeps up.
    """

    lanes: int
    macs_per_tick_mean: float
    cycles: CycleRange
    utilisation: dict[str, float]
    least_clock_hz: float


@dataclass(frozen=True)
class TickCosts:
    """Cycles, multiply-accumulates and what else is counted of T ticks, (T,) each.

    lanes: P. hidden, steps: H and N.
    cycles, latency: clock cycles of a tick, and from its start to the velocity.
    encoder, input, recurrent, readout: multiply-accumulates of each matrix.
    saturations: channels whose window count is beyond the feature table's end.
    scan_end, cells_begin, states_begin: cycles of the tick; without states the last is its end.
    spikes: events of spikes. changed_channels, changed_latents, changed_states, changed_units: what
        was multiplied; units are those with a state that changed.
    encoder_words, input_words, recurrent_words: words that all lanes together read.
    """

    lanes: int
    hidden: int
    steps: int
    cycles: Codes
    latency: Codes
    encoder: Codes
    input: Codes
    recurrent: Codes
    readout: Codes
    saturations: Codes
    scan_end: Codes
    cells_begin: Codes
    states_begin: Codes
    spikes: Codes
    changed_channels: Codes
    changed_latents: Codes
    changed_states: Codes
    changed_units: Codes
    encoder_words: Codes
    input_words: Codes
    recurrent_words: Codes

    def over(self, ticks: NDArray[np.bool_]) -> "TickCosts":
        """Return the costs of some ticks alone, given as a mask (T,)."""
        return replace(self, **{name: getattr(self, name)[ticks] for name in PER_TICK})

    @property
    def macs(self) -> Codes:
        """Multiply-accumulates of each tick, (T,)."""
        return self.lane_macs + self.readout

    @property
    def lane_macs(self) -> Codes:
        """Multiply-accumulates on the lanes, (T,): the readout has multipliers of its own."""
        return self.encoder + self.input + self.recurrent

    @property
    def words(self) -> Codes:
        """Words of the schedules that all lanes together read in each tick, (T,)."""
        return self.encoder_words + self.input_words + self.recurrent_words

    @property
    def utilisation(self) -> float:
        """Share of the lanes' cycles that multiply, over all ticks."""
        return float(self.lane_macs.sum() / (self.lanes * self.cycles.sum()))

    @property
    def phase_utilisation(self) -> dict[str, float]:
        """Share of the lanes' cycles that multiply, for each phase of the lanes."""
        phases = {
            "encoder": (self.encoder, self.scan_end),
            "input": (self.input, self.cells_begin - self.scan_end),
            "recurrent": (self.recurrent, self.cycles - self.states_begin),
        }
        return {
            name: float(macs.sum() / (self.lanes * cycles.sum())) if cycles.any() else 0.0
            for name, (macs, cycles) in phases.items()
        }

    def phases(self, tick: int) -> list[Phase]:
        """Return the phases of a tick in the order that they begin."""
        end, states = int(self.cycles[tick]), int(self.states_begin[tick])
        scan, cells = int(self.scan_end[tick]), int(self.cells_begin[tick])
        found = [Phase("lanes", "scan", 0, 0, scan), Phase("lanes", "input", 0, scan, cells)]
        unit = unit_cycles(self.lanes)
        busy = unit * self.hidden
        for index, chain in enumerate(chain_order(self.steps)):
            begin = cells + index * (busy + NEXT_CELL[unit])
            end_of_cell = begin + 2 * busy + CELL_OVERHEAD[unit]
            found.append(Phase("cell", "cell", chain, begin, end_of_cell))
        if states < end:
            found.append(Phase("lanes", "recurrent", 0, states, end))
        return sorted(found, key=lambda phase: phase.begin)

    def prediction(self, tick_seconds: float) -> Prediction:
        """Return means and maxima over all ticks, of which there is at least one."""
        return Prediction(
            lanes=self.lanes,
            macs_per_tick_mean=float(self.macs.mean()),
            cycles=CycleRange(
                per_tick_mean=float(self.cycles.mean()),
                per_tick_max=int(self.cycles.max()),
                latency_mean=float(self.latency.mean()),
                latency_max=int(self.latency.max()),
            ),
            utilisation={"tick": self.utilisation, **self.phase_utilisation},
            least_clock_hz=float(self.cycles.max() / tick_seconds),
        )


PER_TICK = tuple(
    field.name for field in fields(TickCosts) if field.name not in ("lanes", "hidden", "steps")
)


def chain_order(steps: int) -> list[int]:
    """Return the chains in the order of their cells: g_N, g_2, ..., g_(N-1), g_1."""
    return [steps, *range(2, steps), *([1] if steps > 1 else [])]


def tick_costs(decoder: FixedDecoder, plan: Schedule, counts: NDArray[Any]) -> TickCosts:
    """Predict the costs of every tick for counts (T, C) of spikes after silence."""
    counts = check_counts(counts, decoder.geometry.channels)
    changes = changes_of(decoder, counts)
    latents = changes.latents[:, plan.latent_units]
    states = changes.states[:, :, plan.hidden_units]
    blocks = [
        _cycles(
            decoder.geometry,
            plan,
            Changes(changes.channels[begin:end], latents[begin:end], states[begin:end]),
        )
        for begin, end in _blocks(len(counts))
    ]
    cycles = {name: np.concatenate([block[name] for block in blocks]) for name in blocks[0]}
    units = changes.units[:, plan.hidden_units]
    return TickCosts(
        lanes=plan.lanes,
        hidden=decoder.geometry.hidden,
        steps=decoder.geometry.steps,
        **cycles,
        **changes.macs(decoder),
        saturations=_saturations(decoder, counts),
        spikes=np.asarray(counts).sum(axis=1, dtype=np.int64),
        changed_channels=changes.channels.sum(axis=1),
        changed_latents=latents.sum(axis=1),
        changed_states=states.sum(axis=(1, 2)),
        changed_units=units.sum(axis=1),
        encoder_words=changes.channels @ plan.encoder_length.sum(axis=0),
        input_words=latents @ plan.input_length.sum(axis=0),
        recurrent_words=units @ plan.recurrent_length.sum(axis=0),
    )


def _blocks(ticks: int) -> list[tuple[int, int]]:
    starts = range(0, max(ticks, 1), TICKS_AT_ONCE)
    return [(start, min(start + TICKS_AT_ONCE, ticks)) for start in starts]


def _saturations(decoder: FixedDecoder, counts: NDArray[Any]) -> Codes:
    """Return how many window counts of each tick are beyond the feature table's end, (T,)."""
    window, end = decoder.geometry.window, decoder.feature.address.max_code
    counted = np.minimum(counts, (1 << SPIKE_BITS) - 1)  # what a spike counter holds
    total = np.cumsum(counted, axis=0, dtype=np.int64)
    windows = total.copy()
    windows[window:] -= total[:-window]
    return (windows > end).sum(axis=1)


def _cycles(geometry: Geometry, plan: Schedule, changes: Changes) -> dict[str, Codes]:
    """Return the cycles of some ticks; latents and states are in the order of positions."""
    hidden, steps = geometry.hidden, geometry.steps
    unit = unit_cycles(plan.lanes)
    lanes = Lanes(plan.lanes, len(changes.channels))
    scan_end = scan_cycles(lanes, changes.channels, plan)

    rested = np.maximum(scan_end, lanes.rest())
    last = walk_cycles(lanes, rested + 1 + TO_OFFER, changes.latents[:, None], plan.input_length)
    cells_begin = np.maximum(last + 1, lanes.rest()) + 1
    velocity = cells_begin + 2 * unit * hidden + CELL_OVERHEAD[unit]

    interval = unit * hidden + NEXT_CELL[unit]
    last_begins = cells_begin + (steps - 1) * interval
    cells_end = last_begins + 2 * unit * hidden + CELL_OVERHEAD[unit]
    if steps == 1:
        end = cells_end + 1
        return _named(end, velocity, scan_end, cells_begin, end)
    free = cells_end
    if unit == 1 and geometry.window > 1:
        free = np.maximum(last_begins - interval + hidden + 10, last_begins + 1)
    states_begin = free + 1
    last = walk_cycles(lanes, states_begin + TO_OFFER, changes.states, plan.recurrent_length)
    end = np.maximum.reduce([last + 1, lanes.rest(), cells_end]) + 1
    return _named(end, velocity, scan_end, cells_begin, states_begin)


def _named(
    cycles: Codes, latency: Codes, scan_end: Codes, cells_begin: Codes, states_begin: Codes
) -> dict[str, Codes]:
    return {
        "cycles": cycles,
        "latency": latency,
        "scan_end": scan_end,
        "cells_begin": cells_begin,
        "states_begin": states_begin,
    }


class Lanes:
    """The queues of P lanes over T ticks side by side.

    begins: (Q, P, T) when the latest columns began, the oldest first, of as many as can wait.
    ends: (P, T) when the latest one ends.
    """

    def __init__(self, lanes: int, ticks: int) -> None:
        self.begins = np.full((queue_depth(lanes), lanes, ticks), -1, dtype=np.int64)
        self.ends = np.full((lanes, ticks), -REST, dtype=np.int64)

    def free(self) -> Codes:
        """Return the cycle in which every lane can take a column, (T,)."""
        free: Codes = self.begins[0].max(axis=0)
        return free

    def take(self, taken: NDArray[np.bool_], offer: Codes, work: Codes) -> None:
        """Give a column of `work` (P, T) cycles to the lanes, in the ticks where it is taken."""
        begin = np.maximum(offer + TO_BEGIN[len(self.begins)], self.ends)
        self.ends = np.where(taken, begin + np.maximum(work, 1), self.ends)
        self.begins = np.where(taken, np.stack([*self.begins[1:], begin]), self.begins)

    def rest(self) -> Codes:
        """Return the cycle in which the lanes have rested long enough, (T,)."""
        rest: Codes = self.ends.max(axis=0) + REST
        return rest


def walk_cycles(
    lanes: Lanes, first: Codes, changed: NDArray[np.bool_], length: NDArray[np.int64]
) -> Codes:
    """Return the cycle (T,) in which the last operand of a walk leaves.

    first: (T,) cycle in which the first operand is offered if nothing holds it up.
    changed: (T, chains, columns); the chains of a column come one after the other. length: (P,
    columns) words of the columns.
    """
    chains = changed.shape[1]
    operands = changed.sum(axis=1)
    before = first - 1
    for column in range(changed.shape[2]):
        leaves = np.maximum(before + 1, lanes.free()) + chains - 1
        work = length[:, column, None] * operands[:, column]
        lanes.take(operands[:, column] > 0, leaves, work)
        before = leaves
    return before


def scan_cycles(
    lanes: Lanes, changed: NDArray[np.bool_], plan: Schedule, begin: Codes | int = 0
) -> Codes:
    """Return the cycle after the scan of each tick, (T,), for its changed channels (T, C).

    begin: the scan's first cycle, (T,) or of all.
    """
    ticks, channels = changed.shape
    size = group_size(plan.lanes)
    start = np.broadcast_to(np.asarray(begin, dtype=np.int64), ticks)
    taken = start + 1
    moved, picked, looked_up, offered, gone = (start,) * 5
    for first in range(0, channels, size):
        taken = np.maximum(taken + 2, moved + 1)
        moved = np.maximum(taken + 1, picked)
        free = moved + 1
        for channel in range(first, min(first + size, channels)):
            picks = changed[:, channel]
            pick = np.maximum(free, looked_up)
            look_up = np.maximum(pick + 1, offered)
            offer = np.maximum(look_up + 1, gone + 1)
            leave = np.maximum(offer, lanes.free())
            lanes.take(picks, leave, plan.encoder_length[:, channel, None])
            picked, looked_up = np.where(picks, pick, picked), np.where(picks, look_up, looked_up)
            offered, gone = np.where(picks, offer, offered), np.where(picks, leave, gone)
            free = np.where(picks, pick + 1, free)
    return 1 + np.maximum(moved, gone)
