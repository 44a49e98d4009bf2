"""Writing HDF5 files whole or not at all."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from aegru_hw.files import atomic_path


@contextmanager
def new_hdf5(path: str | Path) -> Iterator[h5py.File]:
    """Yield an HDF5 file in memory, which is written to a path when the body has ended.

    On a full disk HDF5 itself prints a traceback for every object that it cannot close.
    """
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        yield file
    with atomic_path(path) as temporary:
        temporary.write_bytes(content.getbuffer())
