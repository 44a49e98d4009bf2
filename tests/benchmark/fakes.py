"""Measurements that processes do at once, and that end as they are told to."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.benchmark.progress import Progress
from aegru_hw.benchmark.rows import Row
from aegru_hw.benchmark.tasks import OwnTasks, Task
from aegru_hw.benchmark.workers import work_side_by_side
from aegru_hw.errors import UserError

TASKS = tuple(Task(name, seed) for seed in (0, 1, None) for name in ("a", "b"))
CASES = {name: name for name in ("a", "b")}


def row_of(case: str, seed: int | None) -> Row:
    return Row(ord(case) + (seed or 0) / 8, None, None, macs=1.0, footprint_bytes=1)


@dataclass(frozen=True)
class Fake:
    """Stands for `Measurement`, and writes a file for each task that it begins and ends.

    what: happens at recording b with seed 0: "killed", "killed once", "refused", "broken"; or
        "slow" for every one.
    """

    folder: Path
    what: str = ""

    def measure(
        self, case: str, seed: int | None, *, say: Callable[[str], None]
    ) -> Iterator[tuple[str, Row]]:
        say("begins")
        began = self.folder / f"{case}{seed}.{os.getpid()}.began"
        began.touch()
        try:
            self._happen(case, seed)
            yield "fake", row_of(case, seed)
        finally:
            began.rename(began.with_suffix(".ended"))

    def _happen(self, case: str, seed: int | None) -> None:
        if self.what == "slow":
            time.sleep(60)
        if (case, seed) != ("b", 0):
            return
        attempts = len(list(self.folder.glob("b0.*")))
        if self.what == "killed" or (self.what == "killed once" and attempts == 1):
            os.kill(os.getpid(), signal.SIGKILL)
        if self.what == "refused":
            raise UserError("it is too small; give a larger one")
        if self.what == "broken":
            raise ValueError("a bug")


def work(folder: Path, what: str = "", jobs: int = 2) -> OwnTasks:
    """Do all tasks in two processes; return them."""
    tasks = OwnTasks(TASKS)
    with Progress(len(TASKS), shown=False) as progress:
        work_side_by_side(tasks, CASES, Fake(folder, what), progress, jobs)
    return tasks


if __name__ == "__main__":
    try:
        work(Path(sys.argv[1]), "slow")
    except KeyboardInterrupt:
        sys.exit(130)
