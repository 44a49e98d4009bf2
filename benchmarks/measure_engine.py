"""Whole test splits through the compiled engine: python -m benchmarks.measure_engine RUN...

For each run and P: ticks, ticks in which a velocity code differs from the integer simulator's
(window form), ticks in which any counter differs from the cost model, cycles, utilisation and the
clock cycles simulated per second. Exits 1 where anything differs.
"""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from aegru_hw.fixedpoint import (
    FixedDecoder,
    at_output_rate,
    at_outputs,
    load_decoder,
    run_window_form,
)
from aegru_hw.recordings import load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.cycles import TICKS_AT_ONCE, tick_costs
from aegru_hw.rtl.engine import Engine, EngineRun
from aegru_hw.rtl.rebuild import rebuild_costs
from aegru_hw.rtl.verification import EngineResult, run_engine
from aegru_hw.runs.folder import RunFolder


def run_protected(decoder: FixedDecoder, lanes: int, counts: NDArray[Any]) -> EngineResult:
    """Run counts (T, C) through one engine with parity and rebuilds."""
    with Engine(decoder, lanes, protected=True) as engine:
        pieces = [
            engine.run(counts[at : at + TICKS_AT_ONCE])
            for at in range(0, len(counts), TICKS_AT_ONCE)
        ]
        plan, limits = engine.image.schedule, engine.limits
    run = EngineRun.joined(pieces)
    rebuilds = rebuild_costs(decoder, plan, counts, limits)
    predicted = rebuilds.added_to(tick_costs(decoder, plan, counts))
    return EngineResult(run.velocity, run.costs, predicted, run.clock_cycles)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--protected", action="store_true", help="with parity and rebuilds")
    arguments = parser.parse_args()
    wrong = 0
    print(f"{'':16}{'':>3}{'':>8}{'':>12}{'unlike':>11}{'cycles':>8}{'':>8}{'latency':>9}")
    print(f"{'run':16}{'P':>3}{'ticks':>8}{'mismatches':>12}{'predicted':>11}{'mean':>8}", end="")
    print(f"{'max':>8}{'max':>9}{'utilisation':>13}{'Mcycles/s':>11}")
    for path in arguments.runs:
        run = RunFolder(path)
        decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
        stream, _ = test_stream(recording, decoder.geometry)
        every_tick = run_window_form(decoder, stream.counts).velocity
        reference = at_outputs(every_tick, decoder.geometry.every)
        decoder, counts = at_output_rate(decoder, stream.counts)
        for lanes in arguments.lanes:
            # Compiled before the time is taken.
            Engine(decoder, lanes, protected=arguments.protected).close()
            begin = time.perf_counter()
            run_one = run_protected if arguments.protected else run_engine
            result = run_one(decoder, lanes, counts)
            seconds = time.perf_counter() - begin
            mismatches = int((result.velocity != reference).any(axis=1).sum())
            unlike = result.ticks_unlike_predicted
            wrong += mismatches + unlike
            scored = result.predicted.over(stream.scored)
            print(
                f"{path.name:16}{lanes:3}{len(reference):8,}{mismatches:12}{unlike:11}"
                f"{scored.cycles.mean():8,.0f}{scored.cycles.max():8,}{scored.latency.max():9,}"
                f"{scored.utilisation:13.3f}{result.clock_cycles / seconds / 1e6:11.2f}",
                flush=True,
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
