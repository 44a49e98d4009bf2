"""Line and toggle coverage of every module over the cocotb testbenches, after waivers."""

import shutil
import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from tqdm import tqdm

from proof.coverage.data import line_coverage, toggle_coverage
from proof.mutants.engines import SMALL, SPARSE
from proof.mutants.testbenches import BENCHES, Bench, covered

COVERED = (
    *BENCHES,
    Bench("cocotb of two lanes, loaded", 2, SMALL, ("--load",), {**SMALL, "norm": False}, False),
    Bench("cocotb of sixteen lanes", 16, {**SPARSE, "steps": 4}),
)
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
    return by_module(line_coverage(reports), toggle_coverage(reports))


def by_module(
    lines: dict[tuple[str, int], bool], toggles: dict[tuple[str, str], bool]
) -> list[Measured]:
    """Return the points of each module, counted."""
    waivers = tomllib.loads(WAIVERS.read_text(encoding="utf-8"))
    found = []
    for file in sorted({file for file, _ in lines} | {file for file, _ in toggles}):
        module = Path(file).stem
        if module in ("aegru_mutation_pkg",):
            continue
        of_file = {line: reached for (name, line), reached in lines.items() if name == file}
        bits = {bit: reached for (name, bit), reached in toggles.items() if name == file}
        source = Path(__file__).parents[2] / "rtl" / file
        texts = source.read_text(encoding="utf-8").splitlines()
        waived = waivers.get(module, {})
        skipped = {
            line
            for line, reached in of_file.items()
            if not reached and texts[line - 1].strip() in waived.get("lines", {})
        }
        unmoved = {bit for bit, reached in bits.items() if not reached}
        left = {bit for bit in unmoved if not _matches(bit, waived.get("toggles", {}))}
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


def _matches(bit: str, patterns: dict[str, str]) -> bool:
    """Return whether a signal's bit, LINE NAME[BIT]:DIRECTION, is waived by its name."""
    name = bit.partition(" ")[2]
    return any(fnmatchcase(name, pattern) for pattern in patterns)
