"""Keeping hls4ml's prints and warnings out of the user's terminal."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def log_to(path: Path, *, append: bool = False) -> Iterator[None]:
    """Write what the body prints or warns of to the file at `path`."""
    with (
        open(path, "a" if append else "w", encoding="utf-8") as log,
        contextlib.redirect_stdout(log),
        contextlib.redirect_stderr(log),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        yield
