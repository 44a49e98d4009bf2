"""Reading HDF5 files that nobody has checked yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.global_heaps import check_global_heaps

MAX_BYTES = 2**32
"""The largest array that is read, in bytes."""

MAX_EXPANSION = 1100
"""Deflate cannot expand further (1032:1); an array that claims more than this is a false claim."""


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Open an HDF5 file for reading.

    Raises UserError where the file is missing, is not HDF5, or is damaged, also while the body
    reads from it.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file; give the path of a recording")
    if not h5py.is_hdf5(path):
        raise UserError(f"{path} is not an HDF5 file; a MATLAB v7.3 or aegru-hw file is one")
    try:
        check_global_heaps(path)
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__


def variable_shapes(file: h5py.File) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array in the file by name, leaving out MATLAB's own `#` groups."""
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and not name.startswith("#"):
            shapes[name] = tuple(item.shape or ())

    file.visititems(note)
    return shapes


def find_dataset(file: h5py.File, name: str) -> h5py.Dataset:
    """Return the named array of the file; a UserError lists what the file has instead."""
    try:
        item = file.get(name)
    except (KeyError, OSError, RuntimeError):
        item = None
    if not isinstance(item, h5py.Dataset):
        listed = ", ".join(sorted(variable_shapes(file))) or "none"
        raise UserError(f"{_name(file)} has no array '{name}'; its arrays are: {listed}")
    return item


def read_numbers(dataset: h5py.Dataset, *, what: str, max_bytes: int = MAX_BYTES) -> NDArray[Any]:
    """Read a whole array of plain numbers after its declared size was checked.

    Raises UserError for anything but real numbers, and for a size beyond `max_bytes` or beyond
    what the bytes stored in the file can hold. A MATLAB empty array is returned with no elements.
    """
    _check_plain(dataset, what)
    if dataset.attrs.get("MATLAB_empty", 0):
        return np.zeros((0, 0), dtype=np.float64)
    _check_size(dataset, what, max_bytes)
    return np.asarray(dataset[()])


def read_references(
    dataset: h5py.Dataset, *, what: str, max_items: int
) -> NDArray[np.object_] | None:
    """Read an array of object references; None where the array holds something else."""
    if h5py.check_ref_dtype(dataset.dtype) is not h5py.Reference:
        return None
    if dataset.size is None or dataset.size > max_items:
        raise UserError(f"{what} has {dataset.size} cells; at most {max_items} are accepted")
    _check_size(dataset, what, MAX_BYTES)
    return np.asarray(dataset[()])


def follow(file: h5py.File, reference: h5py.Reference, what: str) -> h5py.Dataset:
    """Return the array that an object reference points to."""
    item = file[reference] if reference else None
    if not isinstance(item, h5py.Dataset):
        raise UserError(f"{what} of {_name(file)} refers to no array; the file is damaged")
    return item


def _check_plain(dataset: h5py.Dataset, what: str) -> None:
    if dataset.is_virtual or dataset.external:
        raise UserError(f"{what} keeps its numbers in another file; only one file is accepted")
    if dataset.dtype.kind not in "buif" or dataset.shape is None:
        raise UserError(f"{what} holds {dataset.dtype}; real numbers are needed")


def _check_size(dataset: h5py.Dataset, what: str, max_bytes: int) -> None:
    claimed = int(np.prod(dataset.shape, dtype=object)) * dataset.dtype.itemsize
    if claimed > max_bytes:
        raise UserError(f"{what} is {claimed} bytes large; at most {max_bytes} are accepted")
    stored = dataset.id.get_storage_size()
    if claimed > MAX_EXPANSION * stored:
        raise UserError(
            f"{what} claims {claimed} bytes where {stored} are stored; the file is damaged"
        )


def _name(file: h5py.File) -> str:
    return Path(file.filename).name
