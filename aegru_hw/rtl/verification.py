"""A long stream through the compiled engine, beside what the cost model says of each tick."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.cycles import TickCosts, tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, Engine, EngineRun, compiled_library
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import engine_limits

TICKS_AT_ONCE = 256
WORTH_A_PART = 10
"""A part is at least so many times as long as what it begins with."""
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


@dataclass(frozen=True)
class CycleFacts:
    """Clock cycles that the engine counted, and whether every tick's counters were predicted.

    utilisation: share of the lanes' cycles that multiply.
    """

    lanes: int
    per_tick_mean: float
    per_tick_max: int
    latency_mean: float
    latency_max: int
    utilisation: float
    predicted_equal: bool


def run_engine(
    decoder: FixedDecoder,
    lanes: int,
    counts: NDArray[Any],
    *,
    parts: int | None = None,
    cache: Path | None = None,
    sources_folder: Path | None = None,
    progress: bool = False,
) -> EngineResult:
    """Run counts (T, C), after silence, through compiled engines of P lanes.

    parts: how many engines run side by side, each a part of the ticks; the machine's cores where
        None. A part begins with the ticks before it that its first one depends on: steps * window
        of them, whatever came earlier. Their results are dropped.
    cache: folder of compiled libraries, the user's where None.
    sources_folder: the engine's sources, such as RUN/rtl/rtl; the package's where None.
    Raises UserError where no engine holds the decoder, and where it cannot be compiled.
    """
    warm_up = decoder.geometry.history
    if parts is None:
        parts = max(1, min(os.cpu_count() or 1, len(counts) // (WORTH_A_PART * warm_up)))
    bounds = np.linspace(0, len(counts), parts + 1).astype(int)
    image = memory_image(decoder, lanes)
    limits = engine_limits(image.needs, lanes)
    interrupted = Event()
    # Once, before the engines that load it.
    compiled_library(lanes, limits, cache, sources_folder=sources_folder)
    with (
        tqdm(total=len(counts), desc="rtl", unit="tick", disable=not progress, leave=False) as bar,
        ThreadPoolExecutor(parts) as pool,
    ):

        def run(begin: int, end: int) -> EngineRun:
            first = max(begin - warm_up, 0)
            with Engine(decoder, lanes, cache=cache, sources_folder=sources_folder) as engine:
                pieces = [engine.run(counts[first:begin])]
                for start in range(begin, end, TICKS_AT_ONCE):
                    if interrupted.is_set():
                        break
                    pieces.append(engine.run(counts[start : min(start + TICKS_AT_ONCE, end)]))
                    bar.update(len(pieces[-1].velocity))
            return EngineRun.joined(pieces, skipped=begin - first)

        try:
            whole = EngineRun.joined(list(pool.map(run, bounds[:-1], bounds[1:])))
        except BaseException:
            interrupted.set()
            raise
    predicted = tick_costs(decoder, image.schedule, counts)
    return EngineResult(whole.velocity, whole.costs, predicted, whole.clock_cycles)


def cycle_facts(result: EngineResult, scored: NDArray[np.bool_]) -> CycleFacts:
    """Return the cycles of the scored ticks; whether every tick's counters equal the model's."""
    cycles, latency = result.costs["cycles"][scored], result.costs["latency"][scored]
    return CycleFacts(
        lanes=result.predicted.lanes,
        per_tick_mean=float(cycles.mean()),
        per_tick_max=int(cycles.max()),
        latency_mean=float(latency.mean()),
        latency_max=int(latency.max()),
        utilisation=result.predicted.over(scored).utilisation,
        predicted_equal=result.ticks_unlike_predicted == 0,
    )
