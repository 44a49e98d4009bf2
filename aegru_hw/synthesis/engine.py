"""The engine of one decoder as a design, its memory images in the bitstream."""

import tempfile
from pathlib import Path

from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.rtl.project import write_project
from aegru_hw.strict_json import read_json
from aegru_hw.synthesis.design import PLACED_AS, Design
from aegru_hw.synthesis.flow import SEED, synthesise
from aegru_hw.synthesis.made_of import made_of
from aegru_hw.synthesis.resources import Resources
from aegru_hw.synthesis.targets import Target

BUS_TOP, SERIAL_TOP = "aegru_engine", "aegru_spi_top"
LARGEST_MEMORIES = ("i_schedule.words", "i_ring.words", "i_history.words")
"""Memories with one port, by their names in rtl/."""

BEFORE_REGISTERS = ("i_bias.words", "i_past.words")
"""Small memories whose output goes straight to a register: there is time for a block RAM, and every
16 words of 4 bits in logic take six cells of an ECP5."""


def synthesise_engine(
    decoder: FixedDecoder,
    target: Target,
    folder: Path,
    *,
    lanes: int,
    clock_mhz: float | None = None,
    seed: int = SEED,
    pins: Path | None = None,
    protected: bool = False,
    any_formats: bool = False,
    kept_log: Path | None = None,
    progress: bool = False,
) -> Resources:
    """Synthesise the engine of a decoder with P lanes; see `synthesise`.

    pins: pin file of a board, for a target whose top is the serial one. protected: upsets are seen
    and do not last; the image is then always loaded. any_formats: no number formats and no geometry
    are wired in; each image brings its own.

    Raises UserError too where the decoder does not fit the engine.
    """
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "engine"
        write_project(per_output(decoder), project, lanes, fixed_formats=not any_formats)
        return synthesise(
            engine_design(project, target, pins, protected=protected),
            target,
            folder,
            clock_mhz=clock_mhz,
            seed=seed,
            made_of=made_of(
                *(decoder, target, lanes),
                clock_mhz=clock_mhz,
                seed=seed,
                pins=pins,
                protected=protected,
                any_formats=any_formats,
            ),
            kept_log=kept_log,
            progress=progress,
        )


def engine_design(
    project: Path, target: Target, pins: Path | None = None, *, protected: bool = False
) -> Design:
    """Return the design in an engine's project folder (see aegru_hw/rtl/project.py).

    A bitstream drives a board: its top is the serial one. No bitstream fills the single-port RAMs
    of the iCE40, which take the largest memories: there the image comes over SPI, as it does where
    memories have parity, which no image has. Otherwise ECP5 has it in the bitstream. xc7, an
    estimate, has the bus top, without the outputs that only a testbench reads.
    """
    parameters = read_json(project / "parameters.json", dict[str, int | str])
    if protected:
        parameters = parameters | {"Protected": 1, "ReadBack": 1}
    with_image = parameters
    if not protected:
        with_image = parameters | {"ImagePrefix": f"{PLACED_AS}/images/"}
    lanes = int(parameters["Lanes"])
    sources = tuple((project / "filelist.f").read_text(encoding="utf-8").split())
    if target.family == "xc7":
        return Design(
            folder=project,
            sources=sources,
            top=BUS_TOP,
            parameters=with_image,
            hidden_ports="tick_*",
            lanes=lanes,
        )
    fills = target.family != "ice40"
    return Design(
        folder=project,
        sources=sources,
        top=SERIAL_TOP,
        parameters=with_image | {"Totals": 1} if fills else parameters,
        clock="clk_i",
        lanes=lanes,
        pins=pins,
        single_port_memories=() if fills else LARGEST_MEMORIES,
        block_memories=BEFORE_REGISTERS if fills else (),
    )
