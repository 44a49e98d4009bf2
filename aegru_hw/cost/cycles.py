"""The engine's cycles and multiply-accumulates, tick by tick: what its counters must show.

With P lanes, the schedule's lengths l_c (encoder column of channel c), l_i and l_r (input and
recurrent product), H hidden units, L latent units and G channels compared at once:

    scan     s = 2·ceil(C/G) + sum over changed channels c of (1 + max(1, l_c))
    latents  until s + 3 + ceil(L/P)
    input    l_i cycles more; then N - 1 recurrent products of l_r cycles
    cell     E = 2·H + 27; cell j starts 3 cycles after the last word of its product, or when cell
             j - 1 has ended; product j starts when product j - 1 and cell j - 2 have ended
    velocity at the end of cell 1 (g_N), or of cell 0 where N = 1
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.images import GROUP_SIZE
from aegru_hw.rtl.schedule import Schedule

PER_TICK = ("cycles", "latency", "encoder", "saturations", "scan_cycles")
CELL_OVERHEAD = 27
ENCODER_DRAIN = 3
PRODUCT_DRAIN = 3


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

    def summary(self, tick_seconds: float) -> dict[str, Any]:
        """Return means and maxima, and the clock in Hz with which the longest tick keeps up."""
        return {
            "lanes": self.lanes,
            "macs_per_tick_mean": float(self.macs.mean()),
            "cycles": {
                "per_tick_mean": float(self.cycles.mean()),
                "per_tick_max": int(self.cycles.max()),
                "latency_mean": float(self.latency.mean()),
                "latency_max": int(self.latency.max()),
            },
            "utilisation": {"tick": self.utilisation, **self.phase_utilisation},
            "least_clock_hz": float(self.cycles.max() / tick_seconds),
        }


def tick_costs(decoder: FixedDecoder, plan: Schedule, counts: NDArray[Any]) -> TickCosts:
    """Predict the costs of every tick for counts (T, C) of spikes after silence."""
    geometry = decoder.geometry
    changed, saturated = _changes(decoder, counts)
    scan = 2 * -(-geometry.channels // GROUP_SIZE) + changed @ (
        1 + np.maximum(plan.column_length, 1)
    )
    latency, cycles = _after_scan(decoder, plan)
    return TickCosts(
        lanes=plan.lanes,
        cycles=scan + cycles,
        latency=scan + latency,
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
    total = np.cumsum(counts, axis=0, dtype=np.int64)
    windows = total.copy()
    windows[window:] -= total[:-window]
    changed = np.diff(np.minimum(windows, end), axis=0, prepend=0) != 0
    return changed.astype(np.int64), (windows > end).sum(axis=1)


def tick_phases(decoder: FixedDecoder, plan: Schedule, scan: int) -> list[Phase]:
    """Return the phases of a tick whose scan takes `scan` cycles, in the order that they begin.

    The cells and recurrent products are of g_1, g_N, ..., g_2. The velocity is out at the end of
    the cell of g_N, and the tick ends with the last phase.
    """
    geometry = decoder.geometry
    cell = 2 * geometry.hidden + CELL_OVERHEAD
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
            begin = free if index < 3 else max(free, ends[index - 2])
            free = begin + plan.recurrent_length
            phases.append(Phase("lanes", "recurrent", chain, begin, free))
        begin = max([free - 1 + PRODUCT_DRAIN, *ends[-1:]])
        ends.append(begin + cell)
        phases.append(Phase("cell", "cell", chain, begin, ends[-1]))
    return sorted(phases, key=lambda phase: phase.begin)


def velocity_cycle(phases: list[Phase]) -> int:
    """Return the cycle before which a tick's velocity is out: the end of the cell of g_N."""
    last = max(phase.chain for phase in phases)
    return next(phase.end for phase in phases if (phase.unit, phase.chain) == ("cell", last))


def _after_scan(decoder: FixedDecoder, plan: Schedule) -> tuple[int, int]:
    """Return cycles from the end of the scan to the velocity and to the end of the tick."""
    phases = tick_phases(decoder, plan, 0)
    return velocity_cycle(phases), max(phase.end for phase in phases)
