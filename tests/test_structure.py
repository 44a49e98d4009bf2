"""The house: which part may import which, and how large a part may get."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "aegru_hw"
ROOT = PACKAGE.parent

ORDER = (
    *("errors", "files", "hdf5", "global_heaps", "strict_json", "sources", "plain_folder", "needs"),
    "storage",
    *("fixedpoint", "recordings", "hls", "rtl", "cost", "decoder", "recalibration", "synthesis"),
    *(
        "export",
        "board",
        "streams",
        "adapters",
        "executions",
        "runs",
        "report",
        "run",
        "baselines",
        "peers",
        "benchmark",
    ),
    *("drift", "sweep", "cli"),
    "__main__",
)
"""The parts of the package; each imports only those before it."""

LEAVES = {"errors", "files", "hdf5", "global_heaps"}
MOST_LINES_OF_CLI = 300
MOST_UNTYPED = 107 // 3


def part_of(path: Path) -> str:
    """Return the folder or module directly in the package that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Return the parts that a file imports anywhere, also within functions."""
    parts = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package in ("aegru_hw", "tests", "benchmarks", "proof", "scripts"):
                parts.add(rest.partition(".")[0] if package == "aegru_hw" else package)
    return parts


def sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if "__pycache__" not in path.parts)


def test_every_part_has_its_place() -> None:
    parts = {part_of(path) for path in sources(PACKAGE)} - {"__init__"}
    assert parts == set(ORDER)


@pytest.mark.parametrize("path", sources(PACKAGE), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_run_one_way(path) -> None:
    part = part_of(path)
    if part == "__init__":
        return  # the public names, each loaded when it is used
    before = set(ORDER[: ORDER.index(part)])
    assert imported(path) - {part} <= before


def test_the_integer_decoder_needs_nothing_above_it() -> None:
    needed = set().union(*(imported(path) for path in sources(PACKAGE / "fixedpoint")))
    assert needed - {"fixedpoint"} <= LEAVES


@pytest.mark.parametrize("folder", ["benchmarks", "proof", "scripts", "sim"])
def test_scripts_do_not_import_tests(folder) -> None:
    assert all("tests" not in imported(path) for path in sources(ROOT / folder))


def test_modules_of_the_command_line_are_small() -> None:
    lines = {path.name: path.read_text().count("\n") for path in sources(PACKAGE / "cli")}
    assert {name: count for name, count in lines.items() if count >= MOST_LINES_OF_CLI} == {}


def test_most_results_are_typed() -> None:
    untyped = sum(path.read_text().count("dict[str, Any]") for path in sources(PACKAGE))
    assert untyped < MOST_UNTYPED
