"""Functional coverage: lanes x geometry x stalls x content x reset, each seen in a simulation.

A bin counts once a stream of that kind was exact and the harness has seen what the bin is named
for: an engine that was ready for an event where there was none, a velocity that waited, ticks
without a spike, a count beyond the feature table's end, a reset while a tick was worked on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from tqdm import tqdm

from aegru_hw.rtl.address_map import address, status_bit
from aegru_hw.rtl.sources import sources
from proof.mutants.decoders import Sizes
from proof.mutants.engines import SMALL, SPARSE, Plan, Played, compile_engine, opened, played
from proof.mutants.playing import CONTROL, STATUS, Player, WrongError
from proof.mutants.schemata import PACKAGE

LANES = (1, 2, 4, 16)
GEOMETRIES: dict[str, Sizes] = {
    "one step, window 1": {**SMALL, "steps": 1, "window": 1, "norm": False, "sparsity": 0.0},
    "three steps": SMALL,
    "sparse, six steps": {**SPARSE, "steps": 6},
}
STALLS = {"none": (0, 0), "source": (12, 0), "sink": (0, 15), "both": (12, 15)}
"""Of 16 cycles, those in which the source has no event, and the sink no room."""
CONTENTS = ("silence", "spikes", "saturation")
RESETS = ("none", "soft", "hard")
TICKS = 6
BUSY, SATURATED = status_bit("busy"), status_bit("saturated")


@dataclass(frozen=True)
class Bin:
    """One crossing, and whether it was seen in an exact simulation."""

    lanes: int
    geometry: str
    stalls: str
    content: str
    reset: str
    reached: bool


def functional_coverage(folder: Path) -> list[Bin]:
    """Return every bin; folder: for what is compiled, which is used again."""
    folder.mkdir(parents=True, exist_ok=True)
    bins = []
    total = len(LANES) * len(GEOMETRIES) * len(STALLS) * len(CONTENTS) * len(RESETS)
    with tqdm(total=total, desc="crosses", unit="bin") as bar:
        for lanes in LANES:
            plan = Plan(f"crosses of {lanes} lanes", lanes, tuple(GEOMETRIES.values()))
            library = folder / f"crosses_{lanes}.so"
            if not library.is_file():
                failed = compile_engine(plan, [PACKAGE, *sources()], library, folder / "work")
                if failed is not None:
                    raise RuntimeError(failed[-2000:])
            for found in _bins_of(plan, library):
                bins.append(found)
                bar.update()
    return bins


def _bins_of(plan: Plan, library: Path) -> Iterator[Bin]:
    player = Player(opened(library), 0, 0, seed=plan.lanes)
    for (geometry, decoder), content in product(zip(GEOMETRIES, plan.made, strict=True), CONTENTS):
        stream = played(decoder, plan.lanes, counts_of(content, decoder.geometry.channels))
        player.load(stream)
        for stalls, reset in product(STALLS, RESETS):
            reached = _reached(player, stream, stalls, content, reset)
            yield Bin(plan.lanes, geometry, stalls, content, reset, reached)


def counts_of(content: str, channels: int) -> np.ndarray:
    """Return spike counts (T, C): none at all, some, or some beyond the feature table's end."""
    counts = np.zeros((TICKS, channels), dtype=np.int64)
    if content != "silence":
        counts += np.random.default_rng(channels).poisson(0.3, counts.shape)
        counts[1, 0] += 1
    if content == "saturation":
        counts[TICKS // 2, :2] = 90
    return counts


def _reached(player: Player, stream: Played, stalls: str, content: str, reset: str) -> bool:
    idle, back = STALLS[stalls]
    seen = True
    if reset == "none":
        player.write(CONTROL, 3)
        player.drain()
    else:
        # Into the second tick, and then a reset while it is worked on.
        player.write(CONTROL, 3)
        player.drain()
        cut = int(stream.costs[0, 0] + stream.costs[1, 0] // 2) + 300
        for _ in range(64):
            player.stream(stream.events, TICKS, most=cut, idle=idle, back=back)
            seen = bool(player.read(STATUS) & BUSY)
            if seen:
                break
            player.write(CONTROL, 3)
            player.drain()
            cut += 37
        if reset == "soft":
            player.write(CONTROL, 3)
            player.drain()
        else:
            player.library.engine_reset(player.handle, 2)
            player.load(stream)
    before = player.stalls
    try:
        player.check(stream, idle=idle, back=back)
    except WrongError:
        return False
    source, sink = (after - was for after, was in zip(player.stalls, before, strict=True))
    seen &= (source > 0) == (stalls in ("source", "both"))
    seen &= (sink > 0) == (stalls in ("sink", "both"))
    seen &= bool(stream.costs[:, 6].sum()) == (content == "saturation")
    seen &= bool(player.read(STATUS) & SATURATED) == (content == "saturation")
    return seen and player.read(address("ticks")) == TICKS
