"""Table of lanes P against cycles a tick, latency, utilisation: python -m benchmarks.bench_engine

Paper geometry at 50 % sparsity, random weights, Poisson spikes. Cycles and latency are of the
compiled engine; the columns after utilisation are the least cycles of other schedules on the same
lanes, by count of their multiply-accumulates. The last one is the clock cycles simulated per second
on one core, the best of three runs.
"""

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.macs import reference_dense, streaming_dense
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, Engine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--channels", type=int, default=96)
    parser.add_argument("--ticks", type=int, default=500)
    parser.add_argument("--rate", type=float, default=0.05, help="spikes a channel and tick")
    parser.add_argument("--cache", type=Path, default=None, help="folder of compiled engines")
    arguments = parser.parse_args()
    decoder = random_decoder(1, channels=arguments.channels)
    counts = random_counts(1, arguments.ticks, arguments.channels, rate=arguments.rate)
    geometry = decoder.geometry
    reference, dense = reference_dense(geometry), streaming_dense(geometry)
    no_delta = (
        decoder.encoder.non_zero
        + decoder.input.non_zero
        + (geometry.steps - 1) * decoder.recurrent.non_zero
    )
    no_reuse = geometry.steps * (
        decoder.encoder.non_zero + decoder.input.non_zero + decoder.recurrent.non_zero
    )
    print("  P  cycles  bound  latency  its limit  utilisation", end="")
    print("  no delta  dense  no reuse  dense reference  share of it  predicted equal  Mcycles/s")
    for lanes in (1, 2, 4, 8, 16):
        with Engine(decoder, lanes, cache=arguments.cache) as engine:
            run = engine.run(counts)
            speed = max(cycles_per_second(engine, counts) for _ in range(3))
            costs = tick_costs(decoder, engine.image.schedule, counts)
        equal = all(np.array_equal(run.costs[name], getattr(costs, name)) for name in COST_FIELDS)
        cycles, latency = run.costs["cycles"].mean(), run.costs["latency"].mean()
        # The recurrent products of a tick are made at the end of the one before.
        path = (costs.encoder + costs.input + costs.readout).mean()
        row = [
            f"{lanes:3d}",
            f"{cycles:6.0f}",
            f"{costs.lane_macs.mean() / lanes:5.0f}",
            f"{latency:7.0f}",
            f"{1.25 * path / lanes + 100:9.0f}",
            f"{costs.utilisation:11.3f}",
            f"{no_delta / lanes:8.0f}",
            f"{dense / lanes:5.0f}",
            f"{no_reuse / lanes:8.0f}",
            f"{reference / lanes:15.0f}",
            f"{cycles * lanes / reference:11.3f}",
            f"{'yes' if equal else 'NO':15}",
            f"{speed / 1e6:9.2f}",
        ]
        print("  ".join(row), flush=True)


def cycles_per_second(engine: Engine, counts: NDArray[np.int64]) -> float:
    """Return the clock cycles simulated per second of wall-clock time."""
    begin = time.perf_counter()
    cycles = engine.run(counts).clock_cycles
    return cycles / (time.perf_counter() - begin)


if __name__ == "__main__":
    main()
