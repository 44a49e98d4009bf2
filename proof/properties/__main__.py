"""Prove the engine's properties: python -m proof.properties [NAME...] [--out FOLDER]

NAME is a harness of this folder; all where none is given. Writes FOLDER/properties.json after each
proof, and goes on where it was broken off. Example:

    python -m proof.properties fifo axil --broken
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from proof.properties.broken import FAULTS
from proof.properties.faults import seen_at, write_broken
from proof.properties.proofs import PROOFS, proof_of
from proof.properties.prover import prove
from proof.properties.results import Results, digest_of


def main(arguments: list[str] | None = None) -> int:
    """Prove, print a table, and return 1 where a property does not hold or a fault is not seen."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [proof.harness for proof in PROOFS]
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(names)}")
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument("--broken", action="store_true", help="see proofs fail on broken copies")
    parser.add_argument("--force", action="store_true", help="prove again what was proven")
    options = parser.parse_args(arguments)
    unknown = set(options.names) - set(names)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; choose of {', '.join(names)}")
    try:
        return _run(options.names or names, options.out, options.broken, options.force)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(names: list[str], out: Path, broken: bool, force: bool) -> int:
    rtl = source_folder("rtl")
    results = Results.load(out)
    bar = tqdm(names, desc="proofs", disable=not sys.stderr.isatty())
    for name in bar:
        bar.set_postfix_str(name)
        proof = proof_of(name)
        digest = digest_of(proof, rtl)
        if force or not results.has(name, digest):
            results.add(proof, digest, prove(proof, rtl))
            results.save(out)
    print(results.table(names))
    unseen = 0
    if broken:
        for fault in tqdm([f for f in FAULTS if f.harness in names], desc="faults", disable=None):
            with tempfile.TemporaryDirectory() as folder:
                write_broken(fault, rtl, Path(folder))
                failed = seen_at(fault, Path(folder))
            unseen += not failed
            results.add_fault(fault, failed)
            results.save(out)
        print(results.fault_table(names))
    return int(unseen > 0 or not results.hold(names))


if __name__ == "__main__":
    sys.exit(main())
