"""Arrays of numbers out of an open NWB file, whose declared sizes are checked first."""

from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.floats import Floats, as_floats
from aegru_hw.recordings.hdf5 import read_numbers
from aegru_hw.recordings.zarr_store import ZarrArray

MAX_SERIES_BYTES = 2**31

Integers = NDArray[np.int64]


def numbers(data: Any, what: str, dimensions: int | None) -> Floats:
    """Read real numbers of as many dimensions, any number of them where None."""
    values = _array(data, what)
    if dimensions is not None and values.ndim != dimensions:
        raise UserError(f"{what} has shape {values.shape}; {dimensions} dimensions are needed")
    return as_floats(values)


def whole(data: Any, what: str) -> Integers:
    """Read a list of whole numbers."""
    values = _array(data, what)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise UserError(f"{what} holds {values.dtype} {values.shape}; a list of numbers is needed")
    return values.astype(np.int64)


def ragged(table: Any, name: str, count: int, dimensions: int) -> tuple[Floats, Integers]:
    """Return the values of a column, row after row, and where each of `count` rows ends."""
    column = table[name]
    target = getattr(column, "target", None)
    if target is None or not hasattr(target, "data"):
        values = numbers(column.data, f"'{name}' of the units", dimensions)
        ends = np.arange(1, count + 1)
    else:
        values = numbers(target.data, f"'{name}' of the units", dimensions)
        ends = whole(column.data, f"index of '{name}' of the units")
    if len(ends) != count or np.any(np.diff(ends, prepend=0) < 0) or ends[-1] != len(values):
        raise UserError(f"'{name}' of the units does not belong to {count} units; damaged file")
    return values, ends


def holds_numbers(data: Any) -> bool:
    """Tell whether data are an array of real numbers in the file."""
    return isinstance(data, h5py.Dataset) and bool(data.shape) and data.dtype.kind in "buif"


def _array(data: Any, what: str) -> NDArray[Any]:
    if isinstance(data, ZarrArray):
        return data.read(what, MAX_SERIES_BYTES)
    if not isinstance(data, h5py.Dataset):
        raise UserError(f"{what} is no array of numbers")
    return read_numbers(data, what=what, max_bytes=MAX_SERIES_BYTES)
