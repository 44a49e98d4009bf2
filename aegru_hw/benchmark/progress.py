"""The progress bar of a benchmark: a step is a result, whoever measures it."""

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tqdm import tqdm

from aegru_hw.benchmark.tasks import Rows, Task


class Progress:
    """A bar over all results of a benchmark; a context."""

    def __init__(self, total: int, *, shown: bool) -> None:
        self._bar = tqdm(total=total, unit="row", file=sys.stderr, disable=not shown)
        self._rows: dict[Task, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._bar.close()

    def begins(self, task: Task, text: str) -> None:
        """Say what a task is at."""
        self._bar.set_description(f"{task}: {text}")

    def row(self, task: Task) -> None:
        """Count a result of a task that is not done yet."""
        self._rows[task] = self._rows.get(task, 0) + 1
        self._move()

    def lost(self, task: Task) -> None:
        """Take back what was counted of a task: its process ended."""
        self._rows.pop(task, None)
        self._move()

    def show(self, results: Mapping[Task, Rows]) -> None:
        """Count the results of all tasks that are done, here or elsewhere."""
        self._rows |= {task: len(rows) for task, rows in results.items()}
        self._move()

    def _move(self) -> None:
        self._bar.update(sum(self._rows.values()) - self._bar.n)
