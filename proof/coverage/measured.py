"""Line and toggle coverage of every module over the cocotb testbenches, after waivers."""

import re
import shutil
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from aegru_hw.rtl.sources import sources
from proof.coverage.data import line_coverage, toggle_coverage
from proof.mutants.decoders import Sizes
from proof.mutants.engines import PLANS, SMALL, SPARSE, Plan, compile_engine, opened
from proof.mutants.playing import play
from proof.mutants.schemata import PACKAGE
from proof.mutants.testbenches import BENCHES, Bench, covered

UNLIKE: Sizes = {**SMALL, "norm": False, "steps": 1, "weight_bits": 4}
COVERED = (
    *BENCHES,
    Bench("cocotb of two lanes, loaded", 2, SMALL, ("--load",), UNLIKE, False),
    Bench("cocotb of sixteen lanes", 16, {**SPARSE, "steps": 4}),
)
LARGE = Plan(
    "four lanes, large",
    4,
    (
        {"channels": 700, "latent": 60, "hidden": 60, "steps": 8, "window": 12},
        {"channels": 333, "latent": 21, "hidden": 33, "steps": 3, "window": 7, "norm": False},
    ),
    ticks=60,
)
"""An engine whose numbers of channels, units and words are of many bits."""
PLAYED = (*PLANS, LARGE, replace(LARGE, name="four lanes, large, protected", protected=True))
COUNTED = ("--coverage-line", "--coverage-toggle")
WAIVERS = Path(__file__).with_name("waivers.toml")


@dataclass(frozen=True)
class Measured:
    """A module's points, those that were reached, and those that are waived for a written reason.

    missed: its lines that are neither, as FILE:LINE.
    """

    module: str
    lines: int
    lines_reached: int
    lines_waived: int
    toggles: int
    toggles_reached: int
    toggles_waived: int
    missed: tuple[str, ...]
    unmoved: tuple[str, ...]

    @property
    def toggle_share(self) -> float:
        """Return the share of the toggles that are not waived."""
        return self.toggles_reached / max(1, self.toggles - self.toggles_waived)

    def row(self) -> dict[str, str | int]:
        """Return the counts by name."""
        return {
            "module": self.module,
            "lines": self.lines,
            "lines reached": self.lines_reached,
            "lines waived": self.lines_waived,
            "toggles": self.toggles,
            "toggles reached": self.toggles_reached,
            "toggles waived": self.toggles_waived,
        }


@dataclass(frozen=True)
class Waivers:
    """What need not be reached: lines by module and text, bits by name, each with a reason."""

    lines: tuple[tuple[str, re.Pattern[str]], ...]
    toggles: tuple[re.Pattern[str], ...]

    def line(self, module: str, text: str) -> bool:
        """Return whether a line of a module is waived."""
        return any(of in (module, "*") and pattern.fullmatch(text) for of, pattern in self.lines)

    def toggle(self, bit: str) -> bool:
        """Return whether a signal's bit is waived: LINE NAME[BIT]:DIRECTION."""
        name = bit.partition(" ")[2].rpartition(":")[0]
        return any(pattern.fullmatch(name) for pattern in self.toggles)


def read_waivers() -> Waivers:
    """Return the waivers of waivers.toml; ValueError where one has no reason."""
    given = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))
    if not all(entry["reason"] for entry in [*given["lines"], *given["toggles"]]):
        raise ValueError(f"{WAIVERS.name}: a waiver without a reason")
    return Waivers(
        tuple((entry["module"], re.compile(entry["text"])) for entry in given["lines"]),
        tuple(re.compile(entry["signal"]) for entry in given["toggles"]),
    )


def measure(folder: Path) -> list[Measured]:
    """Return what the testbenches reached of each module; folder: for what is compiled."""
    folder.mkdir(parents=True, exist_ok=True)
    reports = []
    for bench in tqdm(COVERED, desc="testbenches", unit="bench"):
        project = folder / bench.name.replace(" ", "_")
        report = project / "coverage.dat"
        if not report.is_file():
            shutil.rmtree(project, ignore_errors=True)
            covered(bench, project, report)
        reports.append(report)
    reports += [_of_engine(plan, folder) for plan in tqdm(PLAYED, desc="engines", unit="engine")]
    return by_module(line_coverage(reports), toggle_coverage(reports))


def _of_engine(plan: Plan, folder: Path) -> Path:
    """Return what streams, resets and images of a compiled engine covered."""
    report = folder / f"{plan.name}.dat"
    if not report.is_file():
        library = folder / f"{plan.name}.so"
        files = [PACKAGE, *sources()]
        said = compile_engine(plan, files, library, folder / "work", options=COUNTED)
        if said is not None:
            raise RuntimeError(said[-2000:])
        play(opened(library), plan, 0, 0, cover=report)
    return report


def by_module(
    lines: dict[tuple[str, int], bool], toggles: dict[tuple[str, str], bool]
) -> list[Measured]:
    """Return the points of each module, counted."""
    waivers = read_waivers()
    found = []
    for file in sorted({file for file, _ in lines} | {file for file, _ in toggles}):
        module = Path(file).stem
        if module in ("aegru_mutation_pkg",):
            continue
        of_file = {line: reached for (name, line), reached in lines.items() if name == file}
        bits = {bit: reached for (name, bit), reached in toggles.items() if name == file}
        source = Path(__file__).parents[2] / "rtl" / file
        texts = source.read_text(encoding="utf-8").splitlines()
        skipped = {
            line
            for line, reached in of_file.items()
            if not reached and waivers.line(module, texts[line - 1].strip())
        }
        unmoved = {bit for bit, reached in bits.items() if not reached}
        left = {bit for bit in unmoved if not waivers.toggle(bit)}
        found.append(
            Measured(
                module=module,
                lines=len(of_file),
                lines_reached=sum(of_file.values()),
                lines_waived=len(skipped),
                toggles=len(bits),
                toggles_reached=sum(bits.values()),
                toggles_waived=len(unmoved - left),
                missed=tuple(
                    f"{file}:{line}"
                    for line, reached in sorted(of_file.items())
                    if not reached and line not in skipped
                ),
                unmoved=tuple(sorted(left)),
            )
        )
    return found
