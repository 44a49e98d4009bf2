"""What is to be done in a benchmark: a seed of a recording is a task."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from aegru_hw.benchmark.rows import Row

Rows = dict[str, Row]
"""The results of a task, by the decoder's name."""


@dataclass(frozen=True)
class Task:
    """A recording by its name, and a seed; None for the decoders without chance."""

    recording: str
    seed: int | None

    def __str__(self) -> str:
        which = "decoders without chance" if self.seed is None else f"seed {self.seed}"
        return f"{self.recording}, {which}"


class Tasks(Protocol):
    """Where tasks come from, and where their results go: `results`."""

    results: dict[Task, Rows]

    @property
    def finished(self) -> bool:
        """Whether every task has its results."""
        ...

    def take(self) -> Task | None:
        """Return a task to work on; None where there is none now."""
        ...

    def done(self, task: Task, rows: Rows) -> None:
        """Keep the results of a task that was taken."""
        ...

    def give_back(self, task: Task) -> None:
        """Let go of a task that was taken and came to nothing; it may be taken again."""
        ...


class OwnTasks:
    """Tasks that nobody else works on."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self.results: dict[Task, Rows] = {}
        self._left = deque(tasks)
        self._wanted = len(self._left)

    @property
    def finished(self) -> bool:
        return len(self.results) == self._wanted

    def take(self) -> Task | None:
        return self._left.popleft() if self._left else None

    def done(self, task: Task, rows: Rows) -> None:
        self.results[task] = rows

    def give_back(self, task: Task) -> None:
        self._left.append(task)
