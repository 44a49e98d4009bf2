"""The vendor's synthesis, where the user has it."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

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

RESOURCES = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram_18k": "BRAM_18K", "uram": "URAM"}


def require_vendor() -> Path:
    """Return the vendor's tool on PATH; UserError names what was looked for."""
    for name in COMMANDS:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise UserError(f"no vendor tool: looked for {' and '.join(COMMANDS)} on PATH")


def run_vendor(folder: Path) -> dict[str, Any]:
    """Synthesise a written project and return the vendor's estimate.

    Keys: tool; clock_ns.target and .estimated; latency_cycles.best and .worst; interval_cycles.best
    and .worst; used.lut, .ff, .dsp, .bram_18k, .uram and available with the same keys. What the
    tool says goes to vendor.log in the folder.
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
    return {"tool": tool.name, **read_report(project)}


def read_report(folder: Path) -> dict[str, Any]:
    """Return the figures of the vendor's synthesis report of a project; see `run_vendor`.

    Raises UserError where there is none that can be read.
    """
    from hls4ml.report import parse_vivado_report

    log = folder / VENDOR_LOG
    try:
        with log_to(log, append=True):
            report = parse_vivado_report(str(folder))["CSynthesisReport"]
        return {
            "clock_ns": {
                "target": float(report["TargetClockPeriod"]),
                "estimated": float(report["EstimatedClockPeriod"]),
            },
            "latency_cycles": {
                "best": _cycles(report["BestLatency"]),
                "worst": _cycles(report["WorstLatency"]),
            },
            "interval_cycles": {
                "best": _cycles(report["IntervalMin"]),
                "worst": _cycles(report["IntervalMax"]),
            },
            "used": {key: int(report[name]) for key, name in RESOURCES.items() if name in report},
            "available": {
                key: int(report[f"Available{name}"])
                for key, name in RESOURCES.items()
                if f"Available{name}" in report
            },
        }
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, OSError, SyntaxError):
        # SyntaxError is xml.etree's ParseError.
        raise UserError(f"{folder} has no synthesis report that can be read; see {log}") from None


def _cycles(text: str) -> int | None:
    """Return a number of cycles; None where the tool writes 'undef'."""
    return int(text) if text.isdigit() else None
