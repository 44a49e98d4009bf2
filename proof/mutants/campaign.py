"""Plays mutants one after the other, cheapest tests first, and keeps how each ended."""

import hashlib
import json
import multiprocessing
import shutil
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from aegru_hw.rtl.sources import sources
from proof.mutants import alone, testbenches
from proof.mutants.engines import HARNESS, PLANS, Plan, compile_engine, opened
from proof.mutants.mutant import Mutant
from proof.mutants.playing import ENDINGS, SURVIVED, outcome, play
from proof.mutants.schemata import PACKAGE, write_sources
from proof.mutants.testbenches import BENCHES, Bench

HERE = Path(__file__).parent
EQUIVALENT = HERE / "equivalent.toml"
KILLED, SURVIVES, EQUIVALENT_TO = "killed", "survived", "equivalent"
SPARE = 20_000
"""Clock cycles beyond twice those of the original."""


@dataclass(frozen=True)
class Verdict:
    """How a mutant ended.

    by: the test that it failed and how, or why it changes nothing. rtl, tests: digests of the
        sources, and of the tests that it survived.
    """

    name: str
    module: str
    line: int
    change: str
    verdict: str
    by: str
    rtl: str
    tests: str


@dataclass(frozen=True)
class Ready:
    """What is compiled once: engines and projects, their folders, and their limits of cycles."""

    engines: list[tuple[Plan, Path, int]]
    benches: list[tuple[Bench, Path, int]]
    scratch: Path


Judge = Callable[[Mutant, int, Ready, Path], str | None]
"""Returns what kills a mutant, or None: of its number, what is compiled, and a folder."""


class CampaignError(Exception):
    """The campaign itself cannot go on."""


def digest(files: list[Path]) -> str:
    """Return the SHA-256 of files by name and content."""
    whole = hashlib.sha256()
    for file in sorted(files):
        whole.update(f"{file.name}\n".encode() + hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()[:16]


def rtl_digest() -> str:
    """Return what stands for the engine's sources as they are."""
    return digest(sources())


def tests_digest() -> str:
    """Return what stands for the tests that mutants are played against."""
    own = [*HERE.glob("*.py"), HERE / "harness.cpp", PACKAGE]
    return digest([*testbenches.SIM.iterdir(), *own])


def reasons() -> dict[str, str]:
    """Return why mutants change nothing, by their names."""
    return {
        name: str(entry["reason"])
        for name, entry in tomllib.loads(EQUIVALENT.read_text(encoding="utf-8")).items()
    }


def run(mutants: list[Mutant], folder: Path, *, jobs: int, fresh: bool = False) -> list[Verdict]:
    """Return the verdict of each mutant, playing those that the folder has none of.

    A mutant that was killed stays so while the sources are the same; one that survived is played
    again when a test has changed.
    Raises CampaignError where the original fails a test.
    """
    folder.mkdir(parents=True, exist_ok=True)
    results = folder / "mutants.jsonl"
    rtl, tests, why = rtl_digest(), tests_digest(), reasons()
    verdicts = {} if fresh else dict(_known(results, rtl, tests))
    verdicts = {m.name: verdicts[m.name] for m in mutants if m.name in verdicts}
    together = {number: m for number, m in enumerate(mutants, 1) if not m.elaborated}
    numbers = {mutant.name: number for number, mutant in together.items()}
    ready = Ready([], [], folder)
    if any(name not in verdicts for name in numbers):
        ready = _prepare(together, folder / "builds")
    context = multiprocessing.get_context("fork")
    with (
        ProcessPoolExecutor(jobs, mp_context=context) as pool,
        open(results, "a", encoding="utf-8") as log,
        tqdm(total=len(mutants), initial=len(verdicts), desc="mutants", unit="mutant") as bar,
    ):

        def keep(mutant: Mutant, verdict: str, by: str) -> None:
            given = (mutant.name, mutant.module, mutant.line, mutant.change, verdict, by)
            verdicts[mutant.name] = Verdict(*given, rtl=rtl, tests=tests)
            log.write(json.dumps(asdict(verdicts[mutant.name]), sort_keys=True) + "\n")
            log.flush()
            bar.update()

        def play(judge: Judge, of_stage: list[Mutant], last: bool) -> None:
            waiting = {
                pool.submit(judge, mutant, numbers.get(mutant.name, 0), ready, folder): mutant
                for mutant in of_stage
            }
            for done in as_completed(waiting):
                mutant, killed = waiting[done], done.result()
                if killed is not None:
                    keep(mutant, KILLED, killed)
                elif last:
                    keep(mutant, SURVIVES, "")

        try:
            # All meet the cheap tests, those with a reason too, before any meets a dear one.
            play(_engines, [m for m in together.values() if m.name not in verdicts], last=False)
            for mutant in mutants:
                played = verdicts.get(mutant.name)
                if mutant.name in why and (played is None or played.verdict != KILLED):
                    keep(mutant, EQUIVALENT_TO, why[mutant.name])
            play(_benches, [m for m in together.values() if m.name not in verdicts], last=True)
            play(_alone, [m for m in mutants if m.name not in verdicts], last=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [verdicts[mutant.name] for mutant in mutants]


def _known(results: Path, rtl: str, tests: str) -> Iterator[tuple[str, Verdict]]:
    if not results.is_file():
        return
    for line in results.read_text(encoding="utf-8").splitlines():
        try:
            verdict = Verdict(**json.loads(line))
        except (TypeError, ValueError):
            continue  # a line that was being written
        survived = verdict.tests == tests and verdict.verdict == SURVIVES
        if verdict.rtl == rtl and (verdict.verdict == KILLED or survived):
            yield verdict.name, verdict


def _prepare(together: dict[int, Mutant], builds: Path) -> Ready:
    """Compile what has not been compiled of these mutants, and play the original."""
    names = "".join(f"{number} {mutant.name}" for number, mutant in together.items())
    built = builds / digest([*sources(), PACKAGE])
    built = built.with_name(built.name + hashlib.sha256(names.encode()).hexdigest()[:8])
    for other in builds.glob("*"):
        if other != built:
            shutil.rmtree(other)
    written = built / "rtl"
    written.mkdir(parents=True, exist_ok=True)
    write_sources(sources(), written, together)
    files = [written / source.name for source in sources()]
    scratch = built / "scratch"
    ready = Ready([], [], scratch)
    steps = tqdm(total=len(PLANS) + len(BENCHES), desc="compiling", unit="engine", leave=False)
    with steps:
        for plan in PLANS:
            made = f"{plan.parameters}{HARNESS.read_text()}".encode()
            library = built / f"{plan.name} {hashlib.sha256(made).hexdigest()[:8]}.so"
            if not library.is_file():
                failed = compile_engine(plan, [PACKAGE, *files], library, built / "work")
                if failed is not None:
                    raise CampaignError(f"{plan.name}: it does not compile\n{failed[-2000:]}")
            cycles = play(opened(library), plan, 0, 0)
            ready.engines.append((plan, library, 2 * cycles + SPARE))
            steps.update()
        for bench in BENCHES:
            project = built / bench.name.replace(" ", "_")
            if not (project / "built").is_file():
                if not testbenches.build(bench, files, project):
                    raise CampaignError(f"{bench.name}: it does not compile; see {project}/log.txt")
                (project / "built").touch()
            testbenches.refresh(project)
            cycles = testbenches.cycles(bench, project, scratch / "original")
            if cycles == 0:
                raise CampaignError(f"{bench.name}: the original fails a test")
            ready.benches.append((bench, project, 2 * cycles + SPARE))
            steps.update()
    return ready


def _engines(mutant: Mutant, number: int, ready: Ready, folder: Path) -> str | None:
    """Return what kills a mutant through the C interface; None where nothing does."""
    if not mutant.module.startswith("aegru_spi"):
        for plan, library, limit in ready.engines:
            ended = outcome(library, plan, number, limit)
            if ended != SURVIVED:
                return f"engine of {plan.name}: {ENDINGS.get(ended, 'abort')}"
    return None


def _benches(mutant: Mutant, number: int, ready: Ready, folder: Path) -> str | None:
    """Return the test of the testbenches that a mutant fails first; None where it passes all."""
    for bench, project, limit in ready.benches:
        if bench.plays(mutant.module):
            out = ready.scratch / mutant.name
            failed = testbenches.failure(bench, project, number, limit, out)
            if failed is not None:
                return f"{bench.name}: {failed}"
    return None


def _alone(mutant: Mutant, number: int, ready: Ready, folder: Path) -> str | None:
    """Return what kills a mutant that is compiled by itself; None where nothing does."""
    return alone.failure(mutant, folder / "builds" / f"alone_{mutant.name}")
