"""A tool or a package that a step needs, and what was found of it."""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """What a probe found.

    found: it is there at all. version: None where it is not known, or not asked for.
    where: its path. problem: why it cannot be used, None where it can.
    """

    name: str
    found: bool
    version: str | None
    where: str | None
    problem: str | None

    @classmethod
    def missing(cls, name: str, problem: str = "it is not installed") -> "Finding":
        """Return the finding of what is not there."""
        return cls(name, False, None, None, problem)


@dataclass(frozen=True)
class Need:
    """A tool or a package, what for, and how to get it.

    purpose: reads on from "it": "compiles the firmware". debian: name for apt-get, pip: for pip;
    None where there is none that is fit.
    probe: looks for it; never raises, and ends within seconds.
    """

    name: str
    purpose: str
    debian: str | None
    pip: str | None
    probe: Callable[[], Finding]

    @property
    def how(self) -> str:
        """How to get it, as commands."""
        commands = []
        if self.debian is not None:
            commands.append(f"`apt-get install {self.debian}`")
        if self.pip is not None:
            # The shell would take brackets for a pattern.
            name = f'"{self.pip}"' if "[" in self.pip else self.pip
            commands.append(f"`pip install {name}`")
        return " or ".join(commands) or "install it from its maker and put it on PATH"

    def missing_text(self, problem: str = "it is not installed") -> str:
        """Return one line: what is wrong, what it is needed for, and how to get it."""
        return f"{self.name}: {problem}; it {self.purpose}; {self.how}"


def numbers_of(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version: (5, 6) for "5.006", (2, 13, 0) for "2.13.0+cpu"."""
    match = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def too_old(version: str | None, least: str | None) -> str | None:
    """Return what is wrong with a version below the least; None where nothing is, or is known."""
    if version is None or least is None or numbers_of(version) >= numbers_of(least):
        return None
    return f"version {version} is too old, {least} or later is wanted"
