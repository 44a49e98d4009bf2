"""Folders that hold a Zarr store of version 2, read one checked array at a time.

Groups are folders, attributes are JSON; only the chunks of arrays of numbers are left to the zarr
package. No codec is run that could do more than unpack bytes: hdmf-zarr pickles what are no
numbers, and that is never read.
"""

import hashlib
import importlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.hdf5 import MAX_EXPANSION

CODECS = ("blosc", "bz2", "gzip", "lz4", "lzma", "zlib", "zstd", "delta", "shuffle")
MAX_FILES = 2**20
MAX_CHUNKS = 2**17
MAX_JSON_BYTES = 2**22
MAX_DEPTH = 16


@dataclass(frozen=True)
class ZarrArray:
    """An array of numbers that is not yet read.

    shape, dtype, chunk_bytes, chunks: as it declares itself. unknown_codec: one that it is packed
    with and that is not accepted, empty where all are.
    """

    folder: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunk_bytes: int
    chunks: int
    unknown_codec: str

    def read(self, what: str, max_bytes: int) -> NDArray[Any]:
        """Read the whole array after its declared size was checked.

        Raises UserError for a size beyond `max_bytes` or beyond what the stored bytes can hold,
        and for damage.
        """
        if self.unknown_codec:
            raise UserError(
                f"{what} is packed with {self.unknown_codec}; accepted are {', '.join(CODECS)}"
            )
        claimed = math.prod(self.shape) * self.dtype.itemsize
        if max(claimed, self.chunk_bytes) > max_bytes:
            raise UserError(f"{what} is {claimed} bytes large; at most {max_bytes} are accepted")
        if self.chunks > MAX_CHUNKS:
            raise UserError(f"{what} has {self.chunks} chunks; at most {MAX_CHUNKS} are accepted")
        stored = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        if claimed > 8 * MAX_EXPANSION * stored:
            raise UserError(
                f"{what} claims {claimed} bytes where {stored} are stored; the store is damaged"
            )
        zarr = importlib.import_module("zarr")
        try:
            values = np.asarray(zarr.open_array(str(self.folder), mode="r")[...])
        except Exception as error:  # zarr and its codecs raise many types on damaged input
            raise UserError(f"{what} is damaged: {_first_line(error)}") from None
        if values.shape != self.shape or values.dtype != self.dtype:
            raise UserError(f"{what} is {values.dtype} {values.shape}; the store is damaged")
        return values


@dataclass(frozen=True)
class ZarrGroup:
    """A folder of arrays and groups."""

    folder: Path

    @property
    def attributes(self) -> dict[str, object]:
        return _json(self.folder / ".zattrs")

    def groups(self) -> Iterator[tuple[str, "ZarrGroup"]]:
        """Yield the groups within by name, sorted."""
        for path in sorted(self.folder.iterdir()):
            if (path / ".zgroup").is_file():
                yield path.name, ZarrGroup(path)

    def group(self, *names: str) -> "ZarrGroup | None":
        folder = self.folder.joinpath(*names)
        return ZarrGroup(folder) if (folder / ".zgroup").is_file() else None

    def array(self, name: str) -> ZarrArray | None:
        """Return an array of numbers within; None where there is none, or another kind of array."""
        folder = self.folder / name
        return _array(folder) if (folder / ".zarray").is_file() else None

    def links(self) -> dict[str, dict[str, object]]:
        """Return the links of the group: name to their source and path in it."""
        entries = self.attributes.get("zarr_link")
        found = {}
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                found[entry["name"]] = entry
        return found


def is_zarr(path: str | Path) -> bool:
    """Tell whether a path is a folder that declares itself a Zarr store, of version 2 or 3."""
    path = Path(path)
    return any((path / name).is_file() for name in (".zgroup", "zarr.json"))


def open_store(path: Path) -> ZarrGroup:
    """Return the root group of a Zarr store of version 2.

    Raises UserError where zarr is not installed, for version 3, for a store that holds links of
    the file system or too many files, and for a folder that is no store.
    """
    if (path / "zarr.json").is_file():
        raise UserError(f"{path} is a Zarr store of version 3; version 2 is accepted")
    try:
        importlib.import_module("zarr")
    except ImportError:
        raise UserError(
            f"{path} is a Zarr store, and reading one needs hdmf-zarr: "
            "pip install 'aegru-hw[nwb-zarr]'"
        ) from None
    if not (path / ".zgroup").is_file():
        raise UserError(f"{path} is no Zarr store of version 2")
    for _ in _files(path):
        pass
    return ZarrGroup(path)


def sha256_of_store(path: Path) -> str:
    """Return the SHA-256 in hexadecimal over the names and contents of all files of a store."""
    digest = hashlib.sha256()
    for file in sorted(_files(path)):
        with open(file, "rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        digest.update(f"{file.relative_to(path).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a store; UserError for a link, a special file, and too many."""
    count = 0
    folders = [(path, 0)]
    while folders:
        folder, depth = folders.pop()
        if depth > MAX_DEPTH:
            raise UserError(f"{path} has folders more than {MAX_DEPTH} deep")
        for entry in list(folder.iterdir()):
            count += 1
            if count > MAX_FILES:
                raise UserError(f"{path} has more than {MAX_FILES} files")
            if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
                raise UserError(f"'{entry.name}' in {folder} is a link or no file")
            if entry.is_dir():
                folders.append((entry, depth + 1))
            else:
                yield entry


def _array(folder: Path) -> ZarrArray | None:
    facts = _json(folder / ".zarray")
    shape, chunks = _lengths(facts.get("shape"), 0), _lengths(facts.get("chunks"), 1)
    if shape is None or chunks is None or len(shape) != len(chunks):
        raise UserError(f"{folder.name} has no shape and chunks; the store is damaged")
    kind = facts.get("dtype")
    try:
        dtype = np.dtype(kind) if isinstance(kind, str) else None
    except (TypeError, ValueError):
        dtype = None
    if dtype is None or dtype.kind not in "buif":
        return None
    return ZarrArray(
        folder,
        shape,
        dtype,
        math.prod(chunks) * dtype.itemsize,
        math.prod(-(-length // chunk) for length, chunk in zip(shape, chunks, strict=True)),
        _unknown_codec(facts),
    )


def _unknown_codec(facts: dict[str, object]) -> str:
    """Return the name of a codec that is not accepted, empty where all are."""
    filters = facts.get("filters") or []
    for codec in [facts.get("compressor"), *(filters if isinstance(filters, list) else [0])]:
        name = codec.get("id") if isinstance(codec, dict) else codec
        if name is not None and name not in CODECS:
            return ascii(str(name)[:40])
    return ""


def _lengths(value: object, least: int) -> tuple[int, ...] | None:
    if not isinstance(value, list) or len(value) > 8:
        return None
    return tuple(value) if all(type(one) is int and least <= one < 2**48 for one in value) else None


def _json(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    if path.stat().st_size > MAX_JSON_BYTES:
        raise UserError(f"{path} is larger than {MAX_JSON_BYTES} bytes")
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise UserError(f"{path} is no JSON object; the store is damaged")
    return value


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return (lines[0] if lines else type(error).__name__)[:200]
