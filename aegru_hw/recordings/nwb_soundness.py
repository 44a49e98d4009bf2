"""What of an NWB file is looked at before hdmf is let at it, which believes what a file says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py

from aegru_hw.errors import UserError

SCHEMA = ".specloc"
"""Attribute of the file that refers to the group of its schema."""

DATED = ("/", "/general/subject")
"""Groups whose dates hdmf reads as text, whatever they hold."""

MOST_BYTES = 2**24
"""Of an array that is read at once, a text of the schema for example."""


def check_sound(file: h5py.File, path: Path) -> None:
    """Refuse what hdmf would follow or read without an end.

    That are links into other files, groups that lie in themselves, and the schema and dates, of
    which all is read at once, where they are no texts. Raises UserError for these.
    """
    _check_links(file, path)
    for name in DATED:
        group = file.get(name)
        if isinstance(group, h5py.Group):
            _check_dates(group, path)
    if SCHEMA in file.attrs:
        _check_schema(file[file.attrs[SCHEMA]], path)


def _check_dates(group: h5py.Group, path: Path) -> None:
    for name in group:
        item = group.get(name)
        if isinstance(item, h5py.Dataset) and item.nbytes > MOST_BYTES:
            raise UserError(f"'{name}' of {path} is no text or date; the file is damaged")


def _check_schema(group: h5py.Group, path: Path) -> None:
    arrays: list[str] = []

    def note(name: str, item: Any) -> None:
        if not isinstance(item, h5py.Dataset):
            return
        if item.shape not in ((), (1,)) or item.nbytes > MOST_BYTES:
            arrays.append(name)

    group.visititems(note)
    if arrays:
        raise UserError(f"'{arrays[0]}' of the schema in {path} is no text; the file is damaged")


def _check_links(file: h5py.File, path: Path) -> None:
    # h5py's visititems_links would do, but an error inside it comes out as a SystemError.
    root = file["/"]
    inside, seen = [_address(root)], {_address(root)}
    parts = [_groups(root, path)]
    while parts:
        group = next(parts[-1], None)
        if group is None:
            parts.pop()
            inside.pop()
            continue
        address = _address(group)
        if address in inside:
            raise UserError(f"{path} has a group that lies in itself, {group.name}; it is damaged")
        if address not in seen:
            seen.add(address)
            inside.append(address)
            parts.append(_groups(group, path))


def _address(group: h5py.Group) -> int:
    return int(h5py.h5o.get_info(group.id).addr)


def _groups(group: h5py.Group, path: Path) -> Iterator[h5py.Group]:
    """Yield the groups that a group holds; a soft link's target lies elsewhere in the file."""
    for name in group:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            raise UserError(
                f"'{name}' in {group.name} of {path} lies in another file; one file is accepted"
            )
        if isinstance(link, h5py.HardLink) and group.get(name, getclass=True) is h5py.Group:
            yield group[name]
