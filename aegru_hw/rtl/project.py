"""A project folder of the engine for one decoder: sources, images, parameters, testbench."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.rtl import spi_frames
from aegru_hw.rtl.elaboration import Elaboration
from aegru_hw.rtl.images import CONFIG_WORDS, Image, memory_image
from aegru_hw.rtl.sources import SIMULATION, sources
from aegru_hw.rtl.vectors import PLAYED, write_vectors
from aegru_hw.sources import source_folder
from aegru_hw.strict_json import read_json, write_json

TESTBENCH_SUFFIXES = (".py", ".sv", ".cpp")


def write_project(
    decoder: FixedDecoder,
    folder: Path,
    lanes: int,
    counts: NDArray[Any] | None = None,
    second: FixedDecoder | None = None,
    *,
    fixed_formats: bool = True,
) -> dict[str, int | str]:
    """Write sources, images, parameters, a filelist and the cocotb testbenches to a folder.

    Returns the parameters that the engine is elaborated with.

    counts: (T, C) spikes that the testbench plays; random ones where not given.
    second: the decoder that a testbench loads over the first; the first one with its readout
        turned round where not given.
    fixed_formats: wire in the number formats and the geometry of the decoder. Other weights of the
        same formats can still be loaded.
    `python run.py` in the folder builds and runs the testbench.
    Raises UserError where the decoder does not fit the engine.
    """
    second = turned_round(decoder) if second is None else second
    image, second_image = memory_image(decoder, lanes), memory_image(second, lanes)
    engine = Elaboration.of(image, second_image, fixed_formats=fixed_formats)
    with atomic_path(folder) as temporary:
        (temporary / "rtl").mkdir(parents=True)
        names = [*(source.name for source in sources()), "lint.vlt", *SIMULATION]
        for name in names:
            shutil.copy(source_folder("rtl") / name, temporary / "rtl" / name)
        (temporary / "sim").mkdir()
        for source in source_folder("sim").iterdir():
            if source.suffix in TESTBENCH_SUFFIXES and source.name != "run.py":
                shutil.copy(source, temporary / "sim" / source.name)
        shutil.copy(spi_frames.__file__, temporary / "sim" / "aegru_spi_frames.py")
        shutil.copy(source_folder("sim") / "run.py", temporary / "run.py")
        write_images(image, temporary / "images")
        settings = {
            "parameters": engine.parameters,
            "scenarios": PLAYED,
            "channels": decoder.geometry.channels,
            "velocity_fraction": decoder.velocity.fraction,
        }
        write_json(engine.parameters, temporary / "parameters.json")
        write_json(settings, temporary / "testbench.json")
        listed = [f"rtl/{source.name}" for source in sources()]
        (temporary / "filelist.f").write_text("\n".join(listed) + "\n")
        vectors = temporary / "vectors.npz"
        write_vectors(vectors, decoder, image, (second, second_image), engine.limits, counts)
    return engine.parameters


def project_parameters(folder: Path) -> dict[str, int | str]:
    """Return the engine's parameters of a project; UserError where there is none to read."""
    path = folder / "parameters.json"
    try:
        parameters = read_json(path, dict[str, int | str])
        int(parameters["Lanes"])
    except (UserError, ValueError, KeyError):
        raise UserError(
            f"{path} is missing or damaged; `aegru-hw synth RUN --backend rtl --force` writes it"
        ) from None
    return parameters


def project_lanes(folder: Path) -> int:
    """Return the lanes P of a project; UserError where there is none to read."""
    return int(project_parameters(folder)["Lanes"])


def turned_round(decoder: FixedDecoder) -> FixedDecoder:
    """Return the decoder whose velocity has the other sign, as far as weights allow."""
    readout = decoder.readout
    weight = np.clip(-readout.weight, readout.weight_type.min_code, readout.weight_type.max_code)
    turned = Linear(weight, readout.weight_type, -readout.bias, readout.input_type)
    return replace(decoder, readout=turned)


def write_images(image: Image, folder: Path) -> None:
    """Write one $readmemh file a memory."""
    folder.mkdir()
    for name, words in image.memories.items():
        if name == "config":
            words = np.pad(words, (0, CONFIG_WORDS - len(words)))
        (folder / f"{name}.hex").write_text("".join(f"{word:x}\n" for word in words))
