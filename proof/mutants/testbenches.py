"""The cocotb testbenches that play a mutant: which project, which side, and how it is run."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.project import write_project
from proof.mutants.decoders import Sizes
from proof.mutants.engines import SMALL
from proof.mutants.schemata import PACKAGE

SECONDS = 600
"""A simulation that takes as long is stuck within one cycle."""
SIM = Path(__file__).parents[2] / "sim"


@dataclass(frozen=True)
class Bench:
    """A project folder of an engine of P lanes, and the options of its `run.py`.

    second: what is loaded over the first one is made with. fixed: the first one's formats are wired
    in.
    """

    name: str
    lanes: int
    decoder: Sizes
    options: tuple[str, ...] = ()
    second: Sizes | None = None
    fixed: bool = True

    def plays(self, module: str) -> bool:
        """Return whether faults of a module may show here."""
        return not module.startswith("aegru_spi") or "spi" in self.options


SPI = ("--dut", "spi")
FOUR = Bench("cocotb of four lanes", 4, SMALL, (), {**SMALL, "hidden": 6, "window": 3}, False)
BENCHES = (
    FOUR,
    Bench("cocotb of SPI", 1, SMALL, SPI),
    Bench("cocotb of one lane", 1, SMALL),
    Bench(
        "cocotb of a protected engine", 4, {**SMALL, "channels": 11}, ("--protected",), fixed=False
    ),
)
TICKS = 12
"""Of the scenario that most tests play."""


def build(bench: Bench, sources: list[Path], folder: Path) -> bool:
    """Write and compile a project whose sources are these; return whether that worked.

    The tests of the unchanged project are not run.
    """
    _write(bench, folder)
    for source in [*sources, PACKAGE]:
        shutil.copy(source, folder / "rtl" / source.name)
    filelist = folder / "filelist.f"
    filelist.write_text(f"rtl/{PACKAGE.name}\n{filelist.read_text()}")
    result = _run(bench, folder, folder / "first", ["--only", "^$"])
    compiled = list(folder.glob("build_*/aegru_*"))
    (folder / "log.txt").write_text(result)
    return any(os.access(file, os.X_OK) and file.is_file() for file in compiled)


def failure(bench: Bench, folder: Path, mutant: int, limit: int, out: Path) -> str | None:
    """Return the first test that a mutant fails, or how it ended; None where it passes them all."""
    plus = [f"--plus=mutant={mutant}", f"--plus=cycles={limit}"]
    try:
        log = _run(bench, folder, out, ["--built", "--out", str(out), *plus])
    except subprocess.TimeoutExpired:
        return "stuck"
    finally:
        shutil.rmtree(out, ignore_errors=True)
    if _passes(log):
        return None
    failed = [line.split()[-2] for line in log.splitlines() if line.rstrip().endswith(" failed")]
    if f"cycle limit of {limit} reached" in log:
        return f"cycle limit {failed[0] if failed else ''}".strip()
    return failed[0] if failed else "no result"


def cycles(bench: Bench, folder: Path, out: Path) -> int:
    """Return the clock cycles of all tests without a fault; 0 where a test fails."""
    log = _run(bench, folder, out, ["--built", "--out", str(out)])
    if not _passes(log):
        return 0
    total = next(line for line in log.splitlines() if "** TESTS=" in line)
    return int(float(total.split()[-4]) / 10)


def covered(bench: Bench, folder: Path, report: Path) -> None:
    """Run all tests of an unchanged project in a folder, and keep what they covered.

    Raises RuntimeError where a test fails.
    """
    _write(bench, folder)
    log = _run(bench, folder, folder / "out", ["--coverage", "--out", str(folder / "out")])
    if not _passes(log):
        raise RuntimeError(f"{bench.name}: {log[-3000:]}")
    shutil.copy(folder / "out" / "coverage.dat", report)


def refresh(folder: Path) -> None:
    """Bring today's tests into a project that is compiled."""
    for file in SIM.glob("*.py"):
        target = folder / file.name if file.name == "run.py" else folder / "sim" / file.name
        shutil.copy(file, target)


def _write(bench: Bench, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    decoder = random_decoder(2, **bench.decoder)
    second = None if bench.second is None else random_decoder(3, **bench.second)
    counts = random_counts(1, TICKS, decoder.geometry.channels, rate=0.3, maximum=3)
    write_project(decoder, folder, bench.lanes, counts, second, fixed_formats=bench.fixed)


def _passes(log: str) -> bool:
    return "** TESTS=" in log and " FAIL=0 " in log


def _run(bench: Bench, folder: Path, out: Path, options: list[str]) -> str:
    environment = {**os.environ, "COCOTB_MAX_FAILURES": "1", "COCOTB_ANSI_OUTPUT": "0"}
    process = subprocess.Popen(
        [sys.executable, "run.py", *bench.options, *options],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        return process.communicate(timeout=SECONDS)[0]
    finally:
        if process.poll() is None:  # the simulator is a child of run.py
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
