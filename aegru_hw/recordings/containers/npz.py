"""NumPy .npz files: a zip of .npy files."""

import zipfile
from pathlib import Path

import numpy as np

from aegru_hw.recordings.containers.container import (
    Container,
    Numbers,
    Shape,
    check_bytes,
    damaged,
    missing,
)
from aegru_hw.recordings.containers.npy import check_numbers, read_header


class Npz(Container):
    kind = "npz"
    text = "NumPy .npz"
    first_index = 0

    @classmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        return head[:4] == b"PK\x03\x04"

    def shapes(self) -> dict[str, Shape]:
        with self._open() as archive:
            return {name: self._header(archive, name)[0] for name in _names(archive)}

    def load(self, name: str) -> Numbers:
        with self._open() as archive:
            if name not in _names(archive):
                raise missing(self.path, name, _names(archive))
            shape, dtype = self._header(archive, name)
            check_numbers(self.path, name, dtype)
            info = archive.getinfo(f"{name}.npy")
            stored = min(info.compress_size, self.path.stat().st_size)
            check_bytes(name, shape, dtype.itemsize, stored)
            try:
                with archive.open(info) as member:
                    return np.lib.format.read_array(member, allow_pickle=False)
            except Exception as error:
                raise damaged(self.path, error) from None

    def resolve(self, name: str) -> str:
        with self._open() as archive:  # without the headers of others, one of which may be damaged
            if name in _names(archive):
                return name
        return super().resolve(name)

    def _open(self) -> zipfile.ZipFile:
        try:
            return zipfile.ZipFile(self.path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise damaged(self.path, error) from None

    def _header(
        self, archive: zipfile.ZipFile, name: str
    ) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
        try:
            with archive.open(f"{name}.npy") as member:
                return read_header(member)
        except Exception as error:  # zipfile, zlib and numpy raise many types on damaged input
            raise damaged(self.path, error) from None


def _names(archive: zipfile.ZipFile) -> list[str]:
    names = archive.namelist()
    return [name[:-4] for name in names if name.endswith(".npy") and name.isprintable()]
