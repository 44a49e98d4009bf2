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

from aegru_hw.fixedpoint import FixedDecoder, load_decoder, per_output, run_window_form
from aegru_hw.recordings.layout import open_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.elaboration import Elaboration
from aegru_hw.rtl.engine import COST_FIELDS, Engine
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.runs.fitting import ENGINE, Fit, fits
from aegru_hw.runs.folder import RunFolder
from aegru_hw.synthesis.resources import read_resources

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
    run = RunFolder(arguments.run)
    first = per_output(load_decoder(run.decoder))
    pairs = [
        (path, load_decoder(path), open_recording(recording))
        for path, recording in zip(arguments.decoders, arguments.recordings, strict=True)
    ]
    wrong = 0
    for lanes in arguments.lanes:
        made = Elaboration.of(memory_image(first, lanes))
        engine = Engine(first, lanes, limits=made.limits, fixed_config=made.fixed_config)
        ticks = mismatches = unlike = 0
        words: list[int] = []
        for _path, decoder, recording in pairs:
            stream, _ = test_stream(recording, decoder.geometry)
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
            f"{unlike} unlike the cost model; schedule of {made.limits.schedule:,} words; "
            f"images of {min(words):,} to {max(words):,} words"
        )
        wrong += mismatches + unlike
    wrong += _bitstreams(run, [decoder for _, decoder, _ in pairs])
    return int(wrong > 0)


def _bitstreams(run: RunFolder, decoders: list[FixedDecoder]) -> int:
    """Print what loads into a run's bitstreams; return how many decoders do not."""
    found: dict[str, list[Fit]] = {}
    for decoder in decoders:
        for fit in fits(decoder, run):
            if fit.engine != ENGINE:
                found.setdefault(fit.engine, []).append(fit)
    wrong = 0
    for name, of_target in found.items():
        resources = read_resources(run.synth / name)
        words = max(
            len(image_stream(memory_image(per_output(decoder), resources.lanes)))
            for decoder in decoders
        )
        before, after = (of_target[index].bitstream_sha256 for index in (0, -1))
        loaded = sum(fit.fits for fit in of_target)
        seconds = spi_seconds(words, resources.clock_mhz)
        print(
            f"{name}, P = {resources.lanes}: {loaded} of {len(decoders)} decoders load; at most "
            f"{words:,} words, {seconds:.3f} s over SPI at {resources.clock_mhz:g} MHz\n"
            f"  SHA-256 before {before}\n  SHA-256 after  {after}"
        )
        wrong += len(decoders) - loaded + int(before != after)
    return wrong


if __name__ == "__main__":
    sys.exit(main())
