"""One-line faults of the engine, and which of them the tests notice.

Seeded faults over all modules of rtl/, in proportion to their size, are compiled into one
simulation, which plays one at a time. Each meets the cheapest tests first. How each ended is kept,
so a campaign that was stopped goes on where it was.

examples:
  python -m proof.mutants
  python -m proof.mutants --only aegru_lane --sample 60 --seed 7 --out /tmp/lane
"""

import argparse
import json
import sys
from pathlib import Path

from aegru_hw.rtl.sources import engine_digest, sources
from proof.mutants.campaign import CampaignError, run
from proof.mutants.choice import LEAST, chosen
from proof.mutants.table import rows, text

TOTAL, SEED = 400, 1


def main() -> int:
    """Run a campaign; return 0 where it came to its end."""
    parser = argparse.ArgumentParser(
        prog="python -m proof.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    modules = [source.stem for source in sources()]
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument("--only", choices=modules, metavar="MODULE", help="faults of one module")
    parser.add_argument(
        "--sample", type=int, default=TOTAL, metavar="N", help="how many faults, about"
    )
    parser.add_argument("--least", type=int, default=LEAST, metavar="N", help="of a module")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S")
    parser.add_argument("--jobs", type=int, default=2, metavar="J")
    parser.add_argument("--fresh", action="store_true", help="play again what was killed, too")
    given = parser.parse_args()
    files = [source for source in sources() if given.only in (None, source.stem)]
    mutants = chosen(files, given.sample, given.seed, given.least)
    try:
        verdicts = run(mutants, given.out, jobs=given.jobs, fresh=given.fresh)
    except CampaignError as error:
        print(error, file=sys.stderr)
        return 1
    table = rows(verdicts)
    summary = {"campaign": "mutants", "engine": engine_digest(), "rows": table}
    (given.out / "mutants.json").write_text(json.dumps(summary, indent=2, sort_keys=True) + "\n")
    print(text(table, verdicts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
