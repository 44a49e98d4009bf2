"""The exported C as a shared library, compiled here and loaded."""

import ctypes
import subprocess
from pathlib import Path
from shutil import which

from aegru_hw.errors import UserError
from aegru_hw.export.c_source import LIBRARY, SOURCE, header_and_source, kernel
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.needs.asking import one_line
from aegru_hw.needs.doctor import require
from aegru_hw.plain_folder import plain_folder

FLAGS = ("-std=c99", "-O2", "-funroll-loops", "-fPIC", "-shared")
SECONDS = 120.0


def load_library(decoder: FixedDecoder) -> ctypes.CDLL:
    """Compile a decoder's C with `cc` in a temporary folder, load it, and leave no file.

    Raises UserError where there is no compiler or it fails, and as `header_and_source` does.
    """
    compiler = which("cc")
    if compiler is None:
        require(("c",))  # which says so
    with plain_folder() as folder:
        for name, text in header_and_source(decoder).items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / LIBRARY).write_text(kernel(LIBRARY), encoding="utf-8")
        target = folder / "aegru.so"
        _compile([str(compiler), *FLAGS, "-o", str(target), SOURCE, LIBRARY], folder)
        library = ctypes.CDLL(str(target))  # stays loaded when its file is gone
    pointer = ctypes.c_void_p
    for name, arguments, result in (
        ("aegru_decoder_bytes", [], ctypes.c_int32),
        ("aegru_init", [pointer], None),
        ("aegru_velocity", [pointer], pointer),
        ("aegru_step", [pointer, pointer, ctypes.c_int32], ctypes.c_int),
        ("aegru_step_counts", [pointer, pointer], ctypes.c_int),
    ):
        function = getattr(library, name)
        function.argtypes, function.restype = arguments, result
    return library


def _compile(command: list[str], folder: Path) -> None:
    try:
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UserError(f"cc could not compile the decoder: {error}") from None
    if ended.returncode:
        raise UserError(f"cc could not compile the decoder: {one_line(ended.stderr)}")
