"""What more multiply lanes cost and give: one decoder's engine over targets and numbers of lanes.

Each point keeps its results in a folder TARGET_pP, and point.json in it says what they were made
of, so that an interrupted sweep goes on and nothing stale is taken. table.json has the rows.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.cycles import TickCosts, tick_costs
from aegru_hw.cost.energy import energy
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.schedule import LANES, schedule
from aegru_hw.rtl.sources import sources
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.flow import (
    RESULTS,
    SEED,
    DoesNotFitError,
    checked_clock,
    require_tools_of,
    tools_of,
)
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError, tool_versions

POINT, TABLE = "point.json", "table.json"
PLACED, ESTIMATED, DOES_NOT_FIT, FAILED = "placed", "estimated", "does not fit", "failed"
"""Status of a row."""

FEW_LANES = (1,)
"""What makes sense on iCE40, whose memories and logic the engine of one lane nearly fills."""


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
    (T,), count. decoder_sha256: of the decoder's file.
    """

    decoder: FixedDecoder
    decoder_sha256: str
    counts: NDArray[Any]
    scored: NDArray[np.bool_]


def possible_lanes(target: Target) -> tuple[int, ...]:
    """Return the numbers of lanes that make sense on a target."""
    return FEW_LANES if target.family == "ice40" else LANES


def sweep_lanes(
    work: Work,
    points: Iterable[Point],
    folder: Path,
    *,
    clock_mhz: float | None = None,
    progress: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Synthesise the engine of every point that the folder does not hold yet.

    clock_mhz: asked for; each target's own where None. say: told of each point as it begins.
    Returns what table.json holds: `ticks`, how many were scored, and `rows`, of each point

        target, lanes, status    placed, estimated (by the synthesis alone), does not fit, failed
        says                     the tool's line where it does not fit or failed
        clock_mhz, fmax_mhz, timing_met, resources    as in resources.json
        running_mhz              the clock asked for where met, else Fmax
        cycles, latency_cycles, latency_us            each `mean` and `max`, by the cost model
        energy_nj                a tick, an estimate (aegru_hw/cost/energy.py)

    None where it is not known. A point that does not fit, or whose tool fails, leaves a row too;
    the failed one is tried again by the next sweep.
    Raises UserError where a tool is not installed, or where the decoder does not fit the engine.
    """
    points = list(points)
    for point in points:
        checked_clock(point.target, clock_mhz)
        require_tools_of(point.target)
    folder.mkdir(parents=True, exist_ok=True)
    costs: dict[int, TickCosts] = {}
    rows: list[dict[str, Any]] = []
    for index, point in enumerate(points):
        say(f"{point.target.name}, lanes {point.lanes} ({index + 1} of {len(points)})")
        if point.lanes not in costs:
            every = tick_costs(work.decoder, schedule(work.decoder, point.lanes), work.counts)
            costs[point.lanes] = every.over(work.scored)
        found = _found(work, point, folder, checked_clock(point.target, clock_mhz), progress)
        rows.append(_row(work.decoder, point, costs[point.lanes], found))
        table = {"ticks": int(work.scored.sum()), "rows": rows}
        with atomic_path(folder / TABLE) as temporary:
            temporary.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return {"ticks": int(work.scored.sum()), "rows": rows}


def _found(
    work: Work, point: Point, folder: Path, clock_mhz: float, progress: bool
) -> dict[str, Any]:
    """Return status, says and, where there are any, the facts of a point, made now or before."""
    place, key = folder / point.name, _key(work, point, clock_mhz)
    kept = _read(place / POINT)
    if kept.get("key") == key:
        facts = _read(place / RESULTS)
        if facts or kept.get("status") == DOES_NOT_FIT:
            return kept | {"facts": facts}
    found: dict[str, Any]
    try:
        facts = synthesise_engine(
            work.decoder,
            point.target,
            place,
            lanes=point.lanes,
            clock_mhz=clock_mhz,
            pins=point.pins,
            progress=progress,
        )
    except DoesNotFitError as error:
        found = {"key": key, "status": DOES_NOT_FIT, "says": str(error)}
        with atomic_path(place) as empty:
            empty.mkdir()
            _write(empty / POINT, found)
        return found | {"facts": {}}
    except ToolFailedError as error:
        return {"status": FAILED, "says": str(error), "facts": {}}
    status = ESTIMATED if facts["estimate"] else PLACED
    found = {"key": key, "status": status, "says": None}
    _write(place / POINT, found)
    return found | {"facts": facts}


def _row(
    decoder: FixedDecoder, point: Point, costs: TickCosts, found: dict[str, Any]
) -> dict[str, Any]:
    facts = found["facts"]
    running = None
    if facts and facts["timing_met"] is not None:
        running = facts["clock_mhz"] if facts["timing_met"] else facts["fmax_mhz"]
    latency = _mean_and_max(costs.latency)
    return {
        "target": point.target.name,
        "lanes": point.lanes,
        "status": found["status"],
        "says": found["says"],
        **{name: facts.get(name) for name in ("clock_mhz", "fmax_mhz", "timing_met")},
        "running_mhz": running,
        "resources": facts.get("resources"),
        "cycles": _mean_and_max(costs.cycles),
        "latency_cycles": latency,
        "latency_us": running and {name: value / running for name, value in latency.items()},
        "energy_nj": energy(decoder, costs)["per_tick_nj"]["engine"],
    }


def _mean_and_max(values: NDArray[np.int64]) -> dict[str, float]:
    return {"mean": float(values.mean()), "max": float(values.max())}


def _key(work: Work, point: Point, clock_mhz: float) -> str:
    """Return a hash of everything that a point's results follow from."""
    made_of = {
        "decoder": work.decoder_sha256,
        "sources": [hashlib.sha256(source.read_bytes()).hexdigest() for source in sources()],
        "pins": None if point.pins is None else point.pins.read_text(encoding="utf-8"),
        "versions": tool_versions(tools_of(point.target)) | {"aegru-hw": version("aegru-hw")},
        "point": [point.name, clock_mhz, SEED],
    }
    return hashlib.sha256(json.dumps(made_of).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    """Return a file's JSON object; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, found: dict[str, Any]) -> None:
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
