"""The engine's cycles and multiply-accumulates, tick by tick: what its counters must show.

With P lanes, the schedule's lengths l_c (encoder column of channel c), l_i and l_r (input and
recurrent product), H hidden units, L latent units and G channels compared at once:

    scan     until s, below
    latents  until s + 5 + ceil(L/P)
    input    l_i cycles more; then N - 1 recurrent products of l_r cycles
    cell     E = 2·U·H + 29, with U = 4 where P <= 2 and U = 1 otherwise. Cell j starts 5 cycles
             after the last word of its product, when cell j - 1 has ended, and not before cycle
             (N - 1)·H. Product j starts when product j - 1 and cell j - 2 have ended, and not
             before cycle j·H
    velocity at the end of cell 1 (g_N), or of cell 0 where N = 1

The scan is a pipeline whose stages wait for the next one. With group g read in cycle R_g and its
changes known in cycle M_g, channel c picked, passed to the look-up, and from there to the issue in
cycles K_c, L_c, I_c, and its column done in cycle D_c = I_c + max(1, l_c):

    R_g = max(R_(g-1) + 2, M_(g-2))
    M_g = max(R_(g+1) + 1, M_(g-1) + 1, K of the last channel of group g - 1)
    K_c = max(M_g + 1, L of the one before)
    L_c = max(K_c + 1, I of the one before)      I_c = max(L_c + 1, D of the one before)
    s   = 1 + max(M of the last group + 1, D of the last channel)
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.lanes import group_size, unit_cycles
from aegru_hw.rtl.limits import SPIKE_BITS
from aegru_hw.rtl.schedule import Schedule

PER_TICK = (
    *("cycles", "latency", "encoder", "saturations", "scan_cycles"),
    *("spikes", "changed", "encoder_words"),
)
CELL_OVERHEAD = 29
ENCODER_DRAIN = 5
PRODUCT_DRAIN = 5


@dataclass(frozen=True)
class Phase:
    """What one unit does from cycle `begin` of a tick to before cycle `end`.

    unit: "lanes" or "cell".
    work: "scan", "latents", "input" or "recurrent" on the lanes; "cell" in the cell unit.
    chain: k of the chain g_k that a recurrent product or a cell belongs to; 0 where it serves all.
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
    """Cycles and multiply-accumulates of T ticks, (T,) each, or one number for all.

    cycles, latency: clock cycles of a tick, and from its start to the velocity.
    encoder, input, recurrent, readout: multiply-accumulates of each matrix.
    saturations: channels whose window count is beyond the feature table's end.
    scan_cycles, input_cycles, recurrent_cycles: cycles of the lanes' phases.
    spikes: events of spikes; changed: channels whose window count changed; encoder_words: words of
        each lane's schedule that they take.
    """

    lanes: int
    cycles: Codes
    latency: Codes
    encoder: Codes
    input: int
    recurrent: int
    readout: int
    saturations: Codes
    scan_cycles: Codes
    input_cycles: int
    recurrent_cycles: int
    spikes: Codes
    changed: Codes
    encoder_words: Codes

    def over(self, ticks: NDArray[np.bool_]) -> "TickCosts":
        """Return the costs of some ticks alone, given as a mask (T,)."""
        chosen = {name: getattr(self, name)[ticks] for name in PER_TICK}
        return replace(self, **chosen)

    @property
    def macs(self) -> Codes:
        """Multiply-accumulates of each tick, (T,)."""
        return self.lane_macs + self.readout

    @property
    def lane_macs(self) -> Codes:
        """Multiply-accumulates on the lanes, (T,): the readout has multipliers of its own."""
        return self.encoder + self.input + self.recurrent

    @property
    def utilisation(self) -> float:
        """Share of the lanes' cycles that multiply, over all ticks."""
        return float(self.lane_macs.sum() / (self.lanes * self.cycles.sum()))

    @property
    def phase_utilisation(self) -> dict[str, float]:
        """Share of the lanes' cycles that multiply, for each phase of the lanes."""
        phases = {
            "encoder": (self.encoder.sum(), self.scan_cycles.sum()),
            "input": (self.input, self.input_cycles),
            "recurrent": (self.recurrent, self.recurrent_cycles),
        }
        return {
            name: float(macs / (self.lanes * cycles)) if cycles else 0.0
            for name, (macs, cycles) in phases.items()
        }

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


def tick_costs(decoder: FixedDecoder, plan: Schedule, counts: NDArray[Any]) -> TickCosts:
    """Predict the costs of every tick for counts (T, C) of spikes after silence."""
    geometry = decoder.geometry
    changed, saturated = _changes(decoder, counts)
    scan = scan_cycles(changed, plan)
    # Only early in a tick do cycles depend on the scan otherwise than by a delay.
    lengths, of_tick = np.unique(scan, return_inverse=True)
    ends = np.array([_ends(decoder, plan, int(length)) for length in lengths]).reshape(-1, 2)
    latency, cycles = ends[of_tick].T
    return TickCosts(
        lanes=plan.lanes,
        cycles=cycles,
        latency=latency,
        encoder=changed @ decoder.macs_of_event,
        input=decoder.input.non_zero,
        recurrent=(geometry.steps - 1) * decoder.recurrent.non_zero,
        readout=decoder.readout.non_zero,
        saturations=saturated,
        scan_cycles=scan,
        input_cycles=plan.input_length,
        recurrent_cycles=(geometry.steps - 1) * plan.recurrent_length,
        spikes=np.asarray(counts).sum(axis=1, dtype=np.int64),
        changed=changed.sum(axis=1),
        encoder_words=changed @ plan.column_length,
    )


def _changes(decoder: FixedDecoder, counts: NDArray[Any]) -> tuple[Codes, Codes]:
    """Return whether each channel's saturated count changed (T, C), and how many are beyond."""
    window, end = decoder.geometry.window, decoder.feature.address.max_code
    counted = np.minimum(counts, (1 << SPIKE_BITS) - 1)  # what a spike counter holds
    total = np.cumsum(counted, axis=0, dtype=np.int64)
    windows = total.copy()
    windows[window:] -= total[:-window]
    changed = np.diff(np.minimum(windows, end), axis=0, prepend=0) != 0
    return changed.astype(np.int64), (windows > end).sum(axis=1)


def scan_cycles(changed: Codes, plan: Schedule) -> Codes:
    """Return the cycles of the scan of each tick, (T,), for its changed channels (T, C), 0 or 1."""
    ticks, channels = changed.shape
    size = group_size(plan.lanes)
    length = np.maximum(plan.column_length, 1)
    read = np.zeros(ticks, dtype=np.int64)
    moved, picked, looked_up, issued, done = (np.full(ticks, -1) for _ in range(5))
    for first in range(0, channels, size):
        read = np.maximum(read + 2, moved)
        moved = np.maximum.reduce([read + 1, moved + 1, picked])
        free = moved + 1
        for channel in range(first, min(first + size, channels)):
            picks = changed[:, channel] != 0
            pick = np.maximum(free, looked_up)
            look_up = np.maximum(pick + 1, issued)
            issue = np.maximum(look_up + 1, done)
            picked, looked_up = np.where(picks, pick, picked), np.where(picks, look_up, looked_up)
            issued = np.where(picks, issue, issued)
            done = np.where(picks, issue + length[channel], done)
            free = np.where(picks, pick + 1, free)
    return 1 + np.maximum(moved + 1, done)


def tick_phases(decoder: FixedDecoder, plan: Schedule, scan: int) -> list[Phase]:
    """Return the phases of a tick whose scan takes `scan` cycles, in the order that they begin.

    The cells and recurrent products are of g_1, g_N, ..., g_2. The velocity is out at the end of
    the cell of g_N, and the tick ends with the last phase.
    """
    geometry = decoder.geometry
    cell = 2 * unit_cycles(plan.lanes) * geometry.hidden + CELL_OVERHEAD
    latents = scan + ENCODER_DRAIN + -(-geometry.latent // plan.lanes)
    free = latents + plan.input_length
    phases = [
        Phase("lanes", "scan", 0, 0, scan),
        Phase("lanes", "latents", 0, scan, latents),
        Phase("lanes", "input", 0, latents, free),
    ]
    ends: list[int] = []
    for index, chain in enumerate([1, *range(geometry.steps, 1, -1)]):
        if index > 0:
            before = ends[index - 2] if index > 2 else 0
            begin = max(free, index * geometry.hidden, before)
            free = begin + plan.recurrent_length
            phases.append(Phase("lanes", "recurrent", chain, begin, free))
        all_sent = (geometry.steps - 1) * geometry.hidden
        begin = max([free - 1 + PRODUCT_DRAIN, all_sent, *ends[-1:]])
        ends.append(begin + cell)
        phases.append(Phase("cell", "cell", chain, begin, ends[-1]))
    return sorted(phases, key=lambda phase: phase.begin)


def velocity_cycle(phases: list[Phase]) -> int:
    """Return the cycle before which a tick's velocity is out: the end of the cell of g_N."""
    last = max(phase.chain for phase in phases)
    return next(phase.end for phase in phases if (phase.unit, phase.chain) == ("cell", last))


def _ends(decoder: FixedDecoder, plan: Schedule, scan: int) -> tuple[int, int]:
    """Return the cycles to the velocity and to the end of the tick."""
    phases = tick_phases(decoder, plan, scan)
    return velocity_cycle(phases), max(phase.end for phase in phases)
