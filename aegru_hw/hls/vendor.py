"""The vendor's synthesis, where the user has it."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.hls.firmware import Firmware
from aegru_hw.hls.quiet import log_to

VENDOR_LOG = "vendor.log"
COMMANDS = {
    "vitis-run": ["--mode", "hls", "--tcl", "build_prj.tcl"],
    "vitis_hls": ["-f", "build_prj.tcl"],
}
"""The tools that can build the project, the newer one first, with their arguments."""

BUILD_OPTIONS = """array set opt {
    reset      1
    csim       0
    synth      1
    cosim      0
    validation 0
    export     0
    vsynth     0
    fifo_opt   0
}
"""


@dataclass(frozen=True)
class ClockPeriod:
    """The period in ns that was asked for, and the one that the tool estimates."""

    target: float
    estimated: float


@dataclass(frozen=True)
class Bounds:
    """The best and the worst number of cycles; None where the tool finds none."""

    best: int | None
    worst: int | None


@dataclass(frozen=True)
class VendorReport:
    """The vendor's estimate of a project.

    used, available: resources by the names lut, ff, dsp, bram_18k, uram, as far as reported.
    """

    tool: str
    clock_ns: ClockPeriod
    latency_cycles: Bounds
    interval_cycles: Bounds
    used: dict[str, int]
    available: dict[str, int]


RESOURCES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM_18K", "uram": "URAM"}


def require_vendor() -> Path:
    """Return the vendor's tool on PATH; UserError names what was looked for."""
    for name in COMMANDS:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise UserError(f"no vendor tool: looked for {' and '.join(COMMANDS)} on PATH")


def run_vendor(folder: Path) -> VendorReport:
    """Synthesise a written project and return the vendor's estimate.

    What the tool says goes to vendor.log in the folder.
    Raises UserError where no tool is on PATH, where it fails, and where it leaves no report.
    """
    tool = require_vendor()
    project = Firmware(folder).folder
    (project / "build_opt.tcl").write_text(BUILD_OPTIONS, encoding="utf-8")
    log = project / VENDOR_LOG
    with open(log, "w", encoding="utf-8") as output:
        finished = subprocess.run(
            [str(tool), *COMMANDS[tool.name]],
            cwd=project,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if finished.returncode != 0:
        raise UserError(f"{tool.name} failed with status {finished.returncode}; see {log}")
    return read_report(project, tool.name)


def read_report(folder: Path, tool: str) -> VendorReport:
    """Return the figures of the synthesis report that a tool left in a project.

    Raises UserError where there is none that can be read.
    """
    from hls4ml.report import parse_vivado_report

    log = folder / VENDOR_LOG
    try:
        with log_to(log, append=True):
            report = parse_vivado_report(str(folder))["CSynthesisReport"]
        return VendorReport(
            tool,
            ClockPeriod(float(report["TargetClockPeriod"]), float(report["EstimatedClockPeriod"])),
            Bounds(_cycles(report["BestLatency"]), _cycles(report["WorstLatency"])),
            Bounds(_cycles(report["IntervalMin"]), _cycles(report["IntervalMax"])),
            used={key: int(report[name]) for key, name in RESOURCES.items() if name in report},
            available={
                key: int(report[f"Available{name}"])
                for key, name in RESOURCES.items()
                if f"Available{name}" in report
            },
        )
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OSError, SyntaxError):
        # SyntaxError is xml.etree's ParseError.
        raise UserError(f"{folder} has no synthesis report that can be read; see {log}") from None


def _cycles(text: str) -> int | None:
    """Return a number of cycles; None where the tool writes 'undef'."""
    return int(text) if text.isdigit() else None
