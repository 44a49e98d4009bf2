"""MATLAB v7.3 files and other HDF5: arrays, structs (groups), sparse arrays, cells, struct arrays.

Axes are as Python shows them, which for a file of MATLAB's is reversed.
"""

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
from aegru_hw.recordings.containers.sparse import dense
from aegru_hw.recordings.hdf5 import open_hdf5, read_numbers, read_references

Found = Any
"""A data set or a group of h5py, which has no types."""


class Matlab73(Container):
    kind = "hdf5"
    text = "MATLAB v7.3 or HDF5"

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._listed: dict[str, tuple[str, Shape]] | None = None

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return bool(h5py.is_hdf5(path))

    def shapes(self) -> dict[str, Shape]:
        return {name: shape for name, (_, shape) in self._index().items()}

    def load(self, name: str) -> Numbers | list[Numbers]:
        index = self._index()
        if name not in index:
            raise missing(self.path, name, index)
        with open_hdf5(self.path) as file:
            item = file[index[name][0]]
            if not _one_a_trial(item):
                return _numbers(item, name)
            references = read_references(item, what=f"'{name}'", max_items=MAX_TRIALS)
            assert references is not None
            return [_numbers(one, name) for one in _targets(file, references.T, name)]

    def _index(self) -> dict[str, tuple[str, Shape]]:
        """Return the path in the file and the shape of everything by name."""
        if self._listed is None:
            listed: dict[str, tuple[str, Shape]] = {}
            with open_hdf5(self.path) as file:

                def note(path: str, item: Any) -> None:
                    if (
                        path.startswith("#")
                        or not path.isprintable()
                        or _is_part_of_sparse(file, path)
                    ):
                        return
                    if isinstance(item, h5py.Dataset) or _is_sparse(item):
                        listed[_name(file, path)] = path, _shape(file, item)

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
