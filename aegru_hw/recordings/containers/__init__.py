"""Files with named arrays: one kind a module, all listed in `CONTAINERS`."""

from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.container import Container, Numbers, Shape
from aegru_hw.recordings.containers.matlab4 import Matlab4
from aegru_hw.recordings.containers.matlab5 import Matlab5
from aegru_hw.recordings.containers.matlab73 import Matlab73
from aegru_hw.recordings.containers.npy import Npy
from aegru_hw.recordings.containers.npz import Npz

__all__ = ["CONTAINERS", "Container", "Numbers", "Shape", "container_of", "open_container"]

CONTAINERS: tuple[type[Container], ...] = (Matlab73, Npz, Npy, Matlab5, Matlab4)
"""The kinds of file, in the order in which they are tried."""


def container_of(path: str | Path) -> type[Container]:
    """Return the kind of a file after its first bytes; UserError for none and for no file."""
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file; give the path of a recording")
    with open(path, "rb") as file:
        head = file.read(128)
    for kind in CONTAINERS:
        if kind.sniff(path, head):
            return kind
    raise UserError(f"{path} is neither a .mat (v4, v5 or v7.3) nor HDF5, .npz or .npy")


def open_container(path: str | Path) -> Container:
    """Open a file with named arrays; UserError as `container_of`."""
    return container_of(path)(Path(path))
