"""Compiling designs and benches with Verilator, and with Icarus Verilog where it is installed."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.rtl.verilator import verilator_command
from aegru_hw.synthesis.tools import first_error

BENCHES = Path(__file__).parent / "benches"

UNKNOWN_STATE = ("--x-assign", "unique", "--x-initial", "unique")
"""Verilator's options with which registers and memories begin as the run's seed says."""

CHECKED = (*UNKNOWN_STATE, "--assert", "-DSIMULATION")
"""The same, and with assertions."""


def verilated_library(
    folder: Path,
    top: str,
    files: Sequence[Path],
    parameters: Mapping[str, int | str],
    options: tuple[str, ...] = CHECKED,
    *,
    level: str = "-O2",
) -> Path:
    """Compile sources and a C++ bench to a shared library in an empty folder with a plain path.

    options: more of Verilator's. Where they are not given, registers and memories begin as the
    context's seed says, and assertions are in. level: how much the C++ compiler optimises.
    Raises UserError where the tools fail; their log stays in the folder.
    """
    library = folder / "libbench.so"
    options = (
        *("--cc", *options, "-CFLAGS", "-fPIC -std=c++20", "-LDFLAGS", "-shared -fPIC"),
        *("--exe", "-o", f"../{library.name}"),
    )
    _verilate(folder, top, files, parameters, options, level=level)
    return library


def verilated_program(
    folder: Path,
    top: str,
    files: Sequence[Path],
    defines: Mapping[str, str] | None = None,
    *,
    quick: bool = False,
) -> Path:
    """Compile sources and a bench in Verilog to a program in an empty folder with a plain path.

    quick: compile in little time what runs slowly, for a netlist whose compilation takes minutes.
    Raises UserError as `verilated_library` does.
    """
    program = folder / "bench"
    options = ("--binary", *CHECKED, "-CFLAGS", "-std=c++20", "-o", f"../{program.name}")
    given = (f"-D{name}={value}" for name, value in (defines or {}).items())
    _verilate(folder, top, files, {}, (*options, *given), level="-O0" if quick else "-O2")
    return program


def _verilate(
    folder: Path,
    top: str,
    files: Sequence[Path],
    parameters: Mapping[str, int | str],
    options: tuple[str, ...],
    level: str = "-O2",
) -> None:
    copies = [folder / file.name for file in files]
    for file, copy in zip(files, copies, strict=True):
        if file != copy:
            shutil.copy(file, copy)
    program, environment = verilator_command(folder)
    python = folder / "python"  # Verilator's makefiles run it
    python.symlink_to(sys.executable)
    command = [
        *(program, "--build", "-j", "2", "--top-module", top, "-O3", "-Wno-fatal"),
        *("--Mdir", str(folder / "build")),
        *(
            "-MAKEFLAGS",
            f"OPT_FAST={level} OPT_SLOW=-O0 CFG_CXXFLAGS_PCH_I=-include PYTHON3={python}",
        ),
        *options,
        *(f"-G{name}={value}" for name, value in parameters.items()),
        *(str(copy) for copy in copies if copy.suffix != ".h"),
    ]
    run_logged(command, folder / "verilator.log", environment=environment)


def run_logged(
    command: list[str],
    log: Path,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a command in a folder, the log's where None; keep and return what it says.

    Raises UserError with its first error where it fails.
    """
    result = subprocess.run(
        command,
        cwd=log.parent if folder is None else folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    log.write_text(result.stdout, encoding="utf-8")
    if result.returncode != 0:
        raise UserError(f"{Path(command[0]).name} failed: {first_error(log)}")
    return result.stdout
