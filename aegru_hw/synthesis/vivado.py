"""Vivado, where the user has it: the script of the engine, and its reports read.

The engine is placed out of context, because its buses have more ports than the package has pins:
figures are of a placed and routed design, but there is no bitstream.
"""

import math
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.synthesis.design import PLACED_AS, Design, is_text
from aegru_hw.synthesis.resources import (
    CriticalPath,
    Resources,
    Use,
    read_resources,
    write_resources,
)
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError, run_tool

VIVADO = "vivado"
SCRIPT, CONSTRAINTS, LOG = "vivado.tcl", "vivado.xdc", "vivado.log"
UTILISATION, TIMING = "vivado_utilization.rpt", "vivado_timing.rpt"

ROWS = {
    "Slice LUTs": "logic_cells",
    "Slice Registers": "flip_flops",
    "DSPs": "dsps",
    "Block RAM Tile": "block_rams",
}
"""Rows of report_utilization for the 7 series."""


def require_vivado() -> Path:
    """Return Vivado on PATH; UserError where it is not."""
    found = shutil.which(VIVADO)
    if found is None:
        raise UserError(f"no vendor tool: looked for {VIVADO} on PATH")
    return Path(found)


def write_script(design: Design, target: Target, folder: Path, clock_mhz: float) -> None:
    """Write vivado.tcl and vivado.xdc; `vivado -mode batch -source vivado.tcl` runs them there."""
    generics = " ".join(
        f'-generic "{name}={_tcl(value)}"' for name, value in design.parameters.items()
    )
    period = 1000 / clock_mhz
    script = [
        f"read_verilog -sv {{{' '.join(design.placed_sources)}}}",
        f"read_xdc {CONSTRAINTS}",
        f"synth_design -top {design.top} -part {target.option} -mode out_of_context {generics}",
        "opt_design",
        "place_design",
        "route_design",
        f"report_utilization -file {UTILISATION}",
        f"report_timing_summary -max_paths 1 -file {TIMING}",
    ]
    clock = f"create_clock -name {design.clock} -period {period:.4f} [get_ports {design.clock}]"
    (folder / SCRIPT).write_text("\n".join(script) + "\n", encoding="utf-8")
    (folder / CONSTRAINTS).write_text(clock + "\n", encoding="utf-8")


def _tcl(value: int | str) -> str:
    """Return a parameter's value; text in quotes, a file's path made absolute by Tcl."""
    if not is_text(value):
        return str(value)
    if value.startswith(f"{PLACED_AS}/"):
        return f'\\"[file normalize {value.rstrip("/")}]{"/" if value.endswith("/") else ""}\\"'
    return f'\\"{value}\\"'


@dataclass(frozen=True)
class Found:
    """The figures of Vivado's reports; the fields are those of `Resources`."""

    fmax_mhz: float
    timing_met: bool
    critical_path: CriticalPath
    resources: dict[str, Use]
    version: str


def run_vivado(folder: Path, *, progress: bool = False) -> Resources:
    """Run the written script in a folder of results; rewrite resources.json with its figures.

    `estimate` becomes false. Returns what resources.json holds then.
    Raises UserError where Vivado is not on PATH, where it fails, and where it leaves no report; the
    log is vivado.log in the folder.
    """
    require_vivado()
    if not (folder / SCRIPT).is_file():
        raise UserError(f"{folder} has no {SCRIPT}; `aegru-hw synth RUN --target xc7` writes it")
    estimate = read_resources(folder)
    for report in (UTILISATION, TIMING):
        (folder / report).unlink(missing_ok=True)
    arguments = ["-mode", "batch", "-nojournal", "-nolog", "-source", SCRIPT]
    try:
        spent = run_tool(VIVADO, arguments, folder, log=LOG, progress=progress)
    except ToolFailedError as error:
        raise ToolFailedError(f"{error}; log: {folder / LOG}") from None
    found = read_reports(folder, estimate.clock_mhz)
    resources = replace(
        estimate,
        estimate=False,
        fmax_mhz=found.fmax_mhz,
        timing_met=found.timing_met,
        critical_path=found.critical_path,
        resources=found.resources,
        tools={VIVADO: found.version},
        seconds={VIVADO: spent},
    )
    write_resources(folder, resources)
    return resources


def read_reports(folder: Path, clock_mhz: float) -> Found:
    """Return the figures of Vivado's reports.

    Raises UserError where a report is missing or has not the form that is known.
    """
    try:
        utilisation = (folder / UTILISATION).read_text("utf-8", "replace")
        timing = (folder / TIMING).read_text("utf-8", "replace")
        slack = float(_after_max_delay(timing, r"Slack \((?:MET|VIOLATED)\)\s*:\s*(-?[\d.]+)ns"))
        version = re.search(r"Tool Version\s*:\s*Vivado v\.(\S+)", utilisation)
        return Found(
            fmax_mhz=round(1000 / (1000 / clock_mhz - slack), 2),
            timing_met=slack >= 0,
            critical_path=CriticalPath(
                _after_max_delay(timing, r"Source:\s+(\S+)"),
                _after_max_delay(timing, r"Destination:\s+(\S+)"),
            ),
            resources=read_utilisation(utilisation),
            version=version.group(1) if version else "unknown",
        )
    except (OSError, ValueError, IndexError, KeyError, ZeroDivisionError):
        raise UserError(
            f"{folder} has no reports of Vivado that can be read; log: {folder / LOG}"
        ) from None


def read_utilisation(report: str) -> dict[str, Use]:
    """Return the resources in the tables of report_utilization; KeyError where one is not there."""
    found: dict[str, Use] = {}
    columns: list[str] = []
    for line in report.splitlines():
        if not line.startswith("|"):
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if "Used" in cells and "Available" in cells:
            columns = cells
        name = ROWS.get(cells[0].rstrip("*"))
        if name is not None and name not in found and len(cells) == len(columns):
            used = math.ceil(float(cells[columns.index("Used")]))
            found[name] = Use.of(used, int(cells[columns.index("Available")]))
    return {name: found[name] for name in ROWS.values()}


def _after_max_delay(timing: str, pattern: str) -> str:
    """Return what a pattern finds first behind the heading of the longest paths."""
    found = re.search(pattern, timing[timing.index("Max Delay Paths") :])
    if found is None:
        raise ValueError(pattern)
    return found.group(1)
