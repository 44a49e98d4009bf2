"""Writing files so that a failure leaves nothing half-written."""

import errno
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aegru_hw.errors import UserError

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
"""What the system says where a disk takes no more; libraries keep its words, if not its number."""

LONGEST_NAME = 40
"""Characters of a target's name that its temporary folder bears."""


@contextmanager
def atomic_path(target: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of `target` that replaces it on success and vanishes on failure.

    The body may create the sibling as a file or as a folder. What it wrote gets the mode that a
    plain `open` or `mkdir` would have given it, whatever library wrote it; files that can be
    executed still can.

    Raises UserError where the parent folder does not exist or cannot be written, where the disk is
    full, and where `target` cannot be replaced.
    """
    target = Path(target)
    try:
        name = f".{target.name[:LONGEST_NAME]}."
        scratch = Path(tempfile.mkdtemp(prefix=name, dir=target.parent))
    except OSError as error:
        missing = isinstance(error, FileNotFoundError | NotADirectoryError)
        advice = "; give a path in a folder that exists" if missing else ""
        raise UserError(f"cannot write {target}: {error.strerror}{advice}") from None
    try:
        temporary = scratch / target.name
        usual = _usual_modes(scratch)
        yield temporary
        _set_modes(temporary, *usual)
        _replace(target, temporary, scratch)
    except Exception as error:
        reason = _refusal(error, scratch)
        if reason is None:
            raise
        raise UserError(f"cannot write {target}: {reason}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def same_file(one: str | Path, other: str | Path) -> bool:
    """Tell whether two paths lead to one file: by links too, and where it does not exist yet."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.realpath(one) == os.path.realpath(other)


def refuse_same_file(source: str | Path, target: str | Path) -> None:
    """Raise UserError where writing `target` would overwrite the `source` that is read."""
    if same_file(source, target):
        raise UserError(
            f"{target} is the same file as {source}, which is read; choose another output"
        )


def sha256_of_file(path: str | Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in pieces."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _usual_modes(scratch: Path) -> tuple[int, int]:
    """Return the modes of a new file and of a new folder there, found out by making one of each."""
    file, folder = scratch / "file", scratch / "folder"
    file.touch()
    folder.mkdir()
    modes = stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(folder.stat().st_mode)
    file.unlink()
    folder.rmdir()
    return modes


def _set_modes(path: Path, file_mode: int, folder_mode: int) -> None:
    """Give a file, or a folder and all in it, the usual modes; links are left alone."""
    if path.is_symlink():
        return
    before, mode = stat.S_IMODE(path.stat().st_mode), file_mode
    if path.is_dir():
        mode = folder_mode
        for inner in path.iterdir():
            _set_modes(inner, file_mode, folder_mode)
    elif before & stat.S_IXUSR:
        mode |= (mode & 0o444) >> 2  # whoever may read it may execute it
    if before != mode:
        path.chmod(mode)


def _replace(target: Path, temporary: Path, scratch: Path) -> None:
    if not (temporary.is_dir() and target.is_dir()):
        os.replace(temporary, target)
        return
    # A folder that is not empty cannot be replaced: it steps aside, and goes when all is done.
    aside = scratch / f"{target.name}.before"
    os.replace(target, aside)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(aside, target)
        raise


def _refusal(error: Exception, scratch: Path) -> str | None:
    """Return in words why a disk refused what was written in `scratch`; None for other failures."""
    if isinstance(error, UserError | FileNotFoundError):
        return None
    for number in NO_ROOM:
        words = os.strerror(number)
        if getattr(error, "errno", None) == number or words in str(error):
            return words
    named = getattr(error, "filename", None)
    if isinstance(error, OSError) and named is not None:
        place = Path(os.path.abspath(os.fsdecode(named)))
        if place.is_relative_to(os.path.abspath(scratch)):
            return error.strerror
    return None
