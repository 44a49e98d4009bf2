"""What a decoder is exported as: each format writes a folder of its own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from aegru_hw.export.c_source import HEADER, MAIN, SOURCE, header_and_source, kernel
from aegru_hw.export.c_vectors import VECTORS, vectors_text
from aegru_hw.fixedpoint.decoder import FixedDecoder

MODEL = "aegru.onnx"

Writer = Callable[[FixedDecoder, NDArray[Any], Path], None]
"""Writes a decoder, and what test vectors it has from spike counts (T, C), into a new folder."""


def write_c(decoder: FixedDecoder, counts: NDArray[Any], folder: Path) -> None:
    """Write C99: header, source, test vectors, and a program that checks them.

    Raises UserError where 64-bit integers do not hold the decoder's intermediates.
    """
    texts = header_and_source(decoder)
    texts |= {MAIN: kernel(MAIN), VECTORS: vectors_text(decoder, counts)}
    folder.mkdir()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def write_onnx(decoder: FixedDecoder, counts: NDArray[Any], folder: Path) -> None:
    """Write the ONNX model; it has no test vectors, since `verify` runs it.

    Raises UserError as `onnx_model` does.
    """
    from aegru_hw.export.onnx_model import onnx_model

    model = onnx_model(decoder).SerializeToString(deterministic=True)
    folder.mkdir()
    (folder / MODEL).write_bytes(model)


FORMATS: dict[str, Writer] = {"c": write_c, "onnx": write_onnx}
FILES: dict[str, tuple[str, ...]] = {"c": (HEADER, SOURCE, MAIN, VECTORS), "onnx": (MODEL,)}
"""What each format's folder holds."""
