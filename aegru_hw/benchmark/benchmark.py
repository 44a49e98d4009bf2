"""The whole benchmark: seeds by recordings, by workers of this machine and of others."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from aegru_hw.benchmark.decoders import LINEAR, WITH_CHANCE
from aegru_hw.benchmark.measure import Case, Measurement
from aegru_hw.benchmark.progress import Progress
from aegru_hw.benchmark.shared_tasks import DIRECTIONS, BenchmarkFacts, SharedTasks
from aegru_hw.benchmark.table import Results
from aegru_hw.benchmark.tasks import OwnTasks, Task, Tasks
from aegru_hw.benchmark.workers import work_here, work_side_by_side
from aegru_hw.decoder.config import make_config
from aegru_hw.storage import HEARTBEAT, SharedStudy, storage_errors


@dataclass(frozen=True)
class Sharing:
    """A study in a database through which machines share a benchmark."""

    storage: str
    study: str = "benchmark"
    heartbeat: int = HEARTBEAT


def benchmark(
    cases: Sequence[Case],
    seeds: int,
    measurement: Measurement,
    *,
    jobs: int = 1,
    sharing: Sharing | None = None,
    progress: bool = True,
) -> Results:
    """Return what is measured of every recording with the seeds 0, 1, ...

    jobs: processes side by side on this machine; one works in this process.
    sharing: with other machines, which may come and go; each returns all results.

    Raises UserError as `Measurement` does, with the recording and the seed, and where the database
    cannot be used or holds a benchmark of other settings.
    """
    by_name = {case.name: case for case in cases}
    tasks = _tasks(list(by_name), seeds, measurement)
    total = sum(len(_wanted(task, measurement)) for task in tasks)
    with ExitStack() as stack:
        source: Tasks = OwnTasks(tasks)
        if sharing is not None:
            stack.enter_context(storage_errors(sharing.storage))
            shared = _open(sharing, measurement)
            keys = {task: _key(task, by_name[task.recording]) for task in tasks}
            source = stack.enter_context(SharedTasks(shared, keys))
        bar = stack.enter_context(Progress(total, shown=progress))
        if jobs == 1:
            work_here(source, by_name, measurement, bar)
        else:
            work_side_by_side(source, by_name, measurement, bar, min(jobs, len(tasks)))
    results: Results = {name: {} for name in by_name}
    for name, seed in ((name, seed) for name in by_name for seed in range(seeds)):
        rows = {**source.results.get(Task(name, seed), {})}
        rows |= source.results.get(Task(name, None), {})
        results[name][seed] = rows
    return results


def _tasks(names: Sequence[str], seeds: int, measurement: Measurement) -> list[Task]:
    """Return the tasks, the long ones first."""
    tasks = [Task(name, seed) for seed in (*range(seeds), None) for name in names]
    return [task for task in tasks if _wanted(task, measurement)]


def _wanted(task: Task, measurement: Measurement) -> set[str]:
    return set(measurement.decoders) & set(LINEAR if task.seed is None else WITH_CHANCE)


def _open(sharing: Sharing, measurement: Measurement) -> SharedStudy:
    shared = SharedStudy.open(
        sharing.storage, sharing.study, DIRECTIONS, heartbeat=sharing.heartbeat
    )
    config = make_config(measurement.preset, measurement.overrides, 0)
    shared.agree(BenchmarkFacts(config, measurement.overrides, measurement.decoders))
    return shared


def _key(task: Task, case: Case) -> str:
    return f"{case.recording.content_hash}, {task.seed}"
