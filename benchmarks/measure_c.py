"""What the exported C of a run takes: bytes of code, tables and state, and instructions a tick.

Bytes are of compiled objects, by `size`. Instructions are of x86-64 by valgrind's callgrind, within
aegru_tick over all test vectors; of the others by qemu's user mode, of the whole loop over TICKS
test vectors after the first TICKS, on a general core of the architecture. They are no cycles. What
is not installed is said and left out: gcc-arm-none-eabi, gcc-riscv64-unknown-elf,
picolibc-riscv64-unknown-elf, qemu-user and valgrind are Debian's names.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.runs.exporting import export
from aegru_hw.runs.folder import RunFolder

TICKS = 50
LEVELS = ("-Os", "-O2")
STATE = '#include "aegru_decoder.h"\nchar state[sizeof(aegru_decoder_t)];\n'
BARE_METAL = Path(__file__).with_name("bare_metal.c")


@dataclass(frozen=True)
class Machine:
    """A processor: the compiler for it with its flags, and the qemu that counts; None: this one."""

    name: str
    prefix: str
    flags: tuple[str, ...]
    qemu: str | None


MACHINES = (
    Machine("x86-64", "", (), None),
    Machine("Cortex-M4", "arm-none-eabi-", ("-mcpu=cortex-m4", "-mthumb"), "qemu-arm"),
    Machine(
        "RV32IMAC",
        "riscv64-unknown-elf-",
        ("-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs"),
        "qemu-riscv32",
    ),
)


def run(*command: str, folder: Path) -> str:
    """Return what a tool says; UserError where it fails."""
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise UserError(f"{' '.join(command)}: status {ended.returncode}: {ended.stderr[:300]}")
    return ended.stdout + ended.stderr


def compile_object(machine: Machine, level: str, source: str, folder: Path) -> None:
    compiler = f"{machine.prefix}gcc"
    run(compiler, "-std=c99", level, *machine.flags, "-c", "-o", "o.o", source, folder=folder)


def sections(machine: Machine, folder: Path) -> dict[str, int]:
    """Return the bytes of an object's sections."""
    said = run(f"{machine.prefix}size", "-A", "o.o", folder=folder)
    return {name: int(size) for name, size in re.findall(r"^(\.\S+)\s+(\d+)", said, re.MULTILINE)}


def instructions_here(level: str, folder: Path) -> float:
    run("gcc", "-std=c99", level, "-g", "-o", "check", "main.c", "aegru_decoder.c", folder=folder)
    said = run(
        *("valgrind", "--tool=callgrind", "--toggle-collect=aegru_tick"),
        *("--callgrind-out-file=callgrind.out", "./check"),
        folder=folder,
    )
    found = re.search(r"Collected : (\d+)", said)
    vectors = re.search(r"of (\d+) ticks", said)
    if found is None or vectors is None:
        raise UserError(f"callgrind says no number: {said[:300]}")
    return int(found[1]) / int(vectors[1])


def instructions_in_qemu(machine: Machine, level: str, folder: Path) -> float:
    counts = [_executed(machine, level, ticks, folder) for ticks in (TICKS, 2 * TICKS)]
    return (counts[1] - counts[0]) / TICKS


def _executed(machine: Machine, level: str, ticks: int, folder: Path) -> int:
    """Return how many instructions the first test vectors take, checked."""
    run(
        *(f"{machine.prefix}gcc", "-std=gnu99", level, *machine.flags, f"-DPLAYED_TICKS={ticks}"),
        *("-fno-tree-loop-distribute-patterns", "-nostdlib", "-nostartfiles", "-static"),
        *("-I", ".", "-o", "bare", str(BARE_METAL), "aegru_decoder.c", "-lgcc"),
        folder=folder,
    )
    assert machine.qemu is not None
    run(machine.qemu, "./bare", folder=folder)
    # One instruction a translated block, and a line for each that is executed.
    command = [machine.qemu, "-singlestep", "-d", "exec,nochain", "-D", "/dev/stdout", "./bare"]
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        said = process.stdout
        assert said is not None
        return sum(piece.count(b"\n") for piece in iter(lambda: said.read(1 << 20), b""))


def lines(machine: Machine, folder: Path) -> list[str]:
    """Return the table's lines of one processor."""
    found = []
    for level in LEVELS:
        compile_object(machine, level, "aegru_decoder.c", folder)
        parts = sections(machine, folder)
        code = sum(size for name, size in parts.items() if name.startswith((".text", ".eh_frame")))
        tables = sum(size for name, size in parts.items() if name.startswith((".rodata", ".data")))
        compile_object(machine, level, "state.c", folder)
        state = max(size for name, size in sections(machine, folder).items() if name != ".comment")
        counter = machine.qemu or "valgrind"
        counted = "-"
        if shutil.which(counter) is not None:
            count = (
                instructions_here(level, folder)
                if machine.qemu is None
                else instructions_in_qemu(machine, level, folder)
            )
            counted = f"{count:,.0f}"
        found.append(f"{machine.name:10} {level:4} {code:7,} {tables:7,} {state:7,} {counted:>13}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m benchmarks.measure_c demo_run",
    )
    parser.add_argument("run", type=Path, metavar="RUN")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="aegru_hw_") as place:
            folder = export(RunFolder(options.run), "c", Path(place) / "c")
            (folder / "state.c").write_text(STATE, encoding="utf-8")
            print(f"{'':15} {'code':>7} {'tables':>7} {'state':>7} {'instructions':>13}")
            print(f"{'':15} {'bytes':>7} {'bytes':>7} {'bytes':>7} {'a tick':>13}")
            for machine in MACHINES:
                missing = [
                    tool
                    for tool in (f"{machine.prefix}gcc", machine.qemu or "valgrind")
                    if shutil.which(tool) is None
                ]
                for tool in missing:
                    print(f"{machine.name}: {tool} is not on PATH")
                if shutil.which(f"{machine.prefix}gcc") is not None:
                    print("\n".join(lines(machine, folder)), flush=True)
    except UserError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
