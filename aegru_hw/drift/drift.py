"""A whole drift: sessions in order, by one process or several side by side."""

from collections.abc import Sequence

from aegru_hw.benchmark.measure import Case
from aegru_hw.benchmark.progress import Progress
from aegru_hw.benchmark.table import Results
from aegru_hw.benchmark.tasks import Task
from aegru_hw.benchmark.workers import work_here, work_side_by_side
from aegru_hw.drift.measure import DAY, NIGHT, DriftMeasurement, Session
from aegru_hw.drift.tasks import ChainedTasks


def drift(
    cases: Sequence[Case],
    seeds: int,
    measurement: DriftMeasurement,
    *,
    jobs: int = 1,
    progress: bool = True,
) -> Results:
    """Return what is measured of every session, in the order of days, with seeds 0, 1, ...

    jobs: processes side by side; the nights follow each other, days and seeds need not.
    """
    sessions, needs = chain(cases, seeds, carried=measurement.needs_nights)
    tasks = ChainedTasks(needs)
    with Progress(len(cases) * seeds * len(measurement.columns), shown=progress) as bar:
        if jobs == 1:
            work_here(tasks, sessions, measurement, bar)
        else:
            work_side_by_side(tasks, sessions, measurement, bar, jobs)
    return {
        case.name: {seed: tasks.results[Task(case.name, seed)] for seed in range(seeds)}
        for case in cases
    }


def chain(
    cases: Sequence[Case], seeds: int, *, carried: bool = True
) -> tuple[dict[str, Session], dict[Task, Task | None]]:
    """Return the sessions by their task's name, and what each task needs, nights first.

    carried: whether a decoder is carried from night to night; days need nothing else.
    """
    sessions: dict[str, Session] = {}
    needs: dict[Task, Task | None] = {}
    for seed in range(seeds):
        before = ""
        for case in cases:
            night = f"{NIGHT} {case.name}"
            needed = Task(f"{NIGHT} {before}", seed) if before and carried else None
            if carried and case is not cases[-1]:
                sessions[night] = Session(case.name, case.recording, NIGHT, before)
                needs[Task(night, seed)] = needed
            sessions[case.name] = Session(case.name, case.recording, DAY, before)
            needs[Task(case.name, seed)] = needed
            before = case.name
    return sessions, needs
