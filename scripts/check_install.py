"""Build the package, install each extra on its own in a clean environment, probe it, and tabulate.

Standard library alone; the packages come from wherever pip is set up to take them.
"""

import argparse
import ast
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MEGABYTE = 1_000_000
CORE = "(none)"

GROUPS = {"synth": ("ecp5", "ice40"), "proof": ("proof",), "rtl": ("testbench",)}
"""By extra that brings commands rather than modules, what `aegru-hw doctor` looks for."""

PROBE = """
import sys
from importlib import import_module
import numpy as np
from aegru_hw.export.compiled import CompiledDecoder
from aegru_hw.fixedpoint import LiveDecoder, load_decoder, run_streaming_form, save_decoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder

counts = random_counts(1, 200, 9, rate=0.3, maximum=3)
save_decoder(random_decoder(1, channels=9, latent=5, hidden=6, window=3, steps=3), "decoder.h5")
decoder = load_decoder("decoder.h5")
velocity = decoder.physical(run_streaming_form(decoder, counts).velocity)
assert len(np.unique(velocity, axis=0)) > 50
for live in (LiveDecoder(decoder), CompiledDecoder(decoder)):
    assert np.array_equal([live.step_counts(row) for row in counts], velocity)
for module in sys.argv[1:]:
    import_module(module)
"""
"""Decodes live, also by the exported C, and imports what the extra brings."""


class CheckError(Exception):
    """A command that failed, with the end of what it said."""


@dataclass(frozen=True)
class Installed:
    """An extra in an environment of its own. bytes: of what pip put there, itself left out."""

    extra: str
    packages: int
    seconds: float
    bytes: int
    problem: str | None


def run(command: list[str | Path], folder: Path) -> str:
    """Return what a command prints; CheckError where it fails."""
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "KERAS_BACKEND": "torch"},  # what Keras imports as it is imported
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode != 0:
        said = (ended.stderr.strip() or ended.stdout.strip()).splitlines()
        raise CheckError(said[-1] if said else f"status {ended.returncode}")
    return ended.stdout


def modules_of(extra: str) -> list[str]:
    """Return the modules that an extra brings, read without importing the package."""
    tree = ast.parse((ROOT / "aegru_hw" / "needs" / "extras.py").read_text(encoding="utf-8"))
    (table,) = (node.value for node in tree.body if isinstance(node, ast.AnnAssign))
    return [
        name for name, (_, brought_by) in ast.literal_eval(table).items() if brought_by == extra
    ]


def build(python: Path, folder: Path) -> Path:
    """Build sdist and wheel, check both, and return the wheel."""
    run([python, "-m", "pip", "install", "--quiet", "build", "twine"], folder)
    run([python, "-m", "build", "--outdir", folder / "dist", ROOT], folder)
    built = sorted((folder / "dist").iterdir())
    run([python, "-m", "twine", "check", "--strict", *built], folder)
    (wheel,) = (path for path in built if path.suffix == ".whl")
    return wheel


def environment(python: str, folder: Path) -> Path:
    """Make an environment and return its Python."""
    run([python, "-m", "venv", folder], folder.parent)
    return folder / "bin" / "python"


def size_of(folder: Path) -> int:
    """Return the bytes of the files of an environment."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def check(extra: str, wheel: Path, python: str, constraints: Path | None) -> Installed:
    """Install the wheel with an extra, or with none for CORE, and probe it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = environment(python, folder / "venv")
        bare = size_of(folder / "venv")
        before = len(run([own, "-m", "pip", "freeze", "--all"], folder).splitlines())
        wanted = str(wheel) if extra == CORE else f"aegru-hw[{extra}] @ {wheel.as_uri()}"
        tested = [] if constraints is None else ["--constraint", constraints]
        began = time.monotonic()
        problem = None
        try:
            run([own, "-m", "pip", "install", "--quiet", *tested, wanted], folder)
        except CheckError as error:
            return Installed(extra, 0, time.monotonic() - began, 0, f"not installed: {error}")
        seconds = time.monotonic() - began
        packages = len(run([own, "-m", "pip", "freeze", "--all"], folder).splitlines()) - before
        size = size_of(folder / "venv") - bare
        program = own.with_name("aegru-hw")
        try:
            run([program, "--help"], folder)
            run([own, "-c", PROBE, *modules_of(extra)], folder)
            if extra in GROUPS:
                run([program, "doctor", "--for", *GROUPS[extra]], folder)
        except CheckError as error:
            problem = str(error)
        return Installed(extra, packages, seconds, size, problem)


def table(found: list[Installed]) -> str:
    """Return a table in Markdown."""
    lines = ["| extra | packages | seconds | MB | probe |", "|---|---:|---:|---:|---|"]
    for row in found:
        name = "none" if row.extra == CORE else f"`{row.extra}`"
        lines.append(
            f"| {name} | {row.packages} | {row.seconds:.0f} | {row.bytes / MEGABYTE:,.0f} "
            f"| {row.problem or 'passed'} |"
        )
    return "\n".join(lines)


def main() -> int:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [CORE, *project["optional-dependencies"]]
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python scripts/check_install.py --without train all dev",
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", nargs="+", choices=extras, default=extras, metavar="EXTRA")
    chosen.add_argument("--without", nargs="+", choices=extras, default=[], metavar="EXTRA")
    parser.add_argument("--python", default=sys.executable, help="of the environments")
    parser.add_argument(
        "--tested", action="store_true", help="take the versions of constraints.txt"
    )
    options = parser.parse_args()
    constraints = ROOT / "constraints.txt" if options.tested else None
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            wheel = build(environment(sys.executable, folder / "build"), folder)
        except CheckError as error:
            print(f"check_install.py: {error}", file=sys.stderr)
            return 1
        for extra in options.only:
            if extra not in options.without:
                found.append(check(extra, wheel, options.python, constraints))
                print(table(found[-1:]).splitlines()[-1], file=sys.stderr, flush=True)
    print(table(found))
    return 1 if any(row.problem for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
