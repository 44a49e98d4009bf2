"""What the tools found, from the JSON that they write: resources, Fmax, critical path."""

import json
import math
from pathlib import Path
from typing import Any

from aegru_hw.synthesis.targets import RESOURCES, Target

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

LABELS = {
    "logic_cells": "logic cells",
    "flip_flops": "flip-flops",
    "dsps": "DSPs",
    "block_rams": "block RAMs",
    "single_port_rams": "single-port RAMs",
}

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

Resources = dict[str, dict[str, float]]
Utilisation = dict[str, dict[str, int]]


def read_json(path: Path) -> dict[str, Any]:
    """Return a tool's JSON report."""
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def resource(used: int, available: int) -> dict[str, float]:
    """Return an entry of the resources: used, available, and percent to one decimal."""
    return {
        "used": used,
        "available": available,
        "percent": round(100 * used / available, 1) if available else 0.0,
    }


def cell_counts(statistics: dict[str, Any]) -> dict[str, int]:
    """Return the number of each cell type from the JSON of yosys' `stat`."""
    counts: dict[str, int] = statistics["design"]["num_cells_by_type"]
    return counts


def placed_resources(target: Target, utilisation: Utilisation, counts: dict[str, int]) -> Resources:
    """Return the resources of a packed design: nextpnr's utilisation, the netlist's cells."""
    found = {
        name: resource(utilisation[cell]["used"], utilisation[cell]["available"])
        for name, cell in PLACED_CELLS[target.family].items()
    }
    if "flip_flops" not in found:
        flip_flops = sum(count for cell, count in counts.items() if cell.startswith("SB_DFF"))
        found["flip_flops"] = resource(flip_flops, target.available["flip_flops"])
    return {name: found[name] for name in RESOURCES if name in found}


def estimated_resources(target: Target, counts: dict[str, int]) -> Resources:
    """Return the resources of a Xilinx netlist, primitive by primitive."""
    found = {}
    for name, weights in XILINX_CELLS.items():
        used = sum(weights.get(cell, 0.0) * count for cell, count in counts.items())
        found[name] = resource(math.ceil(used), target.available[name])
    return found


def overfull(target: Target, utilisation: Utilisation, *, pins: bool = True) -> list[str]:
    """Return what nextpnr needs more of than there is: 'logic cells 30,100 of 24,288'."""
    labels = {cell: LABELS[name] for name, cell in PLACED_CELLS[target.family].items()}
    labels |= dict.fromkeys(PIN_CELLS, "pins")
    return [
        f"{labels.get(cell, cell)} {numbers['used']:,} of {numbers['available']:,}"
        for cell, numbers in utilisation.items()
        if numbers["used"] > numbers["available"] and (pins or cell not in PIN_CELLS)
    ]


def overfull_resources(resources: Resources) -> list[str]:
    """Return the resources that are used more than there are, in the words of `overfull`."""
    return [
        f"{LABELS[name]} {numbers['used']:,} of {numbers['available']:,}"
        for name, numbers in resources.items()
        if numbers["used"] > numbers["available"]
    ]


def fullest(resources: Resources) -> str:
    """Return the name of the resource of which the largest share is used."""
    return max(resources, key=lambda name: resources[name]["percent"])


def slowest_clock(report: dict[str, Any]) -> tuple[float | None, dict[str, str] | None]:
    """Return Fmax in MHz of the slowest clock, and the ends of its critical path.

    Both are None for a design in which no register follows another.
    """
    clocks: dict[str, dict[str, float]] = report["fmax"]
    if not clocks:
        return None, None
    slowest = min(clocks, key=lambda name: clocks[name]["achieved"])
    ends = None
    for path in report["critical_paths"]:
        if path["from"] == path["to"] == f"posedge {slowest}" and path["path"]:
            ends = {
                "from": path["path"][0]["from"]["cell"],
                "to": path["path"][-1]["to"]["cell"],
            }
    return round(clocks[slowest]["achieved"], 2), ends
