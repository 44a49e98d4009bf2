"""A project folder of the engine for one decoder: sources, images, parameters, testbench."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.cost.cycles import tick_costs
from aegru_hw.files import atomic_path
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.streaming_form import run_streaming_form
from aegru_hw.rtl.engine import events_of
from aegru_hw.rtl.images import Image, Limits, memory_image
from aegru_hw.rtl.sources import source_folder, sources

CONFIG_WORDS = 64
VECTOR_TICKS = 60
VECTOR_RATE = 0.05


def write_project(
    decoder: FixedDecoder, folder: Path, lanes: int, counts: NDArray[Any] | None = None
) -> None:
    """Write sources, images, parameters, a filelist and a cocotb testbench to a folder.

    counts: (T, C) spikes that the testbench plays; random ones where not given.
    `python run.py` in the folder builds and runs the testbench.
    Raises UserError where the decoder does not fit the engine.
    """
    image = memory_image(decoder, lanes)
    limits = rounded_limits(image.needs)
    with atomic_path(folder) as temporary:
        (temporary / "rtl").mkdir(parents=True)
        for source in [*sources(), source_folder("rtl") / "lint.vlt"]:
            shutil.copy(source, temporary / "rtl" / source.name)
        for testbench in source_folder("sim").glob("*.py"):
            shutil.copy(testbench, temporary / testbench.name)
        write_images(image, temporary / "images")
        parameters = json.dumps(limits.parameters(lanes), indent=2)
        (temporary / "parameters.json").write_text(parameters + "\n")
        names = [f"rtl/{source.name}" for source in sources()]
        (temporary / "filelist.f").write_text("\n".join(names) + "\n")
        write_vectors(decoder, image, temporary / "vectors.npz", counts)


def rounded_limits(needs: Limits) -> Limits:
    """Return the least limits that the engine can be elaborated with for what an image needs."""
    return Limits(
        channels=max(needs.channels, 2),
        latent=max(needs.latent, 2),
        hidden=max(needs.hidden, 2),
        schedule=max(needs.schedule, 2),
        ring=max(needs.ring, 2),
        history=max(needs.history, 2),
    )


def write_images(image: Image, folder: Path) -> None:
    """Write one $readmemh file a memory; a memory that the decoder leaves unused holds a zero."""
    folder.mkdir()
    names = {"config", "feature", "sigmoid", "tanh", "rsqrt", "norm_scale", "norm_bias", "column"}
    names |= {"readout0", "readout1", "startup_state", *(f"bias{i}" for i in range(6))}
    lanes = range(image.schedule.lanes)
    names |= {f"{kind}{lane}" for kind in ("lane", "startup_latent") for lane in lanes}
    for name in sorted(names):
        words = image.memories.get(name, np.zeros(1, dtype=np.uint32))
        if name == "config":
            words = np.pad(words, (0, CONFIG_WORDS - len(words)))
        (folder / f"{name}.hex").write_text("".join(f"{word:x}\n" for word in words))


def write_vectors(
    decoder: FixedDecoder, image: Image, path: Path, counts: NDArray[Any] | None = None
) -> None:
    """Write what the testbench plays and expects: events, velocity codes, costs, the image."""
    if counts is None:
        generator = np.random.default_rng(0)
        counts = generator.poisson(VECTOR_RATE, (VECTOR_TICKS, decoder.geometry.channels))
    costs = tick_costs(decoder, image.schedule, counts)
    ones = np.ones(len(counts), dtype=np.int64)
    macs = [costs.encoder, costs.input * ones, costs.recurrent * ones, costs.readout * ones]
    np.savez(
        path,
        events=events_of(counts),
        velocity=run_streaming_form(decoder, counts).velocity,
        costs=np.stack([costs.cycles, costs.latency, *macs, costs.saturations], axis=1),
        channels=decoder.geometry.channels,
        pairs=image.load_words(),
        crc=np.uint32(image.crc),
    )
