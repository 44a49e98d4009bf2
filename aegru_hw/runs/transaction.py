"""Several files of a folder changed together: all of them, or none.

New files and folders are written under `.transaction/new`. The commit is one atomic step: the
journal `.transaction/journal.json` appears, with the names to put in place and those to remove.
From then on the change stands: it is carried out at once, or by whoever opens the folder next. A
transaction without a journal never happened, and what it left is swept away.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from aegru_hw.errors import UserError
from aegru_hw.strict_json import read_json, write_json

FOLDER = ".transaction"
NEW, OLD, JOURNAL = "new", "old", "journal.json"


@dataclass(frozen=True)
class Journal:
    """What a committed transaction changes, by paths relative to the folder."""

    put: tuple[str, ...]
    remove: tuple[str, ...]


class Transaction:
    """A change of a folder that is being prepared."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._scratch = folder / FOLDER
        self._put: list[str] = []
        self._remove: list[str] = []

    def path(self, name: str) -> Path:
        """Return where to write the new file or folder of a name, such as "results/float.json"."""
        checked_name(name)
        place = self._scratch / NEW / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if name not in self._put:
            self._put.append(name)
        return place

    def remove(self, *names: str) -> None:
        """Have files or folders of these names gone after the commit, where they are there."""
        for name in names:
            checked_name(name)
            self._remove.append(name)

    def present(self, name: str) -> Path:
        """Return where what has a name is to be read: as it will be after the commit."""
        if name in self._put:
            return self._scratch / NEW / name
        for put in self._put:
            if name.startswith(f"{put}/"):
                return self._scratch / NEW / name
        if any(name == removed or name.startswith(f"{removed}/") for removed in self._remove):
            return self._scratch / OLD / "nothing"
        return self._folder / name

    def listing(self, name: str) -> list[str]:
        """Return the sorted names in a folder as it will be after the commit."""
        within = f"{name}/"
        found = {
            put.removeprefix(within).split("/")[0] for put in self._put if put.startswith(within)
        }
        place = self.present(name)
        if place.is_dir():
            found |= {entry.name for entry in place.iterdir()}
        return sorted(
            entry for entry in found if entry and self.present(f"{name}/{entry}").exists()
        )

    def commit(self) -> None:
        """Carry the change out."""
        for name in self._put:
            if not (self._scratch / NEW / name).exists():
                raise RuntimeError(f"{name} was announced but not written")
        if self._put or self._remove:
            self._scratch.mkdir(exist_ok=True)
            remove = tuple(name for name in self._remove if name not in self._put)
            write_json(Journal(tuple(self._put), remove), self._scratch / JOURNAL)
        recover(self._folder)


def recover(folder: Path) -> None:
    """Finish a transaction that was committed, and sweep away what is left of any other."""
    scratch = folder / FOLDER
    if not os.path.lexists(scratch):
        return
    if scratch.is_symlink() or not scratch.is_dir():
        raise UserError(f"{scratch} is no folder of this program; move it away")
    journal = scratch / JOURNAL
    if journal.exists():
        names = read_json(journal, Journal)
        for name in (*names.put, *names.remove):
            checked_name(name)
        for name in names.remove:
            _set_aside(folder, name)
        if names.remove:  # done once: what is put in place may lie in a folder that was removed
            write_json(Journal(names.put, ()), journal)
        for name in names.put:
            _put_in_place(folder, name)
        journal.unlink()
    shutil.rmtree(scratch)


def pending(folder: Path) -> bool:
    """Tell whether a committed transaction waits to be carried out."""
    return (folder / FOLDER / JOURNAL).exists()


def checked_name(name: str) -> None:
    """Raise UserError for a name that leads out of the folder."""
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or parts[0] == FOLDER:
        raise UserError(f"'{name}' is no name within a run")


def _put_in_place(folder: Path, name: str) -> None:
    new, place = folder / FOLDER / NEW / name, folder / name
    if not os.path.lexists(new):
        return  # an earlier attempt came this far
    place.parent.mkdir(parents=True, exist_ok=True)
    if new.is_dir() or (place.is_dir() and not place.is_symlink()):
        _set_aside(folder, name)
    os.replace(new, place)


def _set_aside(folder: Path, name: str) -> None:
    """Move what has a name to where it is swept away; its content is not touched."""
    place, old = folder / name, folder / FOLDER / OLD / name
    if not os.path.lexists(place):
        return
    if os.path.lexists(old):
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        else:
            old.unlink()
    old.parent.mkdir(parents=True, exist_ok=True)
    os.replace(place, old)
