"""Values from files as a page can show them, whatever the files hold."""

from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any, TypeVar, cast

import msgspec

MAX_TEXT = 400
MAX_ENTRIES = 256
LARGEST = 10**15

Kind = TypeVar("Kind")


def bounded(value: Kind) -> Kind:
    """Return a typed value whose texts are printable and short, at any depth.

    Dicts and tuples keep their first MAX_ENTRIES; numbers are at most LARGEST.
    """
    return cast(Kind, _bounded(value))


def _bounded(value: Any) -> Any:
    if isinstance(value, str):
        return text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if abs(value) <= LARGEST else type(value)(LARGEST if value > 0 else -LARGEST)
    if isinstance(value, dict):
        return {_bounded(k): _bounded(v) for k, v in islice(value.items(), MAX_ENTRIES)}
    if isinstance(value, tuple):
        return tuple(_bounded(item) for item in value[:MAX_ENTRIES])
    if isinstance(value, msgspec.Struct):
        names = value.__struct_fields__
        return msgspec.structs.replace(value, **{n: _bounded(getattr(value, n)) for n in names})
    if is_dataclass(value) and not isinstance(value, type):
        names = tuple(field.name for field in fields(value))
        return replace(value, **{name: _bounded(getattr(value, name)) for name in names})
    return value


def text(value: str) -> str:
    """Return the printable characters of a text, shortened."""
    printable = "".join(character for character in value if character.isprintable())
    return printable if len(printable) <= MAX_TEXT else printable[: MAX_TEXT - 1] + "…"
