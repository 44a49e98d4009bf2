"""One process at a time in a run folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from aegru_hw.errors import UserError

LOCK, HOLDER = ".lock", ".holder"


class FolderLock:
    """The lock of a folder, held by one process; within it may be taken again.

    The system lets go of it when a process ends, however it ends, so that no stale lock is left;
    `.holder` names the process for the others' message.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pid, self._lock = os.getpid(), FileLock(folder / LOCK)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; UserError with the holder's process id where another process does."""
        if self._pid != os.getpid():  # a child that was forked holds nothing of its parent's
            self._pid, self._lock = os.getpid(), FileLock(self._folder / LOCK)
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"{self._folder} is in use by {self._holder()}; try again later"
            ) from None
        except OSError as error:
            raise UserError(f"cannot write in {self._folder}: {error.strerror}") from None
        try:
            if self._lock.lock_counter == 1:
                (self._folder / HOLDER).write_text(f"{os.getpid()}\n", encoding="utf-8")
            yield
        finally:
            self._lock.release()

    @property
    def is_held(self) -> bool:
        """Whether this object holds the lock."""
        return self._pid == os.getpid() and self._lock.is_locked

    def _holder(self) -> str:
        try:
            return f"process {int((self._folder / HOLDER).read_text(encoding='utf-8'))}"
        except (OSError, ValueError):
            return "another process"
