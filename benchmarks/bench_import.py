"""Time of importing the package, of live decoding's import, and of one live step.

Each import is timed in fresh interpreters with `-X importtime`, the best of the repetitions; numpy
and what else it needs are in it. Exits 1 where one of them imports torch.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np

from aegru_hw.fixedpoint import LiveDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder

STATEMENTS = ("import aegru_hw", "from aegru_hw.fixedpoint import LiveDecoder")
UNWANTED = ("torch", "brevitas", "hls4ml", "plotly", "sklearn")


@dataclass(frozen=True)
class Import:
    """One statement in a fresh interpreter.

    milliseconds: cumulative time of the modules that the statement asked for itself.
    modules: how many were imported that Python's start had not imported.
    unwanted: of the heavy packages that none of them needs, those that were imported.
    """

    statement: str
    milliseconds: float
    modules: int
    unwanted: tuple[str, ...]


def imported(statement: str) -> Import:
    """Run a statement in a fresh interpreter and read what `-X importtime` says."""
    names = "' '.join({name.partition('.')[0] for name in sys.modules})"
    code = f"import sys; print('begin', file=sys.stderr); {statement}; print({names})"
    ended = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    _, _, lines = ended.stderr.partition("begin\n")
    rows = [line.removeprefix("import time:").split("|") for line in lines.splitlines()]
    # A module of a statement's own stands one space from the bar, those that it imports further.
    outer = [int(cumulative) for _, cumulative, name in rows if not name.startswith("  ")]
    packages = set(ended.stdout.split())
    unwanted = tuple(name for name in UNWANTED if name in packages)
    return Import(statement, sum(outer) / 1000, len(rows), unwanted)


def step_microseconds(ticks: int) -> float:
    """Return the mean time of `LiveDecoder.step` at the paper's size, after a warm-up."""
    decoder = random_decoder(1)
    live = LiveDecoder(decoder)
    spikes = [np.flatnonzero(row) for row in random_counts(1, ticks, decoder.geometry.channels)]
    for channels in spikes[: ticks // 10]:
        live.step(channels)
    start = time.perf_counter()
    for channels in spikes:
        live.step(channels)
    return 1e6 * (time.perf_counter() - start) / ticks


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="example: python -m benchmarks.bench_import --repeats 10",
    )
    parser.add_argument("--repeats", type=int, default=5, help="fresh interpreters a statement")
    parser.add_argument("--ticks", type=int, default=2000, help="live steps")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = [
        min((imported(statement) for _ in range(options.repeats)), key=lambda one: one.milliseconds)
        for statement in STATEMENTS
    ]
    step = step_microseconds(options.ticks)
    if options.json:
        facts = {"imports": [asdict(one) for one in found], "step_microseconds": step}
        print(json.dumps(facts, indent=2))
    else:
        for one in found:
            print(f"{one.statement:44} {one.milliseconds:8.1f} ms {one.modules:5} modules", end="")
            print(f"   {', '.join(one.unwanted) or 'no torch'}")
        print(f"{'LiveDecoder.step, 96 channels':44} {step:8.1f} µs")
    return int(any("torch" in one.unwanted for one in found))


if __name__ == "__main__":
    sys.exit(main())
