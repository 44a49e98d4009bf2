"""Versions of what a result was made with."""

import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from aegru_hw.needs.table import NEEDS


@cache
def present_version(name: str) -> str | None:
    """Return the version here of a tool or a package; None where there is none, or it is unknown.

    A tool is asked once a process.
    """
    if name == "python":
        return platform.python_version()
    try:
        return version(name)
    except PackageNotFoundError:
        need = NEEDS.get(name)
        return None if need is None else need.probe().version


def versions_of(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of this package and of tools and packages, those that are known."""
    found = {name: present_version(name) for name in ("aegru-hw", *names)}
    return {name: known for name, known in found.items() if known is not None}
