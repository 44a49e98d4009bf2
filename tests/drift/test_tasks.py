"""A drift's tasks: nights follow each other, a day needs the night before."""

from aegru_hw.benchmark.measure import Case
from aegru_hw.benchmark.tasks import Task
from aegru_hw.drift.drift import chain
from aegru_hw.drift.tasks import ChainedTasks
from tests.support.recordings import small_recording


def test_a_task_waits_for_the_one_that_it_needs() -> None:
    recording = small_recording(ticks=400)
    sessions, needs = chain([Case(name, recording) for name in "abc"], 1)
    assert [(case.name, case.kind, case.before) for case in sessions.values()] == [
        ("a", "night", ""),
        ("a", "day", ""),
        ("b", "night", "a"),
        ("b", "day", "a"),
        ("c", "day", "b"),
    ]
    tasks = ChainedTasks(needs)
    first, second = tasks.take(), tasks.take()
    assert (first, second) == (Task("night a", 0), Task("a", 0))
    assert tasks.take() is None
    tasks.done(Task("a", 0), {})
    assert tasks.take() is None
    tasks.done(Task("night a", 0), {})
    assert tasks.take() == Task("night b", 0)
    tasks.give_back(Task("night b", 0))
    assert [tasks.take(), tasks.take(), tasks.take()] == [Task("night b", 0), Task("b", 0), None]
    tasks.done(Task("night b", 0), {})
    tasks.done(Task("b", 0), {})
    assert tasks.take() == Task("c", 0)
    assert not tasks.finished
    tasks.done(Task("c", 0), {})
    assert tasks.finished
