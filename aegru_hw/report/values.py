"""Values from JSON files, taken only where they are what they should be."""

import json
import math
from pathlib import Path
from typing import Any

MAX_TEXT = 400
MAX_JSON_BYTES = 2**20


def mapping(value: Any) -> dict[str, Any]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def number(value: Any) -> float | None:
    """Return a finite number, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def whole(value: Any) -> int | None:
    """Return a whole number of at least 0, None for anything else."""
    found = number(value)
    return int(found) if found is not None and found >= 0 and found == int(found) else None


def text(value: Any) -> str:
    """Return printable text, shortened; empty for anything else."""
    if not isinstance(value, str):
        return ""
    printable = "".join(character for character in value if character.isprintable())
    return printable if len(printable) <= MAX_TEXT else printable[: MAX_TEXT - 1] + "…"


def numbers(value: Any) -> dict[str, float]:
    """Return the finite numbers of a JSON object by name."""
    found = {text(name): number(item) for name, item in mapping(value).items()}
    return {name: item for name, item in found.items() if item is not None}


def read_json(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; empty where there is none that can be read."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return {}
        return mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return {}
