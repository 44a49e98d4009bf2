"""What is proven: a harness, the modules that it holds, and how deep."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.fixedpoint.geometry import Geometry
from proof.properties.bounds import cell_bounds, sequencer_bounds

HARNESSES = Path(__file__).parent
INVARIANT = "invariant_"


@dataclass(frozen=True)
class Proof:
    """One harness and how it is proven.

    module: of rtl/ that the properties speak of. harness: file and top module of this folder.
    depth: clock cycles; an induction uses as many at most; 0 for what has no state. unbounded: by
    induction; otherwise to `depth` cycles after reset. variants: parameters of the harness; it must
    hold with each.
    blackboxes: modules whose outputs are free. cuts: signals that are free. reach: cycles after
    reset within which the harness's `witness` comes, so that its assumptions do not contradict each
    other; 0 where there is none, because nothing but a reset at first is assumed.
    """

    module: str
    harness: str
    depth: int = 4
    unbounded: bool = True
    variants: tuple[Mapping[str, int], ...] = ({},)
    blackboxes: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()
    reach: int = 0

    @property
    def path(self) -> Path:
        """The harness's file."""
        return HARNESSES / f"{self.harness}.sv"

    @property
    def properties(self) -> list[str]:
        """Names of the properties, in the order of the harness, without the invariants."""
        return [name for name in self._labels("assert") if not name.startswith(INVARIANT)]

    @property
    def invariants(self) -> list[str]:
        """Names of the lines that are proven for the induction alone."""
        return [name for name in self._labels("assert") if name.startswith(INVARIANT)]

    @property
    def assumptions(self) -> list[str]:
        """Names of what is assumed of the environment."""
        return self._labels("assume")

    def _labels(self, keyword: str) -> list[str]:
        text = self.path.read_text(encoding="utf-8")
        return re.findall(rf"(\w+): {keyword} \(", text)


ENGINES = (
    (Geometry(channels=96, latent=32, hidden=32, window=20, steps=3, tick_seconds=0.004), 4),
    (Geometry(channels=96, latent=32, hidden=32, window=20, steps=3, tick_seconds=0.004), 1),
    (Geometry(channels=16, latent=8, hidden=6, window=3, steps=2, tick_seconds=0.004), 2),
    (Geometry(channels=8, latent=4, hidden=4, window=5, steps=1, tick_seconds=0.004), 4),
    (Geometry(channels=32, latent=16, hidden=16, window=1, steps=4, tick_seconds=0.004), 8),
    (Geometry(channels=256, latent=64, hidden=64, window=20, steps=8, tick_seconds=0.004), 16),
)
"""Geometries and lanes for which the sequencer's bound is proven."""

SMALL = (
    *((4, 2, 3, 3), (4, 2, 3, 1), (4, 4, 2, 2), (4, 3, 4, 2), (4, 2, 1, 3)),
    *((1, 2, 3, 3), (2, 3, 2, 1), (1, 2, 1, 2)),
)
"""Lanes, hidden units, steps and window of the engines whose ticks are proven."""

PROOFS = (
    Proof(
        "aegru_fifo",
        "fifo",
        variants=tuple({"Depth": depth} for depth in (2, 4, 64)),
    ),
    Proof("aegru_axil", "axil"),
    Proof(
        "aegru_pkg",
        "rounding",
        depth=0,
        variants=tuple({"Shift": shift} for shift in range(64)),
    ),
    Proof(
        "aegru_loader",
        "gate",
        depth=2,
        variants=({"Fixed": 0}, {"Fixed": 1}),
    ),
    Proof(
        "aegru_sequencer",
        "sequencer",
        depth=3,
        variants=tuple(sequencer_bounds(*engine) for engine in ENGINES),
        reach=25,
    ),
    Proof(
        "aegru_cell",
        "cell_unit",
        depth=1,
        variants=tuple(cell_bounds(lanes, hidden) for lanes, hidden in ((4, 2), (4, 3), (1, 2))),
        blackboxes=("gates", "gates_serial"),
        reach=9,
    ),
    Proof("aegru_spi", "spi", depth=2, reach=40),
    Proof(
        "aegru_engine",
        "tick",
        depth=2,
        variants=tuple(
            {"Lanes": lanes, "Hidden": hidden, "Steps": steps, "Window": window}
            for lanes, hidden, steps, window in SMALL
        ),
        blackboxes=("lane", "loader"),
        cuts=("dut.velocity", "dut.i_changes.code2_q"),
    ),
)


def proof_of(harness: str) -> Proof:
    """Return the proof of a harness."""
    return next(proof for proof in PROOFS if proof.harness == harness)
