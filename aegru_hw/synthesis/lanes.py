"""What more multiply lanes cost and give: one decoder's engine over targets and numbers of lanes.

Each point keeps its results in a folder TARGET_pP, with what they were made of, so that an
interrupted sweep goes on and nothing stale is taken. table.json has the rows.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.energy import energy
from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.cycles import TickCosts, tick_costs
from aegru_hw.rtl.schedule import schedule
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.flow import DoesNotFitError, checked_clock, require_tools_of
from aegru_hw.synthesis.lane_table import (
    DOES_NOT_FIT,
    ESTIMATED,
    FAILED,
    PLACED,
    TABLE,
    LaneRow,
    LaneTable,
    Spread,
)
from aegru_hw.synthesis.made_of import made_of
from aegru_hw.synthesis.resources import Resources, read_resources
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError

REFUSAL = "refusal.json"

Kept = TypeVar("Kept")


@dataclass(frozen=True)
class Point:
    """One engine to synthesise. pins: of the board, where the target takes one."""

    target: Target
    lanes: int
    pins: Path | None = None

    @property
    def name(self) -> str:
        return f"{self.target.name}_p{self.lanes}"


@dataclass(frozen=True, eq=False)
class Work:
    """What the engines run: spike counts (T, C) after silence, of which the scored ticks, a mask
    (T,), count. A tick here is one output (fixedpoint/rate.py).
    """

    decoder: FixedDecoder
    counts: NDArray[Any]
    scored: NDArray[np.bool_]


@dataclass(frozen=True)
class Refusal:
    """Kept in the place of results that there are not: why an engine does not fit its target."""

    says: str
    made_of: dict[str, str]


def sweep_lanes(
    work: Work,
    points: Iterable[Point],
    folder: Path,
    *,
    clock_mhz: float | None = None,
    progress: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> LaneTable:
    """Synthesise the engine of every point that the folder does not hold yet.

    clock_mhz: asked for; each target's own where None. say: told of each point as it begins.
    Returns what table.json holds. A point that does not fit, or whose tool fails, leaves a row too;
    the failed one is tried again by the next sweep.
    Raises UserError where a tool is not installed, or where the decoder does not fit the engine.
    """
    points = list(points)
    for point in points:
        checked_clock(point.target, clock_mhz)
        require_tools_of(point.target)
    folder.mkdir(parents=True, exist_ok=True)
    costs: dict[int, TickCosts] = {}
    table = LaneTable(int(work.scored.sum()), ())
    for index, point in enumerate(points):
        say(f"{point.target.name}, lanes {point.lanes} ({index + 1} of {len(points)})")
        if point.lanes not in costs:
            every = tick_costs(work.decoder, schedule(work.decoder, point.lanes), work.counts)
            costs[point.lanes] = every.over(work.scored)
        status, found = _placed(work.decoder, point, folder / point.name, clock_mhz, progress)
        row = _row(work.decoder, point, costs[point.lanes], status, found)
        table = LaneTable(table.ticks, (*table.rows, row))
        write_json(table, folder / TABLE)
    return table


def _placed(
    decoder: FixedDecoder, point: Point, place: Path, clock_mhz: float | None, progress: bool
) -> tuple[str, Resources | str]:
    """Return a point's status, and its resources or why there are none; made now or before."""
    now = made_of(decoder, point.target, point.lanes, clock_mhz=clock_mhz, pins=point.pins)
    kept = _kept(read_resources, place)
    if kept is not None and kept.made_of == now:
        return _status(kept), kept
    refusal = _kept(lambda folder: read_json(folder / REFUSAL, Refusal), place)
    if refusal is not None and refusal.made_of == now:
        return DOES_NOT_FIT, refusal.says
    try:
        found = synthesise_engine(
            decoder,
            point.target,
            place,
            lanes=point.lanes,
            clock_mhz=clock_mhz,
            pins=point.pins,
            progress=progress,
        )
    except DoesNotFitError as error:
        with atomic_path(place) as empty:
            empty.mkdir()
            write_json(Refusal(str(error), now), empty / REFUSAL)
        return DOES_NOT_FIT, str(error)
    except ToolFailedError as error:
        return FAILED, str(error)
    return _status(found), found


def _kept(read: Callable[[Path], Kept], folder: Path) -> Kept | None:
    """Return what a folder keeps of before, None where it is missing or damaged."""
    try:
        return read(folder)
    except UserError:
        return None


def _status(found: Resources) -> str:
    return ESTIMATED if found.estimate else PLACED


def _row(
    decoder: FixedDecoder, point: Point, costs: TickCosts, status: str, found: Resources | str
) -> LaneRow:
    placed = found if isinstance(found, Resources) else None
    running = None if placed is None else placed.running_mhz
    latency = Spread.of(costs.latency)
    return LaneRow(
        target=point.target.name,
        lanes=point.lanes,
        status=status,
        says=found if isinstance(found, str) else None,
        clock_mhz=None if placed is None else placed.clock_mhz,
        fmax_mhz=None if placed is None else placed.fmax_mhz,
        timing_met=None if placed is None else placed.timing_met,
        running_mhz=running,
        resources=None if placed is None else placed.resources,
        cycles=Spread.of(costs.cycles),
        latency_cycles=latency,
        latency_us=None if running is None else latency.over(running),
        energy_nj=energy(decoder, costs).per_tick_nj["engine"],
    )
