"""Published results, from one data file with their sources."""

import tomllib
from importlib import resources
from typing import Any


def published_rows() -> list[dict[str, Any]]:
    """Return the rows of published.toml: name, r2, source, and what else was published."""
    file = resources.files("aegru_hw.benchmark") / "published.toml"
    rows: list[dict[str, Any]] = tomllib.loads(file.read_text(encoding="utf-8"))["row"]
    return rows
