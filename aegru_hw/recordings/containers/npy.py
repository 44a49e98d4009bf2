"""NumPy .npy files: one array a file; those beside it in the folder have their stems as names."""

from pathlib import Path
from typing import IO

import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import (
    Container,
    Numbers,
    Shape,
    check_bytes,
    damaged,
    missing,
)

MAGIC = b"\x93NUMPY"
MAX_FILES = 1000


class Npy(Container):
    kind = "npy"
    text = "NumPy .npy"
    first_index = 0

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return head.startswith(MAGIC)

    def shapes(self) -> dict[str, Shape]:
        shapes: dict[str, Shape] = {}
        for name, path in self._files().items():
            try:
                shapes[name] = self._header(path)[0]
            except UserError:
                if path == self.path:
                    raise
        return shapes

    def load(self, name: str) -> Numbers:
        path = self._files().get(name)
        if path is None:
            raise missing(self.path, name, self.shapes())
        shape, dtype = self._header(path)
        check_numbers(self.path, name, dtype)
        check_bytes(name, shape, dtype.itemsize, path.stat().st_size)
        try:
            with open(path, "rb") as file:
                return np.lib.format.read_array(file, allow_pickle=False)
        except Exception as error:
            raise damaged(path, error) from None

    def _files(self) -> dict[str, Path]:
        beside = sorted(self.path.parent.glob("*.npy"))[:MAX_FILES]
        files = {path.stem: path for path in beside if path.is_file() and path.stem.isprintable()}
        return {**files, self.path.stem: self.path}

    def _header(self, path: Path) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
        try:
            with open(path, "rb") as file:
                return read_header(file)
        except Exception as error:  # numpy raises many types on damaged input
            raise damaged(path, error) from None


def read_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    """Return the shape and type that an open .npy file declares; many errors where damaged."""
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    else:
        raise ValueError(f"npy version {version}")
    if any(length < 0 for length in shape):
        raise ValueError(f"shape {shape}")
    return shape, dtype


def check_numbers(path: Path, name: str, dtype: np.dtype[np.generic]) -> None:
    """Refuse what is no array of real numbers; pickled objects above all."""
    if dtype.kind not in "buif":
        raise UserError(f"'{name}' of {path.name} holds {dtype}; real numbers are needed")
