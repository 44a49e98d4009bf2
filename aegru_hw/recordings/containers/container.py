"""What every kind of file with named arrays offers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.recordings.containers.series import Regular
from aegru_hw.recordings.hdf5 import MAX_BYTES, MAX_EXPANSION

Shape = tuple[int | None, ...]
"""Lengths of the axes; None for one that differs from trial to trial."""

Numbers = NDArray[Any]

MAX_TRIALS = 100_000


class Container(ABC):
    """A file whose arrays have names.

    A name may stand for one array of numbers, or for one array a trial: the cells of a cell array,
    or a field of a struct array.

    Attributes:
        kind: the word that `detect_layout` returns.
        text: what a user calls such a file.
        first_index: what the file's makers count from.
    """

    kind: ClassVar[str]
    text: ClassVar[str]
    first_index: ClassVar[int] = 1

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    @abstractmethod
    def sniff(cls, path: Path, head: bytes) -> bool:
        """Tell whether a file is of this kind after its first 128 bytes."""

    @abstractmethod
    def shapes(self) -> dict[str, Shape]:
        """Return the shape of everything named; (trials, ...) for one array a trial."""

    @abstractmethod
    def load(self, name: str) -> Numbers | list[Numbers]:
        """Read what `shapes` lists under `name`; sizes are checked before memory is taken.

        Raises UserError for what holds no real numbers, is too large or damaged.
        """

    def regular(self, name: str) -> Regular | None:
        """Return when the samples of an array were taken, where the file says a rate of them."""
        return None

    def unit(self, name: str) -> str:
        """Return the unit of an array's numbers, empty where the file says none."""
        return ""

    def resolve(self, name: str) -> str:
        """Return the whole name of which the last parts are enough, `M1_spikes` for example.

        Parts are joined by "." or "/". Raises UserError for none, listing what there is, and for
        more than one.
        """
        names = list(self.shapes())
        if name in names:
            return name
        wanted = f"/{_slashed(name)}"
        found = [other for other in names if f"/{_slashed(other)}" == wanted]
        found = found or [other for other in names if f"/{_slashed(other)}".endswith(wanted)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(
                f"'{name}' is ambiguous in {self.path.name}: {', '.join(sorted(found))}; "
                "give it whole"
            )
        raise missing(self.path, name, names)

    def read(self, name: str) -> Numbers | list[Numbers]:
        """Read an array, or one a trial, by its name or the last parts of it."""
        return self.load(self.resolve(name))


def _slashed(name: str) -> str:
    return name.replace(".", "/")


def shape_of_trials(shapes: Iterable[tuple[int, ...]]) -> Shape:
    """Return (trials, ...) for the shapes of single trials, with None where lengths differ.

    Those without a number, which MATLAB writes as 0 x 0 whatever the others are, do not say.
    """
    listed = list(shapes)
    told = [shape for shape in listed if 0 not in shape] or listed
    if len({len(shape) for shape in told}) > 1:
        return (len(listed), None)
    lengths = (set(axis) for axis in zip(*told, strict=True))
    return (len(listed), *(axis.pop() if len(axis) == 1 else None for axis in lengths))


def missing(path: Path, name: str, present: Iterable[str]) -> UserError:
    """Return the error for a name that a file lacks; its text lists those it has."""
    listed = ", ".join(sorted(present)) or "none"
    return UserError(f"{path.name} has no array '{name}'; its arrays are: {listed}")


def damaged(path: Path, error: Exception | str) -> UserError:
    """Return the error for a file that does not follow its own format."""
    lines = str(error).splitlines()
    return UserError(f"{path} is damaged: {lines[0] if lines else type(error).__name__}")


def check_bytes(name: str, shape: tuple[int, ...], itemsize: int, stored: int) -> None:
    """Refuse an array that is too large, or larger than what is stored can hold."""
    claimed = itemsize
    for length in shape:
        claimed *= length
    if claimed > MAX_BYTES:
        raise UserError(f"'{name}' is {claimed} bytes large; at most {MAX_BYTES} are accepted")
    if claimed > 8 * MAX_EXPANSION * max(stored, 1):
        raise UserError(f"'{name}' claims {claimed} bytes where {stored} are stored; damaged file")
