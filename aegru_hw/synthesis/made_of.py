"""What an engine's placement follows from; where one of it has changed, the placement is stale."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.sources import sources
from aegru_hw.synthesis.flow import SEED, checked_clock, tools_of
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import tool_versions

FORMATS, ANY = "formats", "any"
"""What an engine's placement is made of besides, where each image brings its own formats."""


def made_of(
    decoder: FixedDecoder,
    target: Target,
    lanes: int,
    *,
    clock_mhz: float | None = None,
    seed: int = SEED,
    pins: Path | None = None,
    protected: bool = False,
    any_formats: bool = False,
) -> dict[str, str]:
    """Return what the placement of a decoder's engine follows from, by name.

    decoder, sources, pins: SHA-256 of each; pins only where a board gives them.
    options: target, lanes, clock, seed, and whether upsets are seen. formats: ANY, where none are
    wired in. tools: of the target, with their versions.
    aegru-hw: this package's version.
    Two placements that were made of the same are the same. Arguments are those of
    `synthesise_engine`.
    """
    clock = checked_clock(target, clock_mhz)
    found = {
        "decoder": decoder.digest,
        "sources": digest_of_files(sources()),
        "options": f"{target.name}, lanes {lanes}, {clock} MHz, seed {seed}"
        + (", protected" if protected else ""),
        "tools": ", ".join(f"{k} {v}" for k, v in tool_versions(tools_of(target)).items()),
        "aegru-hw": version("aegru-hw"),
    }
    if any_formats:
        found[FORMATS] = ANY
    return found if pins is None else found | {"pins": sha256_of_file(pins)}


def differences(one: dict[str, str], other: dict[str, str]) -> tuple[str, ...]:
    """Return the names of what two placements were made of differently, in the order of names."""
    return tuple(name for name in sorted({*one, *other}) if one.get(name) != other.get(name))


def digest_of_files(paths: Iterable[Path]) -> str:
    """Return one SHA-256 of several files, their names and their order included."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name} {sha256_of_file(path)}\n".encode())
    return digest.hexdigest()
