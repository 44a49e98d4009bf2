"""Many days on one engine: python -m benchmarks.measure_one_engine RUN --decoders D --recordings R

The engine is elaborated as the bitstream of RUN is: its depths, its number formats wired in. Each
decoder is loaded into it over the register bus, one after the other, and decodes the test split of
its recording. Nothing is reset between but by the load itself, after which the engine starts from
silence. For each P: ticks whose velocity differs from the integer simulator's (window form), ticks
in which any counter differs from the cost model, words of the image, and the time that loading them
over SPI takes, at the highest SCK of each target's usual clock. Exits 1 where anything differs.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from aegru_hw.fixedpoint import load_decoder, per_output, run_window_form
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, Engine
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import least_limits
from aegru_hw.runs.folder import RunFolder
from aegru_hw.synthesis.targets import TARGETS

CLOCKS_OF_SCK = 8
BYTES_BESIDES = 6 + 2 + 6
"""The write to LoadBegin, command and address of the words, the write to Control."""


def spi_seconds(words: int, clock_mhz: float) -> float:
    """Return how long an image takes over SPI, SCK an eighth of the clock."""
    return 8 * (BYTES_BESIDES + 4 * words) / (clock_mhz * 1e6 / CLOCKS_OF_SCK)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, metavar="RUN")
    parser.add_argument("--decoders", type=Path, nargs="+", required=True)
    parser.add_argument("--recordings", type=Path, nargs="+", required=True)
    parser.add_argument("--lanes", type=int, nargs="+", default=[4, 1])
    arguments = parser.parse_args()
    first = per_output(load_decoder(RunFolder(arguments.run).decoder))
    pairs = [
        (path, load_decoder(path), open_recording(recording))
        for path, recording in zip(arguments.decoders, arguments.recordings, strict=True)
    ]
    wrong = 0
    for lanes in arguments.lanes:
        image = memory_image(first, lanes)
        limits = least_limits(image.needs)
        engine = Engine(first, lanes, limits=limits, fixed_config=image.fixed_config)
        ticks = mismatches = unlike = 0
        words: list[int] = []
        for _path, decoder, recording in pairs:
            geometry = decoder.geometry
            stream, _ = test_stream(recording, geometry.window, geometry.steps)
            engine.load(decoder)
            found = engine.run(stream.counts)
            velocity = run_window_form(decoder, stream.counts).velocity
            predicted = tick_costs(decoder, engine.image.schedule, stream.counts)
            ticks += len(velocity)
            mismatches += int((found.velocity != velocity).any(axis=1).sum())
            differs = [found.costs[name] != getattr(predicted, name) for name in COST_FIELDS]
            unlike += int(np.any(differs, axis=0).sum())
            words.append(len(image_stream(engine.image)))
        engine.close()
        print(
            f"P = {lanes}: {len(pairs)} decoders, {ticks:,} ticks, {mismatches} mismatches, "
            f"{unlike} unlike the cost model; schedule of {limits.schedule:,} words; images of "
            f"{min(words):,} to {max(words):,} words"
        )
        for name, target in TARGETS.items():
            if target.family != "xc7" and (lanes == 1) == (target.family == "ice40"):
                clock = target.clock_mhz
                print(f"  {name}: {spi_seconds(max(words), clock):.3f} s at {clock:g} MHz")
        wrong += mismatches + unlike
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
