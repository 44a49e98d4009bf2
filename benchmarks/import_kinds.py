"""One small file of each kind through `import`, then a short `run`: what people have comes in.

    python -m benchmarks.import_kinds

prints a line for each kind: the options of its import, what became of it, and the mismatches of all
pairs of executions of the run. `--before FOLDER` runs the same imports with another checkout.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.kill_runs import SETTINGS
from benchmarks.made.kinds import KINDS
from benchmarks.made.signals import Signals

SIGNALS = Signals()


def run_command(arguments: list[str], package: Path | None = None) -> tuple[int, str, str]:
    """Run a command in a process of its own; return its status and what it printed."""
    environment = dict(os.environ)
    if package is not None:
        environment["PYTHONPATH"] = str(package)
    ended = subprocess.run(
        [sys.executable, "-m", "aegru_hw", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=package,
        env=environment,
    )
    return ended.returncode, ended.stdout, ended.stderr.strip()


def imported(arguments: list[str], package: Path | None = None) -> str:
    """Return in a few words what became of an import."""
    status, out, err = run_command(["import", *arguments, "--json"], package)
    if status:
        last = (err.splitlines() or [f"status {status}"])[-1]
        return f"{'traceback: ' * ('Traceback' in err)}{last.removeprefix('aegru-hw: ')}"
    facts = json.loads(out)
    parts = [f"{facts[key]} {key}" for key in ("ticks", "channels", "segments", "reaches")]
    return ", ".join(parts)


def mismatches(recording: Path, run: Path, without: str) -> str:
    """Return the mismatches of all pairs of executions of a short run."""
    settings = [part for text in SETTINGS for part in ("--set", text)]
    left_out = ["--without", without] if without else []
    command = ["run", str(recording), "--out", str(run), "--preset", "fast", *left_out, *settings]
    status, _, err = run_command([*command, "--quiet", "--json"])
    if status:
        return f"failed: {err.splitlines()[-1] if err else status}"
    found = json.loads((run / "summary.json").read_text())["mismatches"]
    return f"{sum(found.values())} in {len(found)} pairs"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="another checkout")
    parser.add_argument("--without", default="", metavar="LIST", help="executions to leave out")
    parser.add_argument("--only", default="", metavar="TEXT", help="kinds with this in their name")
    options = parser.parse_args()
    failed = 0
    print("| kind | import FILE OUT.h5 | before | now | run, mismatches |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="aegru_kinds_") as scratch:
        for number, kind in enumerate(kind for kind in KINDS if options.only in kind.name):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            path, out = folder / kind.file, folder / "out.h5"
            kind.write(path, SIGNALS)
            words = [str(path), str(out), *shlex.split(kind.words)]
            before = imported(words, options.before) if options.before else ""
            out.unlink(missing_ok=True)
            now = imported(words)
            ran = mismatches(out, folder / "run", options.without) if out.exists() else "-"
            failed += not ran.startswith("0 in")
            cells = (kind.name, kind.words, before, now, ran)
            row = " | ".join(cell.replace(f"{folder}/", "").replace("|", "/") for cell in cells)
            print(f"| {row} |", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
