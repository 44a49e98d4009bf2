"""What every format of recordings offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import h5py

from aegru_hw.errors import UserError
from aegru_hw.recordings.hdf5 import open_hdf5
from aegru_hw.recordings.imported import Imported
from aegru_hw.recordings.recording import Recording


@dataclass(frozen=True)
class Asked:
    """What the user of `import` says of a file; None for what was left out.

    Attributes:
        counts: spikes per bin.
        spikes, units: times of spikes, and whose each is.
        velocity, position: the movement.
        times: times of the movement's samples.
        reaches, reach_base: where reaches start, and the index of the first bin.
        tick_seconds: the length of a tick.
        merge: what becomes of the units of one electrode.
        rates: whether `counts` are spikes per second.
        observed: which units' observation intervals limit the recording, in NWB.
        bridge_seconds: the longest time without a sample of movement that ends no segment.
    """

    counts: str | None = None
    spikes: str | None = None
    units: str | None = None
    velocity: str | None = None
    position: str | None = None
    times: str | None = None
    reaches: str | None = None
    reach_base: int | None = None
    tick_seconds: float | None = None
    merge: str | None = None
    rates: bool | None = None
    observed: str | None = None
    bridge_seconds: float | None = None

    @property
    def nothing(self) -> bool:
        """Whether the file is to say all itself."""
        return self == Asked()

    def refuse(self, *names: str, why: str) -> None:
        """Raise UserError for the first option of these that was given."""
        for name in names:
            if getattr(self, name) is not None:
                option = name.removesuffix("_seconds").replace("_", "-")
                raise UserError(f"--{option} {why}")


class Format(ABC):
    """A layout of files: how to tell it, to say what is inside, and to read it.

    Attributes:
        name: the word that `detect_layout` returns.
    """

    name: ClassVar[str]

    @abstractmethod
    def sniff(self, path: Path, kind: str) -> bool:
        """Tell whether a file, a container of this kind, has this layout."""

    @abstractmethod
    def describe(self, path: Path) -> Mapping[str, object]:
        """Return facts for `inspect`, in types that JSON has, beside the names and shapes."""

    @abstractmethod
    def open(self, path: Path, units: str | None) -> Recording:
        """Read a file that says all itself; UserError where it does not."""

    @abstractmethod
    def read(self, path: Path, asked: Asked) -> Imported:
        """Read a file as the user asks; UserError for an option that is not for it."""


def declares(path: Path, kind: str, is_so: Callable[[h5py.File], bool]) -> bool:
    """Tell whether a file is HDF5 and `is_so` of it."""
    if kind != "hdf5":
        return False
    with open_hdf5(path) as file:
        return is_so(file)
