"""What a result follows from, as digests, and whether it still does."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py

from aegru_hw.decoder.config import Config
from aegru_hw.executions.execution import Context
from aegru_hw.global_heaps import check_global_heaps
from aegru_hw.runs.folder import RunFolder
from aegru_hw.strict_json import to_json

TRAINED_SECTIONS = ("window", "network", "loss", "training")
"""What the float network follows from, beside the seed."""

NAMED = {
    "recording": "recording.h5",
    "sessions": "sessions/",
    "config": "config.toml",
    "training_config": "what config.toml says of training",
    "decoder": "decoder.h5",
    "weights": "quantized.safetensors",
    "float_weights": "float.safetensors",
    "firmware": "hls/",
    "engine": "rtl/",
    "sources": "the engine's sources in this package",
}
"""What a digest is of, by its key."""


@dataclass(frozen=True)
class Stale:
    """A result that does not hold any more.

    result: its name. because: what changed, in words. command: what renews it.
    """

    result: str
    because: tuple[str, ...]
    command: str


def context_of(run: RunFolder, *, progress: bool = False, board: str | None = None) -> Context:
    """Return where executions find what they run; board: the port of one."""
    return Context(run.quantized_weights, run.hls, run.rtl, progress, board)


def stored_digest(path: Path) -> str | None:
    """Return the checksum that a recording.h5 or decoder.h5 states; None where it states none.

    Whoever loads the file compares it with the content.
    """
    try:
        check_global_heaps(path)
        with h5py.File(path, "r") as file:
            found = file.attrs.get("checksum", file.attrs.get("sha256"))
    except (OSError, RuntimeError, KeyError, ValueError, TypeError):
        return None
    if isinstance(found, bytes):
        found = found.decode("ascii", "replace")
    return found if isinstance(found, str) else None


def changes(made_of: Mapping[str, str], now: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return, in words, which digests are not what they were.

    now: the present digest of a key; None where what it is of is gone.
    """
    found = []
    for key, digest in made_of.items():
        present = now(key)
        if present != digest:
            found.append(f"{NAMED.get(key, key)} {'is gone' if present is None else 'changed'}")
    return tuple(found)


def tool_changes(tools: Mapping[str, str], now: Callable[[str], str | None]) -> tuple[str, ...]:
    """Return, in words, which tools have another version; one that is not here is passed over."""
    return tuple(
        f"{name} {before} became {present}"
        for name, before in tools.items()
        if (present := now(name)) is not None and present != before
    )


def sessions_digest(digests: Iterable[str]) -> str:
    """Return the digest of recordings, each of which has its own."""
    return hashlib.sha256(" ".join(digests).encode()).hexdigest()


def training_digest(config: Config) -> str:
    """Return the digest of the constants that the float network follows from."""
    return hashlib.sha256(to_json(trained_constants(config)).encode()).hexdigest()


def trained_constants(config: Config) -> dict[str, object]:
    """Return, by section, the constants that the float network follows from.

    `window.every` is none of them: it says which outputs are wanted, and training uses every tick.
    """
    constants = asdict(config)
    del constants["window"]["every"]
    return {name: constants[name] for name in (*TRAINED_SECTIONS, "seed")}
