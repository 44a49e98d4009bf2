"""Resets in every cycle of ticks, of start-up and of a load: python -m proof.resets

For engines of P lanes that hold one small decoder: registers and memories begin at random, an
image is loaded, ticks are played, and a reset comes in each cycle that there is. Then the image is
loaded anew where the reset lost it, and the ticks that follow must be those of the integer
simulator from start-up, with the counters of the cost model. A packet in flight obeys AXI4-Stream,
and what a reset leaves of a load is no image.

example: python -m proof.resets --lanes 1 4 --out proof_results
"""

import argparse
import ctypes
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, events_of
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import least_limits
from aegru_hw.rtl.sources import engine_digest, simulation_sources
from aegru_hw.strict_json import read_json, write_json
from proof.simulators import BENCHES, verilated_library

LANES = (1, 2, 4, 16)
PHASES = ("ticks", "start_up", "load")
KINDS = ("hard", "soft", "load_begin")
FAULTS = (
    "velocity",
    "costs",
    "totals",
    "stream",
    "half packet",
    "status",
    "accepted event",
    "stuck",
    "assertion",
    "crash",
)
"""Names of the bits that a trial returns, from the lowest: proof/benches/resets.cpp."""

LOAD_STRIDE = {16: 7}
"""Where a load is long: a stride that has no factor with the cycles of a word."""

SEED, BASES = 20, 5
"""Random beginnings. Each moment has one of them, or all where no image is loaded after it."""

FIRST_TICKS, TICKS = 3, 6
"""Ticks before those in which the reset comes, and all; after a reset all are played."""


@dataclass(frozen=True)
class Block:
    """Trials of one engine, phase and kind of reset, in every `stride`th cycle.

    cycles: tried; of a soft reset in a load, gaps between words: the bus takes one write at a time.
    trials: of all cycles, from random beginnings. mismatches: trials with a fault. first: of them.
    """

    lanes: int
    phase: str
    kind: str
    stride: int
    cycles: int
    trials: int
    mismatches: int
    first: str | None = None

    def whole(self, stride: int) -> bool:
        """Tell whether a run with this stride would try the same cycles."""
        return self.stride == stride * load_stride(self.lanes, self.phase, self.kind)


@dataclass(frozen=True)
class Results:
    """What resets.json holds."""

    campaign: str
    engine: str
    rows: list[Block]


class Plan(ctypes.Structure):
    """The bench's `Plan`; the arrays live as long as it."""

    _fields_ = (
        ("words", ctypes.c_void_p),
        ("word_count", ctypes.c_uint64),
        ("events", ctypes.c_void_p),
        ("event_count", ctypes.c_uint64),
        ("velocity", ctypes.c_void_p),
        ("costs", ctypes.c_void_p),
        ("ticks", ctypes.c_uint64),
    )


class Sweep(ctypes.Structure):
    """The bench's `Sweep`."""

    _fields_ = (
        ("plan", ctypes.POINTER(Plan)),
        ("phase", ctypes.c_uint32),
        ("kind", ctypes.c_uint32),
        ("first_event", ctypes.c_uint64),
        ("moments", ctypes.c_uint64),
        ("stride", ctypes.c_uint64),
        ("seed", ctypes.c_uint32),
        ("bases", ctypes.c_uint32),
        ("each_base", ctypes.c_bool),
    )


TRIED = ctypes.CFUNCTYPE(None, ctypes.c_uint64, ctypes.c_uint32)


class Bench:
    """A compiled engine of P lanes, its decoder, and what the decoder must give.

    fixed_formats: the formats are wired in; otherwise every image brings its own.
    """

    def __init__(self, lanes: int, folder: Path, *, fixed_formats: bool) -> None:
        decoder = small_decoder()
        counts = random_counts(7, TICKS, decoder.geometry.channels, rate=0.5, maximum=3)
        image = memory_image(decoder, lanes)
        parameters: dict[str, int | str] = dict(least_limits(image.needs).parameters(lanes))
        if fixed_formats:
            parameters["FixedConfig"] = image.fixed_config
        files = [file for file in simulation_sources() if file.name != "engine.cpp"]
        files.append(BENCHES / "resets.cpp")
        library = ctypes.CDLL(str(verilated_library(folder, "aegru_engine", files, parameters)))
        self._cycles, self._sweep = library.resets_cycles, library.resets_sweep
        self._cycles.restype, self._sweep.restype = ctypes.c_uint64, None
        self.lanes = lanes
        costs = tick_costs(decoder, image.schedule, counts)
        self._arrays = (
            np.ascontiguousarray(image_stream(image), dtype=np.uint32),
            np.ascontiguousarray(events_of(counts), dtype=np.uint32),
            np.ascontiguousarray(run_streaming_form(decoder, counts).velocity, dtype=np.int32),
            np.stack([getattr(costs, name) for name in COST_FIELDS], axis=1).astype(np.uint32),
        )
        words, events, velocity, cost_words = self._arrays
        self._plan = Plan(
            *(words.ctypes.data, len(words), events.ctypes.data, len(events)),
            *(velocity.ctypes.data, cost_words.ctypes.data, TICKS),
        )
        self._first_event = len(events_of(counts[:FIRST_TICKS]))

    def moments(self, phase: str, kind: str) -> int:
        """Return how many cycles, or gaps between words, a phase has where no reset comes."""
        if (phase, kind) == ("load", "soft"):
            return len(self._arrays[0]) + 1
        cycles = int(self._cycles(ctypes.byref(self._whole(phase, kind))))
        if cycles == 0:
            raise RuntimeError(f"P = {self.lanes}, {phase}: wrong without a reset")
        return cycles + 1

    def sweep(
        self, phase: str, kind: str, moments: int, stride: int, tried: Callable[[int, int], None]
    ) -> None:
        """Reset in every `stride`th moment; call `tried` with it and its faults, bits of FAULTS."""
        sweep = self._whole(phase, kind)
        sweep.moments, sweep.stride = moments, stride
        self._sweep(ctypes.byref(sweep), TRIED(tried))

    def _whole(self, phase: str, kind: str) -> Sweep:
        plan = ctypes.pointer(self._plan)
        numbers = (PHASES.index(phase), KINDS.index(kind), self._first_event, 0, 1)
        return Sweep(plan, *numbers, SEED + self.lanes, BASES, loads_nothing(phase, kind))


def small_decoder() -> FixedDecoder:
    """Return a decoder whose image is short and whose ticks have every phase."""
    return random_decoder(
        11, channels=6, latent=3, hidden=4, window=2, steps=3, table_bits=4, sparsity=0.3
    )


def loads_nothing(phase: str, kind: str) -> bool:
    """Tell whether the image outlives a reset: then a trial is short."""
    return phase != "load" and kind == "soft"


def load_stride(lanes: int, phase: str, kind: str) -> int:
    """Return how much longer than asked for the stride of a block is."""
    return LOAD_STRIDE.get(lanes, 1) if (phase, kind) == ("load", "hard") else 1


def named(faults: int) -> str:
    """Return the faults of a trial in words."""
    return ", ".join(name for bit, name in enumerate(FAULTS) if faults >> bit & 1)


def blocks() -> Iterator[tuple[str, str]]:
    """Yield each phase with each kind of reset that it can have."""
    for phase in PHASES:
        for kind in KINDS:
            if (phase, kind) != ("load", "load_begin"):
                yield phase, kind


def run_block(bench: Bench, phase: str, kind: str, stride: int, *, progress: bool = True) -> Block:
    """Try a reset in every `stride`th cycle of a phase, or between words of a load."""
    stride *= load_stride(bench.lanes, phase, kind)
    moments = bench.moments(phase, kind)
    cycles = len(range(0, moments, stride))
    trials, wrong = 0, list[str]()
    description = f"P = {bench.lanes}, {kind} in {phase}"
    total = cycles * (BASES if loads_nothing(phase, kind) else 1)
    with tqdm(total=total, desc=description, disable=not progress, leave=False) as bar:

        def tried(moment: int, faults: int) -> None:
            nonlocal trials
            trials += 1
            if faults:
                wrong.append(f"cycle {moment}: {named(faults)}")
            bar.update()

        bench.sweep(phase, kind, moments, stride, tried)
    if trials != total:
        raise RuntimeError(f"{description}: {trials} of {total} trials")
    first = wrong[0] if wrong else None
    return Block(bench.lanes, phase, kind, stride, cycles, trials, len(wrong), first)


def run(lanes: list[int], stride: int, out: Path, *, progress: bool = True) -> Results:
    """Run the blocks that `out`/resets.json has not yet of this engine; write it after each."""
    path, digest = out / "resets.json", engine_digest()
    rows: list[Block] = []
    if path.is_file():
        before = read_json(path, Results)
        if before.engine == digest:
            rows = [row for row in before.rows if row.whole(stride)]
    out.mkdir(parents=True, exist_ok=True)
    for number in lanes:
        done = {(row.phase, row.kind) for row in rows if row.lanes == number}
        left = [block for block in blocks() if block not in done]
        if not left:
            continue
        with tempfile.TemporaryDirectory(prefix="aegru_") as folder:
            bench = Bench(number, Path(folder), fixed_formats=number in (2, 16))
            for phase, kind in left:
                rows.append(run_block(bench, phase, kind, stride, progress=progress))
                rows.sort(key=lambda row: (row.lanes, row.phase, row.kind))
                write_json(Results("resets", digest, rows), path)
    return Results("resets", digest, rows)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument("--lanes", type=int, nargs="+", choices=LANES, default=list(LANES))
    parser.add_argument(
        "--stride", type=int, default=1, help="try every so manyth cycle (default: every one)"
    )
    arguments = parser.parse_args()
    results = run(arguments.lanes, max(arguments.stride, 1), arguments.out)
    print(f"{'P':>3}  {'reset in':9} {'kind':11}{'every':>5}{'cycles':>8}{'trials':>8}", end="")
    print(f"{'mismatches':>12}")
    for row in results.rows:
        print(f"{row.lanes:3}  {row.phase:9} {row.kind:11}{row.stride:5}{row.cycles:8,}", end="")
        print(f"{row.trials:8,}{row.mismatches:12}")
        if row.first is not None:
            print(f"     {row.first}")
    print(f"trials {sum(row.trials for row in results.rows):,}, ", end="")
    print(f"mismatches {sum(row.mismatches for row in results.rows)}")
    return int(any(row.mismatches for row in results.rows))


if __name__ == "__main__":
    sys.exit(main())
