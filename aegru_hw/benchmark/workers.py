"""Workers of a benchmark: in this process, or several processes side by side on this machine.

Each process works on one task at a time. A process that is killed loses only that task, which
another takes over. None outlives this process, however it ends, and each that is told to end leaves
nothing half-written.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any, Protocol

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from aegru_hw.benchmark.progress import Progress
from aegru_hw.benchmark.rows import Row
from aegru_hw.benchmark.tasks import Rows, Task, Tasks
from aegru_hw.errors import UserError

if TYPE_CHECKING:
    from aegru_hw.benchmark.measure import Case


class Measures(Protocol):
    """What works on a task: yields the name of each result, and the result."""

    def measure(
        self, case: "Case", seed: int | None, *, say: Callable[[str], None] = ...
    ) -> Generator[tuple[str, Row], None, None]:
        """Measure a case with a seed."""
        ...


POLL_SECONDS = 1.0
"""How often those who have nothing to do look for a task."""

ENDING_SECONDS = 10.0
"""What a process has to clean up in, when it is told to end."""

MOST_DEATHS = 2
"""A task whose process was killed so often ends the benchmark."""

BEGINS, ROW, DONE, FAILED = "begins", "row", "done", "failed"


def work_here(
    tasks: Tasks, cases: "Mapping[str, Case]", measurement: Measures, progress: Progress
) -> None:
    """Do all tasks in this process. UserError naming the task as `Measurement` raises it."""
    while not tasks.finished:
        task = tasks.take()
        progress.show(tasks.results)
        if task is None:
            if not tasks.finished:
                time.sleep(POLL_SECONDS)
            continue
        rows: Rows = {}
        try:
            measured = measurement.measure(
                cases[task.recording],
                task.seed,
                say=lambda text, task=task: progress.begins(task, text),  # type: ignore[misc]
            )
            for name, row in measured:
                rows[name] = row
                progress.row(task)
        except UserError as error:
            raise _named(task, error) from None
        tasks.done(task, rows)
    progress.show(tasks.results)


def work_side_by_side(
    tasks: Tasks,
    cases: "Mapping[str, Case]",
    measurement: Measures,
    progress: Progress,
    jobs: int,
) -> None:
    """Do all tasks in `jobs` processes.

    What one raises is raised here, a UserError with its task's name, and the others are ended.
    UserError too for a task whose process was killed twice.
    """
    deaths: Counter[Task] = Counter()
    workers: list[_Worker] = []
    try:
        while not tasks.finished:
            while len(workers) < jobs and (task := tasks.take()) is not None:
                workers.append(_Worker.begin(measurement))
                workers[-1].give(task, cases[task.recording])
            progress.show(tasks.results)
            ready = wait([worker.connection for worker in workers], POLL_SECONDS)
            for worker in [one for one in workers if one.connection in ready]:
                try:
                    ended = worker.listen(tasks, progress)
                except EOFError:
                    workers.remove(worker)
                    tasks.give_back(worker.task)
                    progress.lost(worker.task)
                    deaths[worker.task] += 1
                    if deaths[worker.task] == MOST_DEATHS:
                        raise UserError(
                            f"{worker.task}: its process ended {MOST_DEATHS} times with "
                            f"{worker.status()}; is there enough memory for {jobs} at once?"
                        ) from None
                    continue
                if ended and (task := tasks.take()) is not None:
                    worker.give(task, cases[task.recording])
                elif ended:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            worker.end()
    progress.show(tasks.results)


@dataclass
class _Worker:
    """A process, and what it is at."""

    process: SpawnProcess
    connection: "Connection[Any, Any]"
    task: Task

    @classmethod
    def begin(cls, measurement: Measures) -> "_Worker":
        spawn = multiprocessing.get_context("spawn")
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=_serve, args=(theirs, measurement), daemon=True)
        with _without_interrupts():
            process.start()
        theirs.close()
        return cls(process, ours, Task("", None))

    def give(self, task: Task, case: "Case") -> None:
        self.task = task
        with suppress(BrokenPipeError):  # it is dead, which `listen` will hear
            self.connection.send((case, task.seed))

    def listen(self, tasks: Tasks, progress: Progress) -> bool:
        """Take in a message; return whether the task is done. EOFError where the process ended."""
        try:
            what, content = self.connection.recv()
        except ConnectionResetError:
            raise EOFError from None
        if what == BEGINS:
            progress.begins(self.task, content)
        elif what == ROW:
            progress.row(self.task)
        elif what == DONE:
            tasks.done(self.task, content)
        elif isinstance(content, UserError):
            raise _named(self.task, content)
        else:
            raise content
        return bool(what == DONE)

    def status(self) -> str:
        """Return in words how the process ended."""
        self.process.join(ENDING_SECONDS)
        code = self.process.exitcode
        return f"status {code}" if code is None or code >= 0 else signal.Signals(-code).name

    def end(self) -> None:
        """See the process end: by itself, or else by force."""
        self.connection.close()
        self.process.join(ENDING_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _named(task: Task, error: UserError) -> UserError:
    return UserError(f"{task}: {error}")


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Begin processes that Ctrl-C does not reach: this one ends them, once and in order."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: "Connection[Any, Any]", measurement: Measures) -> None:
    """Work on what comes through the connection until it is closed: a process's main function."""
    signal.signal(signal.SIGTERM, _leave)
    tqdm.set_lock(
        threading.RLock()
    )  # its own lock is a semaphore, which `_exit` would leave behind
    _use_one_thread()
    threading.Thread(target=_leave_with_the_parent, daemon=True).start()
    with suppress(SystemExit, EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            case, seed = connection.recv()
            connection.send(_answer(connection, measurement, case, seed))
    os._exit(0)  # all is put away, and to take torch apart takes seconds


def _answer(
    connection: "Connection[Any, Any]", measurement: Measures, case: "Case", seed: int | None
) -> tuple[str, Any]:
    """Measure, and say on the way what begins and which rows are there; return what came of it."""
    rows: Rows = {}
    measured = measurement.measure(case, seed, say=lambda text: connection.send((BEGINS, text)))
    try:
        with closing(measured):
            for name, row in measured:
                rows[name] = row
                connection.send((ROW, name))
    except Exception as error:
        error.add_note(traceback.format_exc())
        return FAILED, error
    return DONE, rows


def _use_one_thread() -> None:
    """Keep to one core: the others are for the other processes."""
    threadpool_limits(1)  # of libraries that are there, and the variables of those that come
    os.environ |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def _leave(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(1)


def _leave_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(ENDING_SECONDS)
    os._exit(1)
