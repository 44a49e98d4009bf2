"""What the tools found, from the JSON that they write: resources, Fmax, critical path."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from aegru_hw.errors import UserError
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.resources import LABELS, CriticalPath, Use
from aegru_hw.synthesis.targets import RESOURCES, Target
from aegru_hw.synthesis.tools import ToolFailedError

PLACED_CELLS = {
    "ecp5": {
        "logic_cells": "TRELLIS_COMB",
        "flip_flops": "TRELLIS_FF",
        "dsps": "MULT18X18D",
        "block_rams": "DP16KD",
    },
    "ice40": {
        "logic_cells": "ICESTORM_LC",
        "dsps": "ICESTORM_DSP",
        "block_rams": "ICESTORM_RAM",
        "single_port_rams": "ICESTORM_SPRAM",
    },
}
"""nextpnr's name of each resource. On iCE40 it does not count flip-flops: the netlist does."""

PIN_CELLS = ("TRELLIS_IO", "SB_IO")

XILINX_CELLS = {
    "logic_cells": {
        **{f"LUT{inputs}": 1.0 for inputs in range(1, 7)},
        "INV": 1.0,
        **{"SRL16E": 1.0, "SRLC32E": 1.0, "RAM32X1S": 1.0, "RAM64X1S": 1.0},
        **{"RAM32X1D": 2.0, "RAM64X1D": 2.0, "RAM128X1S": 2.0},
        **{"RAM32M": 4.0, "RAM64M": 4.0, "RAM128X1D": 4.0, "RAM256X1S": 4.0},
    },
    "flip_flops": {name: 1.0 for name in ("FDRE", "FDSE", "FDCE", "FDPE", "LDCE", "LDPE")},
    "dsps": {"DSP48E1": 1.0},
    "block_rams": {"RAMB36E1": 1.0, "RAMB18E1": 0.5},
}
"""What a primitive takes of each resource (UG474, UG473: two RAMB18 share a block RAM)."""

Report = TypeVar("Report")


@dataclass(frozen=True)
class CellCounts:
    """Number of cells of each type."""

    num_cells_by_type: dict[str, int]


@dataclass(frozen=True)
class Statistics:
    """What yosys' `stat -json` writes, as far as it is read here."""

    design: CellCounts


@dataclass(frozen=True)
class CellUse:
    """How many cells of one of nextpnr's types a design uses, of how many."""

    used: int
    available: int


Utilisation = dict[str, CellUse]


@dataclass(frozen=True)
class Clock:
    """The frequency in MHz that a clock reaches."""

    achieved: float


class Pin(Struct, frozen=True):
    """One end of a step of a path."""

    cell: str


class Step(Struct, frozen=True):
    """A step of a path, through a cell or along a net."""

    start: Pin = field(name="from")
    end: Pin = field(name="to")


class ReportedPath(Struct, frozen=True):
    """A slowest path between two clock edges."""

    start: str = field(name="from")
    end: str = field(name="to")
    path: tuple[Step, ...]


@dataclass(frozen=True)
class Placement:
    """What nextpnr's report.json holds, as far as it is read here; no clocks where only packed."""

    utilization: Utilisation
    fmax: dict[str, Clock]
    critical_paths: tuple[ReportedPath, ...]


def read_report(path: Path, kind: type[Report]) -> Report:
    """Return a tool's JSON report; ToolFailedError where it left none that can be read."""
    try:
        return read_json(path, kind)
    except UserError as error:
        why = str(error).removeprefix(str(path)).strip()
        raise ToolFailedError(f"a tool left no {path.name} that can be read: it {why}") from None


def placed_resources(
    target: Target, utilisation: Utilisation, counts: dict[str, int]
) -> dict[str, Use]:
    """Return the resources of a packed design: nextpnr's utilisation, the netlist's cells."""
    found = {
        name: Use.of(utilisation[cell].used, utilisation[cell].available)
        for name, cell in PLACED_CELLS[target.family].items()
    }
    if "flip_flops" not in found:
        flip_flops = sum(count for cell, count in counts.items() if cell.startswith("SB_DFF"))
        found["flip_flops"] = Use.of(flip_flops, target.available["flip_flops"])
    return {name: found[name] for name in RESOURCES if name in found}


def estimated_resources(target: Target, counts: dict[str, int]) -> dict[str, Use]:
    """Return the resources of a Xilinx netlist, primitive by primitive."""
    found = {}
    for name, weights in XILINX_CELLS.items():
        used = sum(weights.get(cell, 0.0) * count for cell, count in counts.items())
        found[name] = Use.of(math.ceil(used), target.available[name])
    return found


def overfull(target: Target, utilisation: Utilisation, *, pins: bool = True) -> list[str]:
    """Return what nextpnr needs more of than there is: 'logic cells 30,100 of 24,288'."""
    labels = {cell: LABELS[name] for name, cell in PLACED_CELLS[target.family].items()}
    labels |= dict.fromkeys(PIN_CELLS, "pins")
    return [
        f"{labels.get(cell, cell)} {use.used:,} of {use.available:,}"
        for cell, use in utilisation.items()
        if use.used > use.available and (pins or cell not in PIN_CELLS)
    ]


def overfull_resources(resources: dict[str, Use]) -> list[str]:
    """Return the resources that are used more than there are, in the words of `overfull`."""
    return [
        f"{LABELS[name]} {use.used:,} of {use.available:,}"
        for name, use in resources.items()
        if use.used > use.available
    ]


def fullest(resources: dict[str, Use]) -> str:
    """Return the name of the resource of which the largest share is used."""
    return max(resources, key=lambda name: resources[name].percent)


def slowest_clock(report: Placement) -> tuple[float | None, CriticalPath | None]:
    """Return Fmax in MHz of the slowest clock, and the ends of its critical path.

    Both are None for a design in which no register follows another.
    """
    clocks = report.fmax
    if not clocks:
        return None, None
    slowest = min(clocks, key=lambda name: clocks[name].achieved)
    ends = None
    for path in report.critical_paths:
        if path.start == path.end == f"posedge {slowest}" and path.path:
            ends = CriticalPath(path.path[0].start.cell, path.path[-1].end.cell)
    return round(clocks[slowest].achieved, 2), ends
