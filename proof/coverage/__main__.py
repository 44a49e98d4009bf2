"""Coverage of the engine's testbenches: lines, toggles, and the crosses that matter.

examples:
  python -m proof.coverage
  python -m proof.coverage --out /tmp/coverage
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

from aegru_hw.rtl.sources import engine_digest
from proof.coverage.functional import Bin, functional_coverage
from proof.coverage.measured import Measured, measure
from proof.markdown import markdown


def main() -> int:
    """Print coverage and write coverage.json; return 1 where something was not reached."""
    parser = argparse.ArgumentParser(
        prog="python -m proof.coverage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    given = parser.parse_args()
    builds = given.out / "coverage" / engine_digest()[:16]
    measured = measure(builds)
    bins = functional_coverage(builds)
    rows = [module.row() for module in measured]
    summary = {
        "campaign": "coverage",
        "engine": engine_digest(),
        "rows": rows,
        "crosses": {"bins": len(bins), "reached": sum(found.reached for found in bins)},
    }
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "coverage.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n")
    print(_table(measured))
    print(_crosses(bins))
    missed = [line for module in measured for line in module.missed]
    print("\n".join(f"line not reached: {line}" for line in missed))
    missed += [f"{found}" for found in bins if not found.reached]
    return int(bool(missed))


def _table(measured: list[Measured]) -> str:
    head = ("module", "lines", "reached", "waived", "toggles", "reached", "waived", "share")
    return markdown(
        head, ((*module.row().values(), f"{module.toggle_share:.1%}") for module in measured)
    )


def _crosses(bins: list[Bin]) -> str:
    """Return a table of the lanes' bins by what is crossed."""
    rows: list[tuple[object, ...]] = []
    for lanes in sorted({found.lanes for found in bins}):
        for axis in ("geometry", "stalls", "content", "reset"):
            of_lanes = [found for found in bins if found.lanes == lanes]
            counted = Counter(getattr(found, axis) for found in of_lanes)
            reached = Counter(getattr(found, axis) for found in of_lanes if found.reached)
            rows += [
                (lanes, axis, value, count, reached[value]) for value, count in counted.items()
            ]
    table = markdown(("lanes", "of", "value", "bins", "reached"), rows)
    return f"\n{table}\n\nbins {len(bins)}, reached {sum(found.reached for found in bins)}"


if __name__ == "__main__":
    sys.exit(main())
