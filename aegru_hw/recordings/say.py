"""How a reader tells what it did to a file that it could read."""

from collections.abc import Callable

Say = Callable[[str], None]
"""Takes one sentence; a list's `append` is one."""


def silent(sentence: str) -> None:
    """Say nothing."""
