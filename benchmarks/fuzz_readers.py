"""Every reader on damaged files: each is read, or refused in one line; nothing else.

    python -m benchmarks.fuzz_readers --minutes 10 --seed 1

Small valid files of each kind are damaged at random (bits, lengths, splices, truncations, and
changes of structure where the file stays whole), and `inspect` and `import` are run on them in a
child process. Failures are: a traceback or a warning, an error that is not one line, a file left
behind by a refused import, more than 20 s, more memory than the bound, and the child's death. A
case is the seed and its number; the files of those that failed are kept.
"""

import argparse
import contextlib
import functools
import importlib
import io
import json
import multiprocessing
import resource
import shlex
import shutil
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from aegru_hw import cli
from benchmarks.made.kind import Kind
from benchmarks.made.kinds import KINDS
from benchmarks.made.signals import Signals
from benchmarks.made.zarr import stand_in
from benchmarks.mutations import damage_folder, damaged, damaged_matlab5, damaged_zip
from benchmarks.mutations_hdf5 import damage_structure

SIGNALS = Signals(ticks=120, channels=4, trials=4)
HANG_SECONDS = 20.0
MEMORY_BOUND = 1536 * 2**20
"""Bytes that reading a damaged file of some 100 kB may add to the process at its height."""

HDF5 = ("matlab73", "own", "odoherty", "nwb", "temporaldata")
READERS = tuple(dict.fromkeys(kind.reader for kind in KINDS))


@dataclass(frozen=True)
class Case:
    """One damaged file: which kind, and the number that its damage is drawn from."""

    reader: str
    seed: int
    number: int

    @property
    def chance(self) -> Random:
        return Random(f"{self.seed} {self.reader} {self.number}")


def make(case: Case, valid: Path, folder: Path) -> tuple[Kind, Path]:
    """Damage a copy of a valid file of the case's reader, in an empty folder."""
    chance = case.chance
    kind = chance.choice([kind for kind in KINDS if kind.reader == case.reader])
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(valid / kind.file.replace(".", "_"), folder)
    path = folder / kind.file
    if path.is_dir():
        for _ in range(chance.choice((1, 1, 2))):
            damage_folder(path, chance)
    elif case.reader in HDF5 and chance.random() < 0.7:
        damage_structure(path, chance)
    else:
        content = path.read_bytes()
        inner = {"matlab5": damaged_matlab5, "npz": damaged_zip}.get(case.reader)
        if inner is not None and chance.random() < 0.7:
            path.write_bytes(inner(content, chance))
        else:
            path.write_bytes(damaged(content, chance, 2000))
    return kind, path


def run(arguments: list[str]) -> tuple[str, str]:
    """Run a command; return how it ended, "read" or "refused", or what it did wrong."""
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = cli.main(arguments)
    except (Exception, SystemExit):
        return "traceback", traceback.format_exc()
    lines = err.getvalue().splitlines()
    if status == 0 and not lines:
        json.loads(out.getvalue())
        return "read", ""
    if status != 1 or len(lines) != 1 or out.getvalue():
        return "not one line", f"status {status}\n{out.getvalue()}{err.getvalue()}"
    if "not enough memory" in lines[0]:
        return "memory", lines[0]
    return "refused", lines[0]


def attempt(case: Case, valid: Path, folder: Path) -> tuple[str, str]:
    """Damage a file, then inspect and import it; return how that ended, and what it said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind, path = make(case, valid, folder)
    out = folder.parent / "out.h5"
    out.unlink(missing_ok=True)
    ended = [run(["inspect", str(path), "--json"])]
    ended.append(run(["import", str(path), str(out), "--json", *shlex.split(kind.words)]))
    wrong = [one for one in ended if one[0] not in ("read", "refused")]
    if wrong:
        return wrong[0]
    if ended[1][0] == "refused" and out.exists():
        return "left behind", str(out)
    return ended[1]


def child(pipe: Connection, reader: str, valid: Path, folder: Path, base: int) -> None:
    """Take case after case from the parent and answer with how it ended."""
    warnings.simplefilter("error")
    cli.build_parser = functools.cache(cli.build_parser)  # which takes longer than most files
    with contextlib.suppress(ValueError, OSError):
        limit = base + 2 * MEMORY_BOUND
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    first = peak
    while True:
        case = pipe.recv()
        if case is None:
            return
        try:
            ended, said = attempt(case, valid, folder)
        except Exception:
            ended, said = "fuzzer", traceback.format_exc()
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if now > peak and (now - first) * 1024 > MEMORY_BOUND:
            ended, said = "memory", f"{(now - first) >> 10} MiB"
        peak = max(peak, now)
        pipe.send((ended, said, (peak - first) >> 10))
        if ended == "memory":
            return


def virtual_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


class Worker:
    """A forked child for one reader, started anew when it died, hung or grew."""

    def __init__(self, reader: str, valid: Path, folder: Path) -> None:
        self.arguments = (reader, valid, folder, virtual_bytes())
        self.begin()

    def begin(self) -> None:
        context = multiprocessing.get_context("fork")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=child, args=(other, *self.arguments), daemon=True)
        self.process.start()
        other.close()

    def ask(self, case: Case) -> tuple[str, str, int]:
        self.pipe.send(case)
        if not self.pipe.poll(HANG_SECONDS):
            self.end()
            self.begin()
            return "hang", f"more than {HANG_SECONDS:g} s", 0
        try:
            answer: tuple[str, str, int] = self.pipe.recv()
        except EOFError:
            self.process.join()
            answer = "died", f"exit code {self.process.exitcode}", 0
        if answer[0] in ("died", "memory"):
            self.end()
            self.begin()
        return answer

    def end(self) -> None:
        self.process.kill()
        self.process.join()


def campaign(reader: str, seed: int, seconds: float, most: int, valid: Path, keep: Path) -> Counter:
    """Try cases of one reader for some seconds; print and keep what failed; return the counts."""
    counts: Counter = Counter()
    seen: set[str] = set()
    folder = Path(tempfile.mkdtemp(prefix="aegru_fuzz_"))
    worker, end, highest = Worker(reader, valid, folder / "case"), time.monotonic() + seconds, 0
    while time.monotonic() < end and counts.total() < most:
        case = Case(reader, seed, counts.total())
        ended, said, grown = worker.ask(case)
        counts[ended] += 1
        highest = max(highest, grown)
        if ended not in ("read", "refused"):
            name = f"{reader}-{seed}-{case.number}"
            shutil.rmtree(keep / name, ignore_errors=True)
            shutil.copytree(folder / "case", keep / name, symlinks=True)
            (keep / f"{name}.txt").write_text(f"{ended}\n{said}\n")
            where = said.strip().splitlines()[-1][:200]
            if where not in seen:
                seen.add(where)
                print(f"  {name}: {ended}: {where}", flush=True)
    worker.end()
    shutil.rmtree(folder, ignore_errors=True)
    failed = counts.total() - counts["read"] - counts["refused"]
    print(
        f"{reader:13} {counts.total():8,} files: {counts['read']:,} read, {counts['refused']:,} "
        f"refused, {failed} failed; at most {highest} MiB more",
        flush=True,
    )
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for each reader")
    parser.add_argument("--cases", type=int, default=sys.maxsize, help="at most, for each reader")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--reader", choices=READERS, action="append", help="default: all")
    parser.add_argument("--keep", type=Path, default=Path("fuzz_failures"), metavar="FOLDER")
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    for name in ("layout", "import_summary"):  # once, before children are forked
        importlib.import_module(f"aegru_hw.recordings.{name}")
    print(f"seed {options.seed}; memory bound {MEMORY_BOUND >> 20} MiB; hang {HANG_SECONDS:g} s")
    with stand_in(), tempfile.TemporaryDirectory(prefix="aegru_fuzz_valid_") as scratch:
        readers = options.reader or READERS
        for kind in (kind for kind in KINDS if kind.reader in readers):
            folder = Path(scratch) / kind.file.replace(".", "_")
            folder.mkdir()
            kind.write(folder / kind.file, SIGNALS)
        failed = 0
        for reader in readers:
            seconds = 60 * options.minutes
            counts = campaign(
                reader, options.seed, seconds, options.cases, Path(scratch), options.keep
            )
            failed += counts.total() - counts["read"] - counts["refused"]
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
