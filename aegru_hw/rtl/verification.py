"""A long stream through the compiled engine, beside what the cost model says of each tick."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.cost.cycles import TickCosts, tick_costs
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.engine import COST_FIELDS, Engine

TICKS_AT_ONCE = 256
MATRICES = ("encoder", "input", "recurrent", "readout")


@dataclass(frozen=True)
class EngineResult:
    """What the engine gave for T ticks, and what was predicted.

    velocity: (T, 2) velocity codes. costs: (T,) counters by name of COST_FIELDS.
    predicted: the cost model's numbers for the same ticks. clock_cycles: cycles simulated.
    """

    velocity: Codes
    costs: dict[str, Codes]
    predicted: TickCosts
    clock_cycles: int

    @property
    def macs(self) -> Codes:
        """Multiply-accumulates of each tick, (T,)."""
        macs: Codes = np.sum([self.costs[name] for name in MATRICES], axis=0)
        return macs

    @property
    def ticks_unlike_predicted(self) -> int:
        """In how many ticks any counter differs from the cost model."""
        differs = [self.costs[name] != getattr(self.predicted, name) for name in COST_FIELDS]
        return int(np.any(differs, axis=0).sum())


def run_engine(
    decoder: FixedDecoder, lanes: int, counts: NDArray[Any], *, progress: bool = False
) -> EngineResult:
    """Run counts (T, C), after silence, through a compiled engine of P lanes.

    Raises UserError where the decoder does not fit the engine or there is no Verilator.
    """
    pieces = []
    with Engine(decoder, lanes) as engine:
        predicted = tick_costs(decoder, engine.image.schedule, counts)
        bar = tqdm(total=len(counts), desc="rtl", unit="tick", disable=not progress, leave=False)
        for start in range(0, len(counts), TICKS_AT_ONCE):
            pieces.append(engine.run(counts[start : start + TICKS_AT_ONCE]))
            bar.update(len(pieces[-1].velocity))
        bar.close()
    return EngineResult(
        np.concatenate([piece.velocity for piece in pieces]),
        {name: np.concatenate([piece.costs[name] for piece in pieces]) for name in COST_FIELDS},
        predicted,
        sum(piece.clock_cycles for piece in pieces),
    )


def cycle_facts(result: EngineResult, scored: NDArray[np.bool_]) -> dict[str, Any]:
    """Return the cycles of the scored ticks; whether every tick's counters equal the model's."""
    cycles, latency = result.costs["cycles"][scored], result.costs["latency"][scored]
    return {
        "lanes": result.predicted.lanes,
        "per_tick_mean": float(cycles.mean()),
        "per_tick_max": int(cycles.max()),
        "latency_mean": float(latency.mean()),
        "latency_max": int(latency.max()),
        "utilisation": result.predicted.over(scored).utilisation,
        "predicted_equal": result.ticks_unlike_predicted == 0,
    }
