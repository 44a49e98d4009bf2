"""The tasks of a drift: a night needs the night before, and so does a day."""

from aegru_hw.benchmark.tasks import Rows, Task


class ChainedTasks:
    """Tasks each of which waits for another.

    needs: of each task the one that has to be done before; None where it needs none. The order is
    the one in which those that could begin do.
    """

    def __init__(self, needs: dict[Task, Task | None]) -> None:
        self.results: dict[Task, Rows] = {}
        self._needs, self._left = needs, list(needs)

    @property
    def finished(self) -> bool:
        return len(self.results) == len(self._needs)

    def take(self) -> Task | None:
        for task in self._left:
            needed = self._needs[task]
            if needed is None or needed in self.results:
                self._left.remove(task)
                return task
        return None

    def done(self, task: Task, rows: Rows) -> None:
        self.results[task] = rows

    def give_back(self, task: Task) -> None:
        self._left.insert(0, task)
