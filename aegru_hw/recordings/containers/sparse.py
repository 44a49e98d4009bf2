"""Sparse matrices in compressed columns, as MATLAB stores them."""

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Numbers

MAX_DENSE_BYTES = 2**30


def dense(
    name: str, shape: tuple[int, int], values: Numbers, rows: Numbers, starts: Numbers
) -> Numbers:
    """Return a sparse matrix as a full one.

    values, rows: (n,), each entry and its row. starts: (columns + 1,), the first entry of each
    column and the end. Raises UserError for parts that do not belong together and for a full
    matrix beyond 1 GiB.
    """
    height, width = shape
    if height * width * values.dtype.itemsize > MAX_DENSE_BYTES:
        raise UserError(
            f"'{name}' is sparse, {height} x {width}; in full it would take more than "
            f"{MAX_DENSE_BYTES} bytes"
        )
    first = _indices(name, starts)
    row = _indices(name, rows)
    sound = len(first) == width + 1 and first[0] == 0 and not np.any(np.diff(first) < 0)
    entries = int(first[-1]) if sound else -1
    if not 0 <= entries <= min(len(row), values.size):
        raise UserError(f"'{name}' is a sparse matrix whose parts do not fit; the file is damaged")
    row = row[:entries]
    if np.any(row < 0) or np.any(row >= height):
        raise UserError(f"'{name}' is sparse with a row beyond {height}; the file is damaged")
    full = np.zeros(shape, dtype=values.dtype)
    full[row, np.repeat(np.arange(width), np.diff(first))] = values.ravel()[:entries]
    return full


def _indices(name: str, numbers: Numbers) -> NDArray[np.int64]:
    if numbers.dtype.kind not in "iu":
        raise UserError(f"'{name}' is sparse with indices {numbers.dtype}; the file is damaged")
    return numbers.ravel().astype(np.int64)
