"""A top of the engine compiled by Verilator into a shared library, once for what it is made of."""

import ctypes
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.needs.doctor import require
from aegru_hw.needs.places import engine_cache
from aegru_hw.plain_folder import plain_folder
from aegru_hw.rtl.verilator import verilator_command

LIBRARY = "libaegru.so"


@dataclass(frozen=True)
class Compilation:
    """What is compiled.

    name: of the library's file. top: the module. parameters: it is elaborated with. made_of: text
    that stands for all that the library follows from. flags: more of Verilator's.
    """

    name: str
    top: str
    parameters: dict[str, int | str]
    made_of: str
    flags: tuple[str, ...] = ()


def cached_library(
    wanted: Compilation, files: Callable[[], list[Path]], cache: Path | None = None
) -> Path:
    """Return a shared library, compiling it where the cache has none.

    files: called for the sources where they are compiled. cache: folder of compiled libraries, the
    user's where None.
    Raises UserError where Verilator or the compiler is missing or too old, and, with the path of
    their log in the cache, where they fail.
    """
    cache = engine_cache() if cache is None else Path(cache)
    digest = hashlib.sha256(wanted.made_of.encode())
    library = cache / f"{wanted.name}_{digest.hexdigest()[:20]}.so"
    if library.is_file():
        return library
    require(("rtl",))
    try:
        cache.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder {cache}: {error.strerror}") from None
    with plain_folder() as folder, atomic_path(library) as temporary:
        failure = _compile(wanted, files(), folder)
        if failure is not None:
            log = library.with_suffix(".log")
            log.write_text(failure, encoding="utf-8")
            raise UserError(f"Verilator could not compile the {wanted.name}; see {log}")
        shutil.copy(folder / LIBRARY, temporary)
    return library


def load_library(path: Path) -> ctypes.CDLL:
    """Load a library of the cache; UserError where that fails."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        raise UserError(f"cannot load {path}: {error}; remove it to compile it again") from None


def _compile(wanted: Compilation, files: list[Path], folder: Path) -> str | None:
    """Compile copies of the sources in a plain folder; return what the tools said of a failure."""
    copies = [shutil.copy(file, folder / file.name) for file in files]
    program, environment = verilator_command(folder)
    python = folder / "python"  # Verilator's makefiles run it
    python.symlink_to(sys.executable)
    command = [
        *(program, "--cc", "--build", "-j", "2", "--top-module", wanted.top),
        *("-O3", "--x-assign", "fast", "--noassert", "-Wno-fatal", *wanted.flags),
        *("-MAKEFLAGS", f"OPT_FAST=-O3 CFG_CXXFLAGS_PCH_I=-include PYTHON3={python}"),
        *("-CFLAGS", "-fPIC -std=c++20", "-LDFLAGS", "-shared -fPIC"),
        *("--exe", "-o", f"../{LIBRARY}", "--Mdir", str(folder / "build")),
        *(f"-G{name}={value}" for name, value in wanted.parameters.items()),
        *(copy for copy in map(str, copies) if not copy.endswith(".h")),
    ]
    result = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return None if result.returncode == 0 else result.stdout + result.stderr
