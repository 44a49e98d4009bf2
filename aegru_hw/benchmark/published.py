"""Published results, from one data file with their sources."""

import tomllib
from dataclasses import dataclass
from importlib import resources

import msgspec


@dataclass(frozen=True)
class Published:
    """A published decoder: its name, mean test R² and source, and what else was published.

    recordings: R² of each. footprint_bytes, dense_operations: for 96 and 192 channels, or one.
    """

    name: str
    r2: float
    source: str
    note: str | None = None
    recordings: dict[str, float] | None = None
    seeds: int | None = None
    footprint_bytes: tuple[int, ...] | None = None
    dense_operations: tuple[int, ...] | None = None
    effective_macs: int | None = None
    effective_acs: int | None = None


@dataclass(frozen=True)
class _File:
    row: tuple[Published, ...]


def published_rows() -> tuple[Published, ...]:
    """Return the rows of published.toml."""
    file = resources.files("aegru_hw.benchmark") / "published.toml"
    return msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _File).row
