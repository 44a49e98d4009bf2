"""One table of what the campaigns found: python -m proof.table --out proof_results.

A row for each module of rtl/: lines and toggles that the testbenches reach, faults that the tests
notice of those that change something, properties that are proven and how, and what single-bit
upsets do with protection. Below it stand the campaigns that are of the whole engine, those that
were not run or not on this engine, and the holes that docs/proof.md names.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from aegru_hw.rtl.sources import engine_digest, sources
from proof.markdown import markdown

CAMPAIGNS = {
    name: f"python -m proof.{name}"
    for name in ("coverage", "mutants", "properties", "upsets", "resets", "four_state", "netlist")
}
"""What writes FOLDER/NAME.json, by name."""

DOCUMENT = Path(__file__).parents[1] / "docs" / "proof.md"
HOLES = "## Proof holes"

HEAD = (
    "module",
    "lines",
    "toggles",
    "faults noticed",
    "properties",
    "upsets: right",
    "marked",
    "host",
    "silent",
    "lasting",
)

Found = dict[str, dict[str, Any]]


def load(folder: Path) -> tuple[Found, list[str]]:
    """Return the results of each campaign by its name, and what is to be said of the others."""
    found: Found = {}
    notes = []
    for name, command in CAMPAIGNS.items():
        path = folder / f"{name}.json"
        if not path.exists():
            notes.append(f"{name}: not run (`{command}`)")
            continue
        found[name] = json.loads(path.read_text(encoding="utf-8"))
        if found[name]["engine"] != engine_digest():
            notes.append(f"{name}: of another state of rtl/ (`{command}`)")
    return found, notes


def table(found: Found) -> list[tuple[str, ...]]:
    """Return the rows, without those of modules of which nothing was found."""
    upsets = next(
        (rows for key, rows in found.get("upsets", {}).get("runs", {}).items() if " prot" in key),
        [],
    )
    rows = []
    for module in [*(source.stem for source in sources()), "all"]:
        row = (
            module,
            *_coverage(found, module),
            _mutants(found, module),
            _properties(found, module),
            *_upsets(upsets, module),
        )
        if any(row[1:]):
            rows.append(row)
    return rows


def _named(rows: list[dict[str, Any]], module: str) -> list[dict[str, Any]]:
    """Return the rows of a module, or of all of them but a sum that is there already."""
    return [row for row in rows if module == "all" or row["module"] == module]


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,}" if whole else ""


def _coverage(found: Found, module: str) -> tuple[str, str]:
    rows = _named(found.get("coverage", {}).get("rows", []), module)
    rows = [row for row in rows if row["module"] != "all"]

    def share(what: str) -> str:
        whole = sum(row[what] - row[f"{what} waived"] for row in rows)
        return f"{sum(row[f'{what} reached'] for row in rows) / whole:.1%}" if whole else ""

    return share("lines"), share("toggles")


def _mutants(found: Found, module: str) -> str:
    rows = _named(found.get("mutants", {}).get("rows", []), module)
    rows = [row for row in rows if row["module"] != "all"]
    return _share(sum(row["killed"] for row in rows), sum(row["relevant"] for row in rows))


def _properties(found: Found, module: str) -> str:
    rows = _named(found.get("properties", {}).get("rows", []), module)
    held = [row for row in rows if row["holds"]]
    hows = sorted({row["how"].rstrip(" 0123456789") for row in held})
    return ", ".join([share, *hows]) if (share := _share(len(held), len(rows))) else ""


def _upsets(rows: list[dict[str, Any]], module: str) -> tuple[str, ...]:
    own = [row for row in rows if row["module"] == module]
    if not own:
        return ("",) * 5
    row = own[0]
    right = row["masked"] + row["harmless"]
    return (
        _share(right, row["upsets"]),
        *(f"{row[name]:,}" for name in ("marked", "host", "silent", "lasting")),
    )


def of_the_whole(found: Found) -> list[str]:
    """Return a sentence for each campaign that is of the engine, and of no module."""
    sentences = []
    if "coverage" in found:
        crosses = found["coverage"]["crosses"]
        sentences.append(f"crosses: {_share(crosses['reached'], crosses['bins'])} bins reached")
    for name, unit in (("resets", "trials"), ("four_state", "ticks"), ("netlist", "ticks")):
        if name not in found:
            continue
        rows = found[name]["rows"]
        lanes = ", ".join(map(str, sorted({row["lanes"] for row in rows})))
        wrong = sum(row["mismatches"] + row.get("unknown", 0) for row in rows)
        sentences.append(
            f"{name}: {sum(row[unit] for row in rows):,} {unit}, P = {lanes}, {wrong} mismatches"
        )
    return sentences


def holes() -> str:
    """Return the section of docs/proof.md on what is not shown."""
    after = DOCUMENT.read_text(encoding="utf-8").partition(HOLES + "\n")[2]
    return HOLES + "\n" + after.partition("\n## ")[0].rstrip()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m proof.table",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    found, notes = load(parser.parse_args().out)
    print(markdown(HEAD, table(found)))
    print("\n".join(["", *of_the_whole(found), *notes, "", holes()]))
    return int(bool(notes))


if __name__ == "__main__":
    sys.exit(main())
