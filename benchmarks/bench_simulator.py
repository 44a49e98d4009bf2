"""Ticks per second of every execution of one decoder on the same stream, in one run.

window form: straight from the definition.
streaming form: chains and delta encoder, vectorised over ticks.
step: the live decoder, one tick a call.
compiled step: the same in exported C, compiled with cc; left out where there is none.
firmware: hls4ml's C++, compiled with g++ and run through its predict.

Steps and firmware, the slow ones, get the first tenth of the stream.
Without RUN it takes a decoder of the paper's size with random weights, half of them zero. Each rate
is the best of the repetitions; every execution must give the same velocity codes.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.export.compiled import CompiledDecoder, outputs_of
from aegru_hw.fixedpoint import (
    FixedDecoder,
    load_decoder,
    run_streaming_form,
    run_window_form,
)
from aegru_hw.fixedpoint.live import run_live
from aegru_hw.fixedpoint.made_up import random_decoder

if TYPE_CHECKING:
    from aegru_hw.hls import Firmware

SPIKES_PER_TICK = 0.05
SLOW_SHARE = 10


def read_decoder(run: Path) -> FixedDecoder:
    return load_decoder(run / "decoder.h5" if run.is_dir() else run)


def compiled_firmware(decoder: FixedDecoder, folder: Path) -> "Firmware":
    from aegru_hw.hls import Firmware, write_project

    write_project(decoder, folder)
    firmware = Firmware(folder)
    firmware.compile()
    return firmware


def ticks_per_second(
    decode: Callable[[], NDArray[np.int64]], expected: NDArray[np.int64], repeats: int
) -> float:
    """Return the best rate of a few repetitions; UserError where a code differs."""
    best = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        velocity = decode()
        best = min(best, time.perf_counter() - start)
        if mismatches := int((velocity != expected[: len(velocity)]).sum()):
            raise UserError(f"{mismatches} velocity codes differ between executions; expected 0")
    return len(velocity) / best


def measure(decoder: FixedDecoder, options: argparse.Namespace) -> dict[str, float]:
    generator = np.random.default_rng(0)
    size = (options.ticks, decoder.geometry.channels)
    counts = (generator.random(size) < SPIKES_PER_TICK).astype(np.uint8)
    short = counts[: max(options.ticks // SLOW_SHARE, 1)]
    expected = run_window_form(decoder, counts).velocity
    executions: dict[str, Callable[[], NDArray[np.int64]]] = {
        "window form": lambda: run_window_form(decoder, counts).velocity,
        "streaming form": lambda: (
            run_streaming_form(decoder, counts, threads=options.threads).velocity
        ),
        "step": lambda: run_live(decoder, short),
    }
    if shutil.which("cc") is not None:
        compiled = CompiledDecoder(decoder)

        def compiled_step() -> NDArray[np.int64]:
            compiled.reset()
            return outputs_of(compiled, short)

        executions["compiled step"] = compiled_step
    with tempfile.TemporaryDirectory(prefix="aegru_hw_") as folder:
        if not options.no_firmware:
            firmware = compiled_firmware(decoder, Path(folder) / "hls")
            executions["firmware"] = lambda: firmware.predict(short)
        return {
            name: ticks_per_second(decode, expected, options.repeats)
            for name, decode in executions.items()
        }


def report(decoder: FixedDecoder, options: argparse.Namespace) -> dict[str, Any]:
    rates = measure(decoder, options)
    streaming = rates["streaming form"]
    return {
        "channels": decoder.geometry.channels,
        "norm": decoder.norm is not None,
        "ticks": options.ticks,
        "threads": options.threads,
        "ticks_per_second": rates,
        "streaming_form_over": {
            name: streaming / rate for name, rate in rates.items() if name != "streaming form"
        },
    }


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m benchmarks.bench_simulator demo_run --ticks 50000",
    )
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN", help="RUN or its decoder.h5")
    parser.add_argument("--channels", type=int, default=96, help="of the random decoder")
    parser.add_argument("--ticks", type=int, default=50_000, help="length of the stream")
    parser.add_argument("--threads", type=int, default=2, help="of the streaming form")
    parser.add_argument("--repeats", type=int, default=3, help="repetitions, the best counts")
    parser.add_argument("--no-firmware", action="store_true", help="leave the firmware out")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(arguments)
    for name in ("channels", "ticks", "threads", "repeats"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} {getattr(options, name)} is not a whole number above 0")
    return options


def main() -> None:
    options = parse()
    try:
        decoder = (
            random_decoder(1, channels=options.channels)
            if options.run is None
            else read_decoder(options.run)
        )
        found = report(decoder, options)
    except UserError as error:
        sys.exit(f"error: {error}")
    if options.json:
        print(json.dumps(found, indent=2))
        return
    print(f"{found['channels']} channels, {found['ticks']:,} ticks, norm: {found['norm']}")
    for name, rate in found["ticks_per_second"].items():
        print(f"{name:16} {rate:12,.0f} ticks/s")
    for name, ratio in found["streaming_form_over"].items():
        print(f"streaming form / {name:14} {ratio:10,.1f}")


if __name__ == "__main__":
    main()
