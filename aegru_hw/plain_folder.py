"""Temporary folders that make and shells take as they are: no spaces, quotes or other letters."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aegru_hw.errors import UserError

PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
ELSEWHERE = ("/tmp", "/var/tmp")
"""Tried where the system's folder of temporary files has another name."""


def is_plain(path: Path) -> bool:
    """Tell whether nothing in a path has a meaning to make or a shell."""
    return PLAIN.fullmatch(str(path)) is not None


@contextmanager
def plain_folder() -> Iterator[Path]:
    """Yield a temporary folder with a plain path, and remove it after.

    Raises UserError where there is no place for one.
    """
    places = [place for place in (tempfile.gettempdir(), *ELSEWHERE) if is_plain(Path(place))]
    for place in places:
        try:
            folder = tempfile.TemporaryDirectory(prefix="aegru_hw_", dir=place)
        except OSError:
            continue
        with folder as path:
            yield Path(path)
        return
    raise UserError(
        f"cannot make a temporary folder in {' or '.join(places)}; set TMPDIR to a folder whose "
        "path has neither spaces nor quotes"
    )
