"""Many ticks without a reset through streaming form and engine: python -m benchmarks.soak.

Random decoders, each fed one stream of random events, or the events of recordings over and over.
Velocities and every counter of every tick have to be equal. Exits 1 where anything differs, and
names the seed that shows it: --seed THAT --ticks 1 begins there.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.recordings.layout import open_recording
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, Engine
from aegru_hw.rtl.lanes import LANES

TICKS_AT_ONCE = 4096


def made_decoder(seed: int, channels: int) -> FixedDecoder:
    """Return a random decoder that the engine of default limits holds."""
    generator = np.random.default_rng(seed)
    return random_decoder(
        seed,
        channels=channels,
        latent=int(generator.integers(2, 40)),
        hidden=int(generator.integers(2, 40)),
        window=int(generator.integers(1, 30)),
        steps=int(generator.integers(1, 7)),
        sparsity=float(generator.uniform(0.2, 0.98)),
        norm=bool(generator.integers(4)),
        spread=float(generator.choice([0.5, 1.0, 4.0])),
    )


def soak(seed: int, lanes: int, ticks: int, recording: Path | None) -> tuple[int, int]:
    """Return how many ticks of one decoder were compared, and in how many anything differs."""
    generator = np.random.default_rng(seed)
    if recording is None:
        channels, rate = int(generator.integers(1, 200)), float(generator.uniform(0.001, 0.3))
        counts: NDArray[np.integer] = random_counts(seed, ticks, channels, rate=rate)
    else:
        recorded = open_recording(recording).counts
        counts = np.resize(recorded, (ticks, recorded.shape[1]))
    decoder = made_decoder(seed, counts.shape[1])
    with Engine(decoder, lanes) as engine:
        runs = [
            engine.run(counts[at : at + TICKS_AT_ONCE]) for at in range(0, ticks, TICKS_AT_ONCE)
        ]
        predicted = tick_costs(decoder, engine.image.schedule, counts)
    velocity = np.concatenate([run.velocity for run in runs])
    differs = (velocity != run_streaming_form(decoder, counts).velocity).any(axis=1)
    for name in COST_FIELDS:
        counted = np.concatenate([run.costs[name] for run in runs])
        differs |= counted != getattr(predicted, name)
    return ticks, int(differs.sum())


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: python -m benchmarks.soak --ticks 10000000 --jobs 2 recording.h5",
    )
    parser.add_argument("recordings", type=Path, nargs="*", metavar="RECORDING")
    parser.add_argument("--ticks", type=int, default=1_000_000, help="in all (default 1000000)")
    parser.add_argument("--each", type=int, default=50_000, help="of a decoder (default 50000)")
    parser.add_argument("--lanes", type=int, nargs="+", choices=LANES, default=[1, 4, 16])
    parser.add_argument("--seed", type=int, default=0, help="of the first decoder (default 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default 2)")
    options = parser.parse_args()
    total = wrong = 0
    events = [None, *options.recordings]
    decoders = -(-options.ticks // options.each)
    try:
        with (
            ProcessPoolExecutor(options.jobs) as pool,
            tqdm(total=decoders * options.each, unit="tick", file=sys.stderr) as bar,
        ):
            seeds = range(options.seed, options.seed + decoders)
            running = {
                pool.submit(
                    soak,
                    seed,
                    options.lanes[seed % len(options.lanes)],
                    options.each,
                    events[seed % len(events)],
                ): seed
                for seed in seeds
            }
            for done in as_completed(running):
                ticks, differing = done.result()
                total, wrong = total + ticks, wrong + differing
                bar.update(ticks)
                if differing:
                    print(f"seed {running[done]}: {differing} of {ticks} ticks differ", flush=True)
    except UserError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1
    print(f"{total:,} ticks of {decoders} decoders, seeds from {options.seed}: {wrong} differ")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
