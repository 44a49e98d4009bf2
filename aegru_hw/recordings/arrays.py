"""Named arrays out of .mat v5, .mat v7.3 and .npz files."""

import zipfile
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.hdf5 import (
    MAX_BYTES,
    MAX_EXPANSION,
    find_dataset,
    open_hdf5,
    read_numbers,
    variable_shapes,
)

Arrays = dict[str, NDArray[Any]]


def read_arrays(path: str | Path, names: list[str]) -> Arrays:
    """Read the named arrays of numbers from a .mat v5, .mat v7.3 (HDF5) or .npz file.

    Shapes are as the file's Python reader shows them; an HDF5 file shows MATLAB's axes reversed.
    Nothing is unpickled. Raises UserError for a missing file, an unknown kind of file, a missing
    array (the text lists what there is), an array that holds no real numbers, and a size beyond
    4 GiB or beyond what the file can hold.
    """
    path = Path(path)
    kind = file_kind(path)
    if kind == "hdf5":
        with open_hdf5(path) as file:
            return {
                name: read_numbers(find_dataset(file, name), what=f"'{name}'") for name in names
            }
    return _read_npz(path, names) if kind == "npz" else _read_mat5(path, names)


def array_shapes(path: str | Path) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array in the file by name, without reading the arrays."""
    path = Path(path)
    kind = file_kind(path)
    if kind == "hdf5":
        with open_hdf5(path) as file:
            return variable_shapes(file)
    if kind == "npz":
        with _open_npz(path) as archive:
            return {name: _npz_header(archive, name)[0] for name in _npz_names(archive)}
    return {name: shape for name, shape, _ in _mat5_variables(path)}


def file_kind(path: str | Path) -> str:
    """Return "hdf5", "npz" or "mat5" after the file's first bytes; UserError for any other."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file; give the path of a recording")
    if h5py.is_hdf5(path):
        return "hdf5"
    with open(path, "rb") as file:
        head = file.read(128)
    if head[:4] == b"PK\x03\x04":
        return "npz"
    if head[:10] == b"MATLAB 5.0" and head[126:128] in (b"IM", b"MI"):
        return "mat5"
    raise UserError(f"{path} is neither a .mat (v5 or v7.3) nor a .npz file")


def _missing(path: Path, name: str, present: list[str]) -> UserError:
    listed = ", ".join(sorted(present)) or "none"
    return UserError(f"{path.name} has no array '{name}'; its arrays are: {listed}")


def _mat5_variables(path: Path) -> list[tuple[str, tuple[int, ...], str]]:
    try:
        return [(name, tuple(shape), kind) for name, shape, kind in scipy.io.whosmat(path)]
    except Exception as error:  # scipy raises many types on damaged input
        raise _damaged(path, error) from None


def _read_mat5(path: Path, names: list[str]) -> Arrays:
    variables = {name: (shape, kind) for name, shape, kind in _mat5_variables(path)}
    for name in names:
        if name not in variables:
            raise _missing(path, name, list(variables))
        shape, kind = variables[name]
        if kind in ("struct", "cell", "char", "object", "function", "opaque", "sparse", "unknown"):
            raise UserError(f"'{name}' of {path.name} is a {kind}; an array of numbers is needed")
        _check_bytes(name, shape, 8, path.stat().st_size)
    try:
        loaded = scipy.io.loadmat(path, variable_names=list(names))
    except Exception as error:
        raise _damaged(path, error) from None
    arrays: Arrays = {}
    for name in names:
        arrays[name] = _checked(name, loaded.get(name))
    return arrays


def _open_npz(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _damaged(path, error) from None


def _npz_names(archive: zipfile.ZipFile) -> list[str]:
    return [name[:-4] for name in archive.namelist() if name.endswith(".npy")]


def _read_npz(path: Path, names: list[str]) -> Arrays:
    arrays: Arrays = {}
    with _open_npz(path) as archive:
        present = _npz_names(archive)
        for name in names:
            if name not in present:
                raise _missing(path, name, present)
            shape, dtype = _npz_header(archive, name)
            if dtype.kind not in "buif":
                raise UserError(f"'{name}' of {path.name} holds {dtype}; real numbers are needed")
            info = archive.getinfo(f"{name}.npy")
            _check_bytes(name, shape, dtype.itemsize, min(info.compress_size, path.stat().st_size))
            try:
                with archive.open(info) as member:
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
            except Exception as error:
                raise _damaged(path, error) from None
    return arrays


def _npz_header(
    archive: zipfile.ZipFile, name: str
) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    try:
        with archive.open(f"{name}.npy") as member:
            shape, dtype = _npy_header(member)
    except Exception as error:  # zipfile, zlib and numpy raise many types on damaged input
        raise _damaged(Path(str(archive.filename)), error) from None
    return shape, dtype


def _npy_header(member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[np.generic]]:
    version = np.lib.format.read_magic(member)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(member)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(member)
    else:
        raise ValueError(f"npy version {version}")
    return shape, dtype


def _check_bytes(name: str, shape: tuple[int, ...], itemsize: int, stored: int) -> None:
    claimed = itemsize
    for length in shape:
        claimed *= length
    if claimed > MAX_BYTES:
        raise UserError(f"'{name}' is {claimed} bytes large; at most {MAX_BYTES} are accepted")
    if claimed > 8 * MAX_EXPANSION * max(stored, 1):
        raise UserError(f"'{name}' claims {claimed} bytes where {stored} are stored; damaged file")


def _checked(name: str, array: object) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "buif":
        raise UserError(f"'{name}' is not an array of real numbers")
    return array


def _damaged(path: Path, error: Exception) -> UserError:
    lines = str(error).splitlines()
    return UserError(f"{path} is damaged: {lines[0] if lines else type(error).__name__}")
