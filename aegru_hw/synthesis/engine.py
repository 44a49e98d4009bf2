"""The engine of one decoder as a design, its memory images in the bitstream."""

import json
import tempfile
from pathlib import Path
from typing import Any

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.rtl.project import write_project
from aegru_hw.synthesis.design import PLACED_AS, Design
from aegru_hw.synthesis.flow import SEED, synthesise
from aegru_hw.synthesis.targets import Target

BUS_TOP, SERIAL_TOP = "aegru_engine", "aegru_spi_top"


def synthesise_engine(
    decoder: FixedDecoder,
    target: Target,
    folder: Path,
    *,
    lanes: int,
    clock_mhz: float | None = None,
    seed: int = SEED,
    progress: bool = False,
) -> dict[str, Any]:
    """Synthesise the engine of a decoder with P lanes; see `synthesise`.

    Raises UserError too where the decoder does not fit the engine.
    """
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "engine"
        write_project(decoder, project, lanes)
        return synthesise(
            engine_design(project, target),
            target,
            folder,
            clock_mhz=clock_mhz,
            seed=seed,
            progress=progress,
        )


def engine_design(project: Path, target: Target) -> Design:
    """Return the design in an engine's project folder (see aegru_hw/rtl/project.py).

    The iCE40's package has too few pins for the buses: there the top is the serial one. ECP5 and
    xc7 take the bus top, without the outputs that only a testbench reads.
    """
    parameters = json.loads((project / "parameters.json").read_text(encoding="utf-8"))
    sources = tuple((project / "filelist.f").read_text(encoding="utf-8").split())
    few_pins = target.family == "ice40"
    serial = few_pins and any(Path(source).stem == SERIAL_TOP for source in sources)
    return Design(
        folder=project,
        sources=sources,
        top=SERIAL_TOP if serial else BUS_TOP,
        parameters={**parameters, "ImagePrefix": f"{PLACED_AS}/images/"},
        hidden_ports="tick_*",
        lanes=parameters["Lanes"],
        has_pins=serial or not few_pins,
    )
