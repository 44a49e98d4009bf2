"""Faults of the integer simulator's arithmetic, and which of them its tests notice, by mutmut.

mutmut makes the faults and plays them in a copy of the package, each against the tests of
tests/fixedpoint that run the function. It keeps how each ended, so a campaign that was stopped goes
on where it was.

examples:
  python -m proof.mutants_python
  python -m proof.mutants_python --sample 40 --seed 7 --out /tmp/faults
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from aegru_hw.rtl.sources import engine_digest

ROOT = Path(__file__).parents[1]
REASONS = Path(__file__).with_name("mutants_python.toml")
PACKAGE = "aegru_hw/fixedpoint"
MODULES = (
    *("arithmetic", "cell", "changes", "counts", "layernorm", "startup", "streaming_form"),
    "window_form",
)
NOT_PLAYED = ("test_alone.py", "test_artefact.py")
"""Tests that start a Python of their own, into which no fault reaches; and of files alone."""

NO_FAULTS = (r"raise |Error\(", r"^\s*f?\"", "tqdm")
"""Lines without arithmetic: the words of messages, and progress."""

SURVIVED, NOT_RUN = 0, 33
NOT_PLAYED_YET = None

CONFIG = f"""[mutmut]
source_paths=
    aegru_hw
only_mutate=
{"".join(f"    {PACKAGE}/{name}.py{chr(10)}" for name in MODULES)}
do_not_mutate_patterns=
{"".join(f"    {pattern}{chr(10)}" for pattern in NO_FAULTS)}
pytest_add_cli_args_test_selection=
    tests/fixedpoint
pytest_add_cli_args=
    -p
    no:cacheprovider
{"".join(f"    --ignore=tests/fixedpoint/{name}{chr(10)}" for name in NOT_PLAYED)}
also_copy=
    rtl
    sim
    hls
"""


def main() -> int:
    """Run a campaign, print its table and write mutants_python.json; 0 where it came to its end."""
    parser = argparse.ArgumentParser(
        prog="python -m proof.mutants_python",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="so many faults; all of them if left out"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--jobs", type=int, default=2, metavar="J")
    given = parser.parse_args()
    work = (given.out / "mutants_python").resolve()
    _copy(work)
    if given.sample is None:
        _mutmut(work, "run", "--max-children", str(given.jobs))
        chosen = sorted(_endings(work))
    else:
        if not _endings(work):
            _mutmut(work, "run", "no fault has this name", quiet=True)  # makes all, plays none
        names = sorted(_endings(work))
        chosen = sorted(random.Random(given.seed).sample(names, min(given.sample, len(names))))
        _mutmut(work, "run", "--max-children", str(given.jobs), *chosen)
    endings = {name: ended for name, ended in _endings(work).items() if name in set(chosen)}
    rows, survivors = _rows(work, endings)
    summary = {"campaign": "mutants_python", "engine": engine_digest(), "rows": rows}
    path = given.out / "mutants_python.json"
    path.write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n")
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")
    print("\n".join(survivors))
    return 0


def _copy(work: Path) -> None:
    """Bring today's sources and tests into mutmut's folder; its own results stay."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "tests").mkdir(exist_ok=True)
    for name in ("aegru_hw", "rtl", "sim", "hls", "tests/fixedpoint"):
        shutil.copytree(
            ROOT / name,
            work / name,
            dirs_exist_ok=True,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    shutil.copy(ROOT / "tests/__init__.py", work / "tests/__init__.py")
    (work / "setup.cfg").write_text(CONFIG)


def _mutmut(work: Path, *options: str, quiet: bool = False) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["OMP_NUM_THREADS"] = "1"
    command = [sys.executable, "-m", "mutmut", *options]
    result = subprocess.run(
        command, cwd=work, env=environment, text=True, capture_output=quiet, check=False
    )
    return result.stdout if quiet else ""


def _endings(work: Path) -> dict[str, int | None]:
    """Return how pytest ended for each fault, by mutmut's name of it."""
    endings: dict[str, int | None] = {}
    for name in MODULES:
        path = work / "mutants" / PACKAGE / f"{name}.py.meta"
        if path.is_file():
            endings |= json.loads(path.read_text())["exit_code_by_key"]
    return endings


def _rows(
    work: Path, endings: dict[str, int | None]
) -> tuple[list[dict[str, str | int]], list[str]]:
    """Return the counts of each module and of all, and a line for each fault that survived."""
    reasons = tomllib.loads(REASONS.read_text(encoding="utf-8"))
    counts: dict[str, Counter[str]] = {name: Counter() for name in MODULES}
    lines = []
    for name, ended in endings.items():
        module = name.split(".")[2]
        found = "not played" if ended is NOT_PLAYED_YET else "killed"
        if ended in (SURVIVED, NOT_RUN):
            change = _change(work, name)
            function = name.rpartition(".")[2].partition("__mutmut")[0].removeprefix("x_")
            found = "equivalent" if change in reasons.get(function, {}) else "survived"
            if found == "survived":
                lines.append(f"survived: {module}.{function}: {change}")
        counts[module][found] += 1
    counts["all"] = sum(counts.values(), Counter())
    rows: list[dict[str, str | int]] = []
    for module, of_module in counts.items():
        total = sum(of_module.values())
        relevant = total - of_module["equivalent"] - of_module["not played"]
        rows.append(
            {
                "module": module,
                "mutants": total,
                "equivalent": of_module["equivalent"],
                "relevant": relevant,
                "killed": of_module["killed"],
                "survived": of_module["survived"],
                "share": f"{of_module['killed'] / max(1, relevant):.1%}",
            }
        )
    return rows, lines


def _change(work: Path, name: str) -> str:
    """Return a fault in one line, BEFORE -> AFTER."""
    lines = _mutmut(work, "show", name, quiet=True).splitlines()
    parts = []
    for sign in "-+":
        changed = [line[1:].strip() for line in lines if line.startswith(sign)]
        parts.append(" ".join(part for part in changed if not part.startswith(sign * 2)))
    return " -> ".join(parts)


if __name__ == "__main__":
    sys.exit(main())
