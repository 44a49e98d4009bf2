"""Single-bit upsets in every register and memory of the engine: python -m proof.upsets.

One bit flips in a cycle of its own choice while ticks are decoded, each time in a copy of the same
engine; what its velocities do after that is compared with the integer simulator:

    masked    every velocity is right, and no upset was seen
    harmless  every velocity is right, and velocities were marked
    marked    velocities are wrong, all of them marked
    host      a host sees it: no velocity comes, or one out of turn
    silent    a wrong velocity is not marked
    lasting   silent, and still wrong after (steps + 4) windows

An upset of a word that only loading writes stays, marked, until the image is loaded again; that it
is gone then is checked. Half of the upsets are in memories, half in registers. Exits 1 where a
silent upset lasts with protection on. The campaign goes on where it was ended.
"""

import argparse
import ctypes
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.plain_folder import plain_folder
from aegru_hw.rtl.engine import events_of
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.limits import least_limits
from aegru_hw.rtl.sources import engine_digest, simulation_sources
from aegru_hw.strict_json import write_json
from proof.markdown import markdown
from proof.simulators import BENCHES, verilated_library

WINDOW, STEPS, CHANNELS = 4, 3, 12
BEFORE = 5 * WINDOW
"""Ticks before the window of ticks in which a bit flips."""
RUN = (STEPS + 4) * WINDOW + 32
"""Ticks from that window on; a silent upset that shows in the last 32 of them lasts."""
TAIL = 32
REST, LIMIT = 400, 20_000
"""Cycles between a velocity and the next tick's events; the most that a tick may take."""
OUTCOMES = ("masked", "harmless", "marked", "host", "silent", "lasting")
MODULES = {"events": "fifo", "queue": "fifo"} | {
    name: name
    for name in (
        *("control", "axil", "loader", "counters", "window", "sequencer", "ring", "changes"),
        *("lane", "cell", "gates", "rebuild", "upsets"),
    )
}
"""The engine's instances, and what module each is."""

WRONG, MARKED, GONE, UNLOADED = 1, 2, 4, 8
"""Of a tick: its velocity is wrong; is marked; does not come. Of a run: loading does not help."""


@dataclass(frozen=True)
class Target:
    """A register, or a memory of so many words, with `bits` bits each."""

    name: str
    bits: int
    words: int

    @property
    def is_memory(self) -> bool:
        return self.name.endswith((".words", ".memory"))

    @property
    def module(self) -> str:
        """The module that it is in; the words of a memory belong to the module that has it."""
        parts = [part.removeprefix("i_") for part in self.name.split(".")[2:-1]]
        inside = ["engine", *(MODULES[part] for part in parts if part in MODULES)]
        return f"aegru_{inside[-1]}"


@dataclass(frozen=True)
class Upset:
    """A bit that flips, so many cycles ahead."""

    target: int
    word: int
    bit: int
    cycles: int


class UpsetEngine:
    """A compiled engine with a small random decoder, loaded and decoding.

    Raises UserError where it cannot be compiled.
    """

    def __init__(self, lanes: int, folder: Path, *, protected: bool) -> None:
        decoder = random_decoder(
            3, channels=CHANNELS, latent=6, hidden=5, window=WINDOW, steps=STEPS, sparsity=0.4
        )
        image = memory_image(decoder, lanes)
        parameters: dict[str, int | str] = dict(least_limits(image.needs).parameters(lanes))
        parameters["Protected"] = int(protected)
        files = [file for file in simulation_sources() if file.suffix in (".sv", ".h")]
        self._library = ctypes.CDLL(
            str(
                verilated_library(
                    folder,
                    "aegru_engine",
                    [*files, BENCHES / "upsets.cpp"],
                    parameters,
                    ("--public-flat-rw", "--noassert"),
                )
            )
        )
        self._declare()
        self._words = image_stream(image)
        self._handle = self._library.upsets_new()
        counts = random_counts(4, BEFORE + RUN, CHANNELS, rate=0.3)
        self._velocity = run_streaming_form(decoder, counts).velocity
        self._events = [events_of(counts[tick : tick + 1]) for tick in range(len(counts))]
        self._load()
        self.targets = self._targets()
        self.span = self._before()

    def _declare(self) -> None:
        library, words, handle = self._library, ctypes.POINTER(ctypes.c_uint32), ctypes.c_void_p
        wide = ctypes.c_uint64
        library.upsets_new.restype = handle
        library.upsets_load.argtypes = [handle, words, wide]
        library.upsets_targets.restype = wide
        library.upsets_targets.argtypes = [handle]
        library.upsets_target.restype = ctypes.c_char_p
        library.upsets_target.argtypes = [handle, wide, words, words]
        library.upsets_flip.argtypes = [handle, wide, ctypes.c_uint32, ctypes.c_uint32, wide]
        library.upsets_tick.restype = wide
        library.upsets_tick.argtypes = [
            *(handle, words, wide, ctypes.POINTER(ctypes.c_int32), words, wide, wide)
        ]

    def _load(self) -> None:
        pointer = self._words.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32))
        self._library.upsets_load(self._handle, pointer, len(self._words))

    def _targets(self) -> list[Target]:
        found = []
        for index in range(self._library.upsets_targets(self._handle)):
            bits, words = ctypes.c_uint32(), ctypes.c_uint32()
            name = self._library.upsets_target(self._handle, index, bits, words)
            found.append(Target(name.decode(), bits.value, words.value))
        return found

    def _before(self) -> int:
        """Decode the first ticks, which must be right; return the cycles of a window of ticks."""
        cycles = []
        for tick in range(BEFORE):
            taken, state = self._tick(tick, tick)
            if state:
                raise RuntimeError(f"tick {tick} is wrong before anything has flipped")
            cycles.append(taken)
        return sum(cycles[-WINDOW:])

    def _tick(self, tick: int, as_tick: int) -> tuple[int, int]:
        """Decode the events of a tick; return its cycles and what it shows against as_tick."""
        velocity, marked = (ctypes.c_int32 * 2)(), ctypes.c_uint32()
        events = self._events[tick]
        cycles = self._library.upsets_tick(
            self._handle,
            events.ctypes.data_as(ctypes.POINTER(ctypes.c_uint32)),
            len(events),
            velocity,
            ctypes.byref(marked),
            REST,
            LIMIT,
        )
        if not cycles:
            return 0, GONE
        wrong = tuple(velocity) != tuple(self._velocity[as_tick])
        return cycles, wrong * WRONG | bool(marked.value) * MARKED

    def fork(self, upset: Upset) -> tuple[int, int]:
        """Begin a copy of this process that decodes on with the upset: its pipe and its number."""
        read, write = os.pipe()
        child = os.fork()
        if child:
            os.close(write)
            return read, child
        status = 1
        try:
            self._library.upsets_flip(
                self._handle, upset.target, upset.word, upset.bit, upset.cycles
            )
            os.write(write, bytes(self._decode_on()))
            status = 0
        finally:
            os._exit(status)

    def _decode_on(self) -> list[int]:
        states = []
        for tick in range(BEFORE, BEFORE + RUN):
            states.append(self._tick(tick, tick)[1])
            if states[-1] & GONE:
                return states
        if any(state & WRONG for state in states[-TAIL:]):
            self._load()
            again = [self._tick(tick, tick)[1] for tick in range(BEFORE)]
            states[-1] |= UNLOADED * any(again)
        return states


@dataclass(frozen=True)
class Outcome:
    """What an upset did, and in how many ticks from the first wrong velocity all were right again.

    stays: it is marked until the image is loaded again. unloaded: and even then.
    """

    name: str
    ticks: int
    stays: bool
    unloaded: bool


def outcome(states: bytes) -> Outcome:
    """Return what the ticks after an upset show."""
    wrong = [tick for tick, state in enumerate(states) if state & WRONG]
    silent = any(state & WRONG and not state & MARKED for state in states)
    late = any(tick >= RUN - TAIL for tick in wrong)
    ticks = wrong[-1] - wrong[0] + 1 if wrong and not late else 0
    if states[-1] & GONE and not silent:
        name = "host"
    elif silent:
        name = "lasting" if late else "silent"
    elif wrong:
        name = "marked"
    else:
        name = "harmless" if any(state & MARKED for state in states) else "masked"
    return Outcome(name, ticks, late and name == "marked", bool(states[-1] & UNLOADED))


def chosen(engine: UpsetEngine, seed: int, count: int) -> Iterator[Upset]:
    """Yield upsets, by turns in a register and in a memory, each bit as likely as another."""
    generator = np.random.default_rng(seed)
    pools = [
        [i for i, target in enumerate(engine.targets) if target.is_memory is memory]
        for memory in (False, True)
    ]
    shares: list[NDArray[np.float64]] = []
    for pool in pools:
        bits = np.array([engine.targets[i].bits * engine.targets[i].words for i in pool], float)
        shares.append(bits / bits.sum())
    for number in range(count):
        pool, share = pools[number % 2], shares[number % 2]
        index = int(generator.choice(pool, p=share))
        target = engine.targets[index]
        word, bit = int(generator.integers(target.words)), int(generator.integers(target.bits))
        yield Upset(index, word, bit, int(generator.integers(1, engine.span)))


def campaign(
    lanes: int,
    count: int,
    seed: int,
    jobs: int,
    *,
    protected: bool,
    kept: Path | None = None,
    progress: bool = False,
) -> list[tuple[Target, Outcome]]:
    """Return each upset's target and outcome.

    kept: file of what the ticks after each upset showed, a line each; what it has is not run again.
    """
    with plain_folder() as folder:
        engine = UpsetEngine(lanes, folder, protected=protected)
    upsets = list(chosen(engine, seed, count))
    done = kept.read_text(encoding="utf-8").split() if kept is not None and kept.exists() else []
    shown = [bytes.fromhex(line) for line in done[:count]]
    label = f"P = {lanes}, {'protected' if protected else 'plain'}"
    with tqdm(
        total=count, initial=len(shown), desc=label, file=sys.stderr, disable=not progress
    ) as bar:
        for first in range(len(shown), count, jobs):
            block = upsets[first : first + jobs]
            running = [engine.fork(upset) for upset in block]
            for upset, (pipe, child) in zip(block, running, strict=True):
                states = b"".join(iter(lambda pipe=pipe: os.read(pipe, 4096), b""))
                os.close(pipe)
                os.waitpid(child, 0)
                if not states:
                    raise RuntimeError(f"the engine of {upset} ended")
                shown.append(states)
                bar.update()
            if kept is not None:
                with kept.open("a", encoding="utf-8") as lines:
                    lines.writelines(f"{states.hex()}\n" for states in shown[-len(block) :])
    return [
        (engine.targets[upset.target], outcome(states))
        for upset, states in zip(upsets, shown, strict=True)
    ]


def rows(found: list[tuple[Target, Outcome]]) -> list[dict[str, int | str]]:
    """Return a row for each module, and one of all."""
    modules = [*sorted({target.module for target, _ in found}), "all"]
    table: list[dict[str, int | str]] = []
    for module in modules:
        own = [o for target, o in found if module in (target.module, "all")]
        counts = Counter(o.name for o in own)
        row: dict[str, int | str] = {"module": module, "upsets": len(own)}
        row |= {name: counts[name] for name in OUTCOMES}
        row["stays until loaded"] = sum(o.stays for o in own)
        row["not even then"] = sum(o.unloaded for o in own)
        row["longest"] = max((o.ticks for o in own), default=0)
        table.append(row)
    return table


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m proof.upsets --upsets 2000 --lanes 1 4 --out proof_results",
    )
    parser.add_argument("--upsets", type=int, default=2000, help="of each engine (default 2000)")
    parser.add_argument("--lanes", type=int, nargs="+", choices=(1, 2, 4, 8, 16), default=[4])
    parser.add_argument("--seed", type=int, default=0, help="of the bits and cycles (default 0)")
    parser.add_argument("--jobs", type=int, default=2, help="engines at a time (default 2)")
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "upsets.json"
    digest = engine_digest()
    done = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if done.get("engine") != digest:
        done = {"campaign": "upsets", "engine": digest, "runs": {}}
    lasting = 0
    kept = options.out / "upsets" / digest[:16]
    kept.mkdir(parents=True, exist_ok=True)
    for lanes in options.lanes:
        for protected in (True, False):
            key = f"P {lanes} {'protected' if protected else 'plain'} seed {options.seed}"
            key += f" upsets {options.upsets}"
            if key not in done["runs"]:
                try:
                    found = campaign(
                        *(lanes, options.upsets, options.seed, options.jobs),
                        protected=protected,
                        kept=kept / f"{key.replace(' ', '_')}.txt",
                        progress=True,
                    )
                except UserError as error:
                    print(f"upsets: {error}", file=sys.stderr)
                    return 1
                done["runs"][key] = rows(found)
                write_json(done, path)
            table = done["runs"][key]
            print(
                f"\n{key}\n\n{markdown(list(table[0]), (row.values() for row in table))}",
                flush=True,
            )
            lasting += protected and int(table[-1]["lasting"]) + int(table[-1]["not even then"])
    return int(lasting > 0)


if __name__ == "__main__":
    sys.exit(main())
