"""MATLAB v7.3 files and other HDF5: arrays, structs (groups), sparse arrays, cells, struct arrays.

Axes are as Python shows them, which for a file of MATLAB's is reversed.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import (
    MAX_TRIALS,
    Container,
    Numbers,
    Shape,
    missing,
    shape_of_trials,
)
from aegru_hw.recordings.containers.series import Regular, regular_series, unit_of
from aegru_hw.recordings.containers.sparse import dense
from aegru_hw.recordings.hdf5 import open_hdf5, read_numbers, read_references

Found = Any
"""A data set or a group of h5py, which has no types."""


MAX_WITHIN = 500_000
"""Objects within structs of trials that are looked at; what lies beyond is not listed."""


@dataclass(frozen=True)
class _Place:
    """Where an array is: its path in the file, and the path within each struct that it refers to.

    A field of a struct array refers to one value a struct, which may be a struct itself.
    """

    path: str
    shape: Shape
    within: str = ""


class Matlab73(Container):
    kind = "hdf5"
    text = "MATLAB v7.3 or HDF5"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._listed: dict[str, _Place] | None = None
        self._left = MAX_WITHIN

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return bool(h5py.is_hdf5(path))

    def shapes(self) -> dict[str, Shape]:
        return {name: place.shape for name, place in self._index().items()}

    def load(self, name: str) -> Numbers | list[Numbers]:
        index = self._index()
        if name not in index:
            raise missing(self.path, name, index)
        with open_hdf5(self.path) as file:
            place = index[name]
            item = file[place.path]
            if not _one_a_trial(item):
                return _numbers(item, name)
            if place.within:
                structs = [one[place.within] for one in _structs(file, item)]
                return [_numbers(one, name) for one in structs]
            references = read_references(item, what=f"'{name}'", max_items=MAX_TRIALS)
            assert references is not None
            return [_numbers(one, name) for one in _targets(file, references.T, name)]

    def regular(self, name: str) -> Regular | None:
        with open_hdf5(self.path) as file:
            return regular_series(file[self._index()[name].path].parent, name)

    def unit(self, name: str) -> str:
        with open_hdf5(self.path) as file:
            return unit_of(file[self._index()[name].path])

    def _index(self) -> dict[str, "_Place"]:
        """Return where everything is by name."""
        if self._listed is None:
            listed: dict[str, _Place] = {}
            with open_hdf5(self.path) as file:

                def note(path: str, item: Any) -> None:
                    if (
                        path.startswith("#")
                        or not path.isprintable()
                        or _is_part_of_sparse(file, path)
                    ):
                        return
                    if not isinstance(item, h5py.Dataset) and not _is_sparse(item):
                        return
                    name = _name(file, path)
                    structs = _structs(file, item)
                    fields = _fields_of_all(structs, self._left)
                    self._left -= len(structs) * (1 + len(fields))
                    if not fields:
                        listed[name] = _Place(path, _shape(file, item))
                    for within, shape in fields.items():
                        dotted = within.replace("/", ".")
                        listed[f"{name}.{dotted}"] = _Place(path, shape, within)

                file.visititems(note)
            self._listed = listed
        return self._listed


def _name(file: h5py.File, path: str) -> str:
    """Return a path with "." behind a MATLAB struct and "/" behind any other group."""
    parts = path.split("/")
    name = parts[0]
    for depth in range(1, len(parts)):
        struct = _class(file["/".join(parts[:depth])]) == "struct"
        name += ("." if struct else "/") + parts[depth]
    return name


def _class(item: Found) -> str:
    value = item.attrs.get("MATLAB_class", "")
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _is_sparse(item: object) -> bool:
    return isinstance(item, h5py.Group) and "MATLAB_sparse" in item.attrs and "jc" in item


def _is_part_of_sparse(file: h5py.File, path: str) -> bool:
    parent, _, _ = path.rpartition("/")
    return bool(parent) and _is_sparse(file[parent])


def _one_a_trial(item: Found) -> bool:
    """Tell a cell array or a field of a struct array, which hold references, from numbers."""
    if not isinstance(item, h5py.Dataset) or h5py.check_ref_dtype(item.dtype) is not h5py.Reference:
        return False
    return _class(item) == "cell" or _class(item.parent) == "struct"


def _targets(file: h5py.File, references: Numbers, name: str) -> list[Found]:
    targets = []
    for reference in references.ravel():
        item = file[reference] if reference else None
        if not isinstance(item, h5py.Dataset) and not _is_sparse(item):
            raise UserError(f"'{name}' holds something else than numbers in one of its cells")
        if _class(item) in ("char", "cell", "struct"):
            raise UserError(f"'{name}' holds {_class(item)}; arrays of numbers are needed")
        targets.append(item)
    return targets


def _structs(file: h5py.File, item: Found) -> list[h5py.Group]:
    """Return the structs, one a trial, that a field of a struct array refers to; else none."""
    if not _one_a_trial(item) or _class(item) == "cell" or not 0 < item.size <= MAX_TRIALS:
        return []
    references = read_references(item, what=f"'{item.name}'", max_items=MAX_TRIALS)
    assert references is not None
    found = [file[one] if one else None for one in references.T.ravel()]
    structs = all(
        isinstance(one, h5py.Group) and _class(one) == "struct" and not _is_sparse(one)
        for one in found
    )
    return found if structs else []


def _fields_of_all(structs: list[h5py.Group], most: int) -> dict[str, Shape]:
    """Return the shapes, over all structs, of the arrays that each of them has, by path within.

    Nothing where more than `most` objects would have to be looked at.
    """
    paths: list[str] = []
    if 0 < len(structs) <= most:
        structs[0].visit(paths.append)
    if len(paths) * len(structs) > most:
        return {}
    shapes: dict[str, Shape] = {}
    for path in paths:
        items = [one.get(path) for one in structs] if path.isprintable() else [None]
        inside = any(path.startswith(f"{other}/") for other in shapes)  # parts of a sparse array
        if not inside and all(_is_plain(one) for one in items):
            shapes[path] = shape_of_trials(_plain_shape(one) for one in items)
    return shapes


def _is_plain(item: Found) -> bool:
    return _is_sparse(item) or (isinstance(item, h5py.Dataset) and not _one_a_trial(item))


def _shape(file: h5py.File, item: Found) -> Shape:
    if (
        _one_a_trial(item)
        and item.size == max(item.shape, default=0)
        and 0 < item.size <= MAX_TRIALS
    ):
        references = read_references(item, what=f"'{item.name}'", max_items=MAX_TRIALS)
        try:
            targets = _targets(file, np.asarray(references).T, item.name)
        except UserError:
            return tuple(item.shape)
        return shape_of_trials(_plain_shape(target) for target in targets)
    return _plain_shape(item)


def _plain_shape(item: Found) -> tuple[int, ...]:
    if isinstance(item, h5py.Group):
        return max(0, _length(item["jc"]) - 1), int(item.attrs["MATLAB_sparse"])
    if item.attrs.get("MATLAB_empty", 0):
        return (0, 0)
    return tuple(item.shape or ())


def _length(item: object) -> int:
    return int(item.size or 0) if isinstance(item, h5py.Dataset) else 0


def _numbers(item: Found, name: str) -> Numbers:
    if isinstance(item, h5py.Group):
        return _sparse(item, name)
    return read_numbers(item, what=f"'{name}'")


def _sparse(group: h5py.Group, name: str) -> Numbers:
    """Return a sparse array in full, its axes reversed as those of all matrices of the file."""
    starts = _part(group, "jc", name)
    empty = np.zeros(0, dtype=np.int64)
    values = _part(group, "data", name) if "data" in group else np.zeros(0)
    rows = _part(group, "ir", name) if "ir" in group else empty
    height = int(group.attrs["MATLAB_sparse"])
    if height < 0 or values.dtype.kind not in "buif":
        raise UserError(f"'{name}' is not an array of real numbers")
    return dense(name, (height, max(0, len(starts) - 1)), values, rows, starts).T


def _part(group: h5py.Group, part: str, name: str) -> Numbers:
    item = group.get(part)
    if not isinstance(item, h5py.Dataset):
        raise UserError(f"'{name}' is a sparse matrix without '{part}'; the file is damaged")
    return read_numbers(item, what=f"'{name}/{part}'").ravel()
