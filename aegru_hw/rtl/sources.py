"""The engine's sources, of the package or of a project, and what stands for their content."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder

SIMULATION = ("engine.vlt", "engine.cpp", "aegru_map.h")
"""How Verilator makes the compiled engine, its C interface, and the addresses for it."""

NOT_SOURCES = ("__pycache__", "build_*", "lint", ".*")
"""What running the testbenches leaves in a project."""


def sources(folder: Path | None = None) -> list[Path]:
    """Return the SystemVerilog files of a folder, the package's where None; aegru_pkg first."""
    folder = source_folder("rtl") if folder is None else Path(folder)
    package = folder / "aegru_pkg.sv"
    return [package, *sorted(path for path in folder.glob("aegru_*.sv") if path != package)]


def simulation_sources(folder: Path | None = None) -> list[Path]:
    """Return the files that the compiled engine is made from.

    Raises UserError where the folder lacks one.
    """
    folder = source_folder("rtl") if folder is None else Path(folder)
    waivers, *interface = (folder / name for name in SIMULATION)
    files = [waivers, *sources(folder), *interface]
    for file in files:
        if not file.is_file():
            raise UserError(
                f"{file} is missing; `aegru-hw synth RUN --backend rtl --force` writes the engine "
                "again"
            )
    return files


def engine_digest(sources_folder: Path | None = None) -> str:
    """Return the SHA-256 of the compiled engine's sources by name and content, in hexadecimal."""
    files = simulation_sources(sources_folder)
    return digest_of((file.name, file) for file in files)


def project_digest(folder: Path) -> str:
    """Return the SHA-256 of a written project by name and content, wherever it lies.

    What its testbenches build does not count.
    """
    folder = Path(folder)
    files = (file for file in folder.rglob("*") if file.is_file())
    return digest_of(
        (file.relative_to(folder).as_posix(), file)
        for file in files
        if not any(
            part.match(pattern)
            for part in map(Path, file.relative_to(folder).parts)
            for pattern in NOT_SOURCES
        )
    )


def digest_of(named: Iterable[tuple[str, Path]]) -> str:
    """Return the SHA-256 of files, each with its name, in hexadecimal."""
    digest = hashlib.sha256()
    for name, file in sorted(named):
        digest.update(f"{name}\n".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
