"""Plays a mutant that needs a compile of its own: lint first, then the same tests as the others."""

import shutil
import subprocess
from itertools import product
from pathlib import Path

from aegru_hw.rtl.sources import sources
from aegru_hw.rtl.verilator import verilator_command
from aegru_hw.sources import source_folder
from proof.mutants import testbenches
from proof.mutants.engines import PLANS, compile_engine
from proof.mutants.mutant import Mutant
from proof.mutants.playing import ENDINGS, SURVIVED, outcome
from proof.mutants.schemata import PACKAGE, write_sources

LINTED_LANES = (1, 4, 16)
OPTIONS: tuple[tuple[str, ...], ...] = ((), ("-GProtected=1", "-GReadBack=1"))
MOST_ENGINE_CYCLES, MOST_BENCH_CYCLES = 2_000_000, 8_000_000
"""Several times what the original takes."""
COMPILED = (*PLANS[:3], PLANS[-1])
"""Engines that a mutant is compiled into: lanes of 4, 1 and 16, the second with wired formats, and
one with a long ring."""

WAIVERS = source_folder("rtl") / "lint.vlt"


def failure(mutant: Mutant, folder: Path) -> str | None:
    """Return what kills a mutant, or None; folder: for what is compiled, removed at the end."""
    shutil.rmtree(folder, ignore_errors=True)
    written = folder / "rtl"
    written.mkdir(parents=True)
    write_sources(sources(), written, {}, alone=mutant)
    files = [written / source.name for source in sources()]
    try:
        return _lint(files, folder) or _engines(files, folder) or _benches(mutant, files, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _lint(files: list[Path], folder: Path) -> str | None:
    program, environment = verilator_command(folder)
    for top, lanes, options in product(("aegru_engine", "aegru_spi_top"), LINTED_LANES, OPTIONS):
        command = [program, "--lint-only", "-Wall", "--assert", "-DSIMULATION", *options]
        command += [f"-GLanes={lanes}", "--top-module", top, str(WAIVERS), *map(str, files)]
        result = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )
        if result.returncode != 0:
            return f"lint of {top}, {lanes} lanes"
    return None


def _engines(files: list[Path], folder: Path) -> str | None:
    for plan in COMPILED:
        library = folder / "engine.so"
        said = compile_engine(plan, [PACKAGE, *files], library, folder / "work", optimise="-O0")
        if said is not None:
            return f"engine of {plan.name}: does not compile"
        ended = outcome(library, plan, 0, MOST_ENGINE_CYCLES)
        if ended != SURVIVED:
            return f"engine of {plan.name}: {ENDINGS.get(ended, 'abort')}"
        library.unlink()
    return None


def _benches(mutant: Mutant, files: list[Path], folder: Path) -> str | None:
    # One project: of SPI where it must be, else that of four lanes.
    for bench in [bench for bench in testbenches.BENCHES if bench.plays(mutant.module)][:1]:
        project = folder / "project"
        if not testbenches.build(bench, files, project):
            return f"{bench.name}: does not compile"
        failed = testbenches.failure(bench, project, 0, MOST_BENCH_CYCLES, folder / "out")
        if failed is not None:
            return f"{bench.name}: {failed}"
    return None
