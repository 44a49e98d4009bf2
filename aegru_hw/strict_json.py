"""JSON files that any reader takes: no NaN, no Infinity, typed where a type is given."""

from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path

MAX_BYTES = 2**24

Kind = TypeVar("Kind")


def to_json(value: object) -> str:
    """Return dataclasses, dicts, lists, numbers and texts as indented JSON.

    NaN and infinities, which JSON has not, become null.
    """
    return msgspec.json.format(msgspec.json.encode(value, enc_hook=_plain), indent=2).decode()


def write_json(value: object, path: Path) -> None:
    """Write a value as JSON, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(to_json(value) + "\n", encoding="utf-8")


def read_json(path: Path, kind: type[Kind]) -> Kind:
    """Return a file's JSON as a value of a type, such as a dataclass.

    Raises UserError, with the field and what was expected in it, where the file is missing, larger
    than 16 MiB, not JSON, or of another form.
    """
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UserError(f"{path} is larger than {MAX_BYTES:,} bytes")
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        raise UserError(f"{path} is missing") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UserError(f"{path} is damaged: {error}") from None


def _plain(value: object) -> Any:
    """Return what JSON has for a value of numpy's, or a path."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no JSON")
