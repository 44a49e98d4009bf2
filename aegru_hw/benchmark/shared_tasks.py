"""Tasks that machines share through a database; each result is there for all of them."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import msgspec

from aegru_hw.benchmark.tasks import Rows, Task
from aegru_hw.decoder.config import Config
from aegru_hw.storage import Claim, Direction, SharedStudy
from aegru_hw.storage.trials import key_of

DIRECTIONS: tuple[Direction, ...] = ("maximize",)
"""Of the number of results, for a study needs something."""

ROWS = "rows"


@dataclass(frozen=True)
class BenchmarkFacts:
    """What all machines have to agree on; the recordings and seeds may differ."""

    config: Config
    overrides: tuple[str, ...]
    decoders: tuple[str, ...]


class SharedTasks:
    """The tasks of one machine, some of which others may do; a context.

    keys: what each task is called in the database.

    What was taken and not done is given back at the end of the context; what a machine had taken
    that died is taken over.
    """

    def __init__(self, shared: SharedStudy, keys: Mapping[Task, str]) -> None:
        self.results: dict[Task, Rows] = {}
        self._shared, self._keys = shared, keys
        self._held: dict[Task, tuple[Claim, ExitStack]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for task in list(self._held):
            self.give_back(task)

    @property
    def finished(self) -> bool:
        return len(self.results) == len(self._keys)

    def take(self) -> Task | None:
        state = self._shared.state()
        there = {key_of(trial): trial for trial in state.complete}
        for task, key in self._keys.items():
            if key in there and task not in self.results:
                rows = msgspec.convert(there[key].user_attrs[ROWS], Rows)
                self.results[task] = rows
        for task, key in self._keys.items():
            if key in state.keys:
                continue
            claim = self._shared.take(key)
            if claim is not None:
                stack = ExitStack()
                stack.enter_context(self._shared.alive(claim))
                self._held[task] = claim, stack
                return task
        return None

    def done(self, task: Task, rows: Rows) -> None:
        claim, stack = self._held.pop(task)
        with stack:
            self._shared.note(claim, ROWS, msgspec.to_builtins(rows))
            self._shared.complete(claim, [len(rows)])
        self.results[task] = rows

    def give_back(self, task: Task) -> None:
        claim, stack = self._held.pop(task)
        with stack:
            self._shared.give_back(claim)
