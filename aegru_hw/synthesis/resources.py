"""resources.json: what a design takes of a device, how fast it runs there, and what it was made of.

The one schema of it: writer, reader, report and tests have these classes. A value is null where a
tool does not say it. Files of another `schema_version` are refused.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from msgspec import Meta, Struct
from msgspec import field as renamed

from aegru_hw.errors import UserError
from aegru_hw.strict_json import read_json, write_json

RESULTS = "resources.json"
SCHEMA_VERSION = 1

LABELS = {
    "logic_cells": "logic cells",
    "flip_flops": "flip-flops",
    "dsps": "DSPs",
    "block_rams": "block RAMs",
    "single_port_rams": "single-port RAMs",
}
"""The resources' names for people."""

MOST = 2**31
"""No count, seed, clock or time is larger; it bounds what a damaged file can say."""

Count = Annotated[int, Meta(ge=0, le=MOST)]
Amount = Annotated[float, Meta(ge=0, le=MOST)]
Megahertz = Annotated[float, Meta(gt=0, le=MOST)]
Few = Meta(max_length=64)


@dataclass(frozen=True)
class Use:
    """How much of one resource a design uses; percent to one decimal, over 100 for too much."""

    used: Count
    available: Count
    percent: Amount

    @classmethod
    def of(cls, used: int, available: int) -> Self:
        """Return the use of so many of so many; 0 % of nothing."""
        return cls(used, available, round(100 * used / available, 1) if available else 0.0)


class CriticalPath(Struct, frozen=True):
    """The cells between which the slowest path runs.

    A struct of msgspec, because Python has no field of the name `from` that JSON has.
    """

    start: str = renamed(name="from")
    end: str = renamed(name="to")


@dataclass(frozen=True)
class Resources:
    """What resources.json holds.

    target: its name as `--target` has it. device: the maker's, with the package.
    lanes: multiply lanes, 0 for a design without. estimate: of the synthesis alone, not placed.
    board: whose pins it has. seed: of the placer.
    clock_mhz: asked for; fmax_mhz: reached; None where not placed, or where no register follows
        another. timing_met: None where not placed.
    resources: by the names of LABELS. bitstream: its file beside resources.json.
    tools: version of each tool that made it. seconds: what each took.
    made_of: what the results follow from (aegru_hw/synthesis/made_of.py); empty where unknown.
    """

    target: str
    device: str
    lanes: Count
    estimate: bool
    board: str | None
    seed: Count
    clock_mhz: Megahertz
    fmax_mhz: Megahertz | None
    timing_met: bool | None
    critical_path: CriticalPath | None
    resources: Annotated[dict[str, Use], Few]
    bitstream: str | None
    tools: Annotated[dict[str, str], Few]
    seconds: Annotated[dict[str, Amount], Few]
    made_of: Annotated[dict[str, str], Few] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    @property
    def label(self) -> str:
        """The target's name, marked where its figures are an estimate."""
        return f"{self.target} (estimate)" if self.estimate else self.target

    @property
    def running_mhz(self) -> float | None:
        """The clock that the placed design runs at: as asked where met, else the most it reaches;
        None where it was not placed.
        """
        if self.estimate or self.timing_met is None:
            return None
        return self.clock_mhz if self.timing_met else self.fmax_mhz


def read_resources(folder: Path) -> Resources:
    """Return the resources.json of a folder of results.

    Raises UserError where it is missing, damaged, or of another schema.
    """
    found = read_json(folder / RESULTS, Resources)
    if found.schema_version != SCHEMA_VERSION:
        raise UserError(
            f"{folder / RESULTS} has schema version {found.schema_version}; this version of "
            f"aegru-hw reads {SCHEMA_VERSION}"
        )
    return found


def write_resources(folder: Path, resources: Resources) -> None:
    """Write resources.json into a folder of results, whole or not at all."""
    write_json(resources, folder / RESULTS)


def missed_timing(resources: Resources) -> str | None:
    """Return the line that says that timing was missed, or None where it was not."""
    if resources.timing_met is not False:
        return None
    path, fmax = resources.critical_path, f"{resources.fmax_mhz or 0:g} MHz"
    between = f", between {path.start} and {path.end}" if path else ""
    missed = (
        f"{resources.target} missed timing: {fmax} of {resources.clock_mhz:g} MHz asked{between}"
    )
    if resources.bitstream is None:
        return missed
    return f"{missed}; the bitstream was written and is good up to {fmax}"
