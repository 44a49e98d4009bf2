"""A drift's tasks: nights follow each other, a day needs the night before."""

import pytest

from aegru_hw.benchmark.measure import Case
from aegru_hw.benchmark.tasks import Task
from aegru_hw.drift.columns import ANEW, COLUMNS, FIRST
from aegru_hw.drift.drift import chain
from aegru_hw.drift.measure import DriftMeasurement
from aegru_hw.drift.tasks import ChainedTasks
from tests.support.recordings import small_recording


def test_no_night_where_no_column_is_of_a_carried_decoder() -> None:
    cases = [Case(name, small_recording(ticks=400)) for name in "ab"]
    sessions, needs = chain(cases, 2, carried=False)
    assert list(sessions) == ["a", "b"]
    assert needs == {Task(name, seed): None for seed in range(2) for name in "ab"}


@pytest.mark.parametrize("column", COLUMNS)
def test_columns_that_need_nights(column, tmp_path) -> None:
    measurement = DriftMeasurement(tmp_path, tmp_path, tmp_path, (ANEW, column), "all")
    alone = column in (FIRST, ANEW) or column.startswith("from nothing")
    assert measurement.needs_nights == (not alone)


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
