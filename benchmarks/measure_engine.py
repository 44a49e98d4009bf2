"""Whole test splits through the compiled engine: python -m benchmarks.measure_engine RUN...

For each run and P: ticks, ticks in which a velocity code differs from the integer simulator's
(window form), ticks in which any counter differs from the cost model, cycles, utilisation and the
clock cycles simulated per second. Exits 1 where anything differs.
"""

import argparse
import sys
import time
from pathlib import Path

from aegru_hw.fixedpoint import at_output_rate, at_outputs, load_decoder, run_window_form
from aegru_hw.recordings import load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.engine import Engine
from aegru_hw.rtl.verification import run_engine
from aegru_hw.runs.folder import RunFolder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--lanes", type=int, nargs="+", default=[1, 4, 16])
    arguments = parser.parse_args()
    wrong = 0
    print(f"{'':16}{'':>3}{'':>8}{'':>12}{'unlike':>11}{'cycles':>8}{'':>8}{'latency':>9}")
    print(f"{'run':16}{'P':>3}{'ticks':>8}{'mismatches':>12}{'predicted':>11}{'mean':>8}", end="")
    print(f"{'max':>8}{'max':>9}{'utilisation':>13}{'Mcycles/s':>11}")
    for path in arguments.runs:
        run = RunFolder(path)
        decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
        geometry = decoder.geometry
        stream, _ = test_stream(recording, geometry.window, geometry.steps, geometry.every)
        every_tick = run_window_form(decoder, stream.counts).velocity
        reference = at_outputs(every_tick, geometry.every)
        decoder, counts = at_output_rate(decoder, stream.counts)
        for lanes in arguments.lanes:
            Engine(decoder, lanes).close()  # compiled before the time is taken
            begin = time.perf_counter()
            result = run_engine(decoder, lanes, counts)
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
