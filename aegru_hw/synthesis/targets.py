"""The devices that the engine is synthesised for, and what each offers."""

from dataclasses import dataclass

from aegru_hw.errors import UserError
from aegru_hw.rtl.lanes import DEFAULT_LANES, LANES

RESOURCES = ("logic_cells", "flip_flops", "dsps", "block_rams", "single_port_rams")
"""Resources in the order that they are shown."""

FEW_LANES = (1,)
"""What makes sense on iCE40, whose memories and logic the engine of one lane nearly fills."""


@dataclass(frozen=True)
class Target:
    """A device in its package.

    name: as `--target` has it. family: ecp5, ice40 or xc7.
    device, package: the maker's names, speed grade included. option: what the tools call it.
    clock_mhz: clock asked for where the user gives none.
    available: number of each resource; a name of RESOURCES that is missing is one that the device
        does not have. A logic cell is a LUT of 4 inputs (6 for xc7; on iCE40 with its flip-flop), a
        DSP a multiplier of 16 bits or more, a block RAM 16 kbit (ecp5), 4 kbit (ice40) or 36 kbit
        (xc7).
    """

    name: str
    family: str
    device: str
    package: str
    option: str
    clock_mhz: float
    available: dict[str, int]

    @property
    def estimate(self) -> bool:
        """No open tool places this device: its figures are the synthesis's estimate."""
        return self.family == "xc7"


_TABLE = (
    Target(
        name="ice40up5k",
        family="ice40",
        device="iCE40UP5K",
        package="sg48",
        option="--up5k",
        clock_mhz=12.0,
        available={
            "logic_cells": 5280,
            "flip_flops": 5280,
            "dsps": 8,
            "block_rams": 30,
            "single_port_rams": 4,
        },
    ),
    Target(
        name="ecp5-25k",
        family="ecp5",
        device="LFE5U-25F-6",
        package="CABGA381",
        option="--25k",
        clock_mhz=80.0,
        available={"logic_cells": 24288, "flip_flops": 24288, "dsps": 28, "block_rams": 56},
    ),
    Target(
        name="ecp5-85k",
        family="ecp5",
        device="LFE5U-85F-6",
        package="CABGA381",
        option="--85k",
        clock_mhz=80.0,
        available={"logic_cells": 83640, "flip_flops": 83640, "dsps": 156, "block_rams": 208},
    ),
    Target(
        name="xc7",
        family="xc7",
        device="xc7a35t",
        package="csg324-1",
        option="xc7a35tcsg324-1",
        clock_mhz=100.0,
        available={"logic_cells": 20800, "flip_flops": 41600, "dsps": 90, "block_rams": 50},
    ),
)

TARGETS = {target.name: target for target in _TABLE}


def target_named(name: str) -> Target:
    """Return a target; UserError names those that there are."""
    if name not in TARGETS:
        raise UserError(f"there is no target {name}; choose one of {', '.join(TARGETS)}")
    return TARGETS[name]


def possible_lanes(target: Target) -> tuple[int, ...]:
    """Return the numbers of lanes that make sense on a target."""
    return FEW_LANES if target.family == "ice40" else LANES


def usual_lanes(target: Target | None) -> int:
    """Return the lanes P of an engine for which the user gives none; None: of no target."""
    possible = LANES if target is None else possible_lanes(target)
    return DEFAULT_LANES if DEFAULT_LANES in possible else possible[0]
