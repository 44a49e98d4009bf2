"""Ending a process at each of its file operations, to see what it leaves."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

OPERATIONS = {
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.symlink", "os.link", "os.chmod"),
    *("os.truncate", "os.utime", "shutil.copyfile", "shutil.rmtree", "tempfile.mkdtemp"),
}
KILLED, DONE, FAILED = 137, 0, 1


def killed_at_every_step(folder: Path, change: Callable[[Path], object]) -> Iterator[Path]:
    """Yield copies of a folder after a change that ended at its 1st, 2nd, ... file operation.

    The last copy is of the change that came to its end.
    """
    step = 0
    while True:
        step += 1
        with tempfile.TemporaryDirectory() as scratch:
            copy = Path(scratch) / folder.name
            shutil.copytree(folder, copy, symlinks=True)
            status = ended_at(step, lambda: change(copy))  # noqa: B023
            if status not in (KILLED, DONE):
                raise AssertionError(f"the change failed at step {step} with status {status}")
            yield copy
            if status == DONE:
                return


def ended_at(step: int, change: Callable[[], object]) -> int:
    """Run a change in a child process that ends before a file operation; return its status."""
    child = os.fork()
    if child == 0:
        status = FAILED
        try:
            _end_before(step)
            change()
            status = DONE
        except BaseException as error:
            print(f"killed_at_every_step: {error!r}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _end_before(step: int) -> None:
    left = step

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and _writes(arguments[2])
        if writes or event in OPERATIONS:
            left -= 1
            if left == 0:
                os._exit(KILLED)

    sys.addaudithook(count)


def _writes(flags: int) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def tree(folder: Path, *, without: str = "") -> dict[str, bytes]:
    """Return the content of every file in a folder by its path; empty folders do not count."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not (without and without in path.parts)
    }
