"""A kind of file: how it is made, and how it is imported."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.made.signals import Signals


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: in words.
        reader: the container or format that reads it.
        file: name of the file.
        words: the options of `import`.
        write: writes the file's content to a path.
    """

    name: str
    reader: str
    file: str
    words: str
    write: Callable[[Path, Signals], None]
