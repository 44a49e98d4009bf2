"""Commands that make hardware: synth, sweep-lanes."""

import argparse
import shlex
from pathlib import Path

from aegru_hw.cli.options import (
    TARGET_NAMES,
    Commands,
    add_firmware,
    add_force,
    add_lanes,
    add_run,
    add_target,
    firmware_options,
)
from aegru_hw.cli.output import complain, note, show, shows_progress, with_entry
from aegru_hw.errors import UserError
from aegru_hw.rtl.lanes import LANES


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "synth",
        synth,
        "Write the hardware: hls4ml firmware, compiled, or the RTL engine; with --target, place "
        "the engine with open tools into RUN/synth/TARGET.",
        "my_run --backend rtl --lanes 4",
        "my_run --target ecp5-25k --lanes 4 --clock 60",
        "my_run --target ice40up5k --board icebreaker",
        "my_run --target ecp5-25k --protected",
        "my_run --target ecp5-25k --any-formats",
        "my_run --target xc7 --run-vendor",
    )
    add_run(added)
    added.add_argument(
        "--backend",
        choices=("hls4ml", "rtl"),
        help="default hls4ml, or rtl where --target is given",
    )
    add_firmware(added)
    add_lanes(added, "default 4; with --target as in RUN/rtl, 1 for ice40up5k")
    _add_placement(added)
    add_force(added)

    added = commands.add(
        "sweep-lanes",
        tabulate_lanes,
        "Place the engine for targets and numbers of lanes P; print what each takes and gives: "
        "resources, Fmax, cycles, latency, energy. RUN/lanes keeps every result.",
        "my_run --targets ice40up5k ecp5-25k",
        "my_run --targets ecp5-25k ecp5-85k xc7 --lanes 1 4 16 --clock 60",
    )
    add_run(added)
    added.add_argument(
        "--targets", nargs="+", required=True, metavar="T", help=f"of {TARGET_NAMES} (estimates)"
    )
    added.add_argument(
        "--lanes",
        type=int,
        nargs="+",
        choices=LANES,
        metavar="P",
        help=f"{', '.join(map(str, LANES[:-1]))} or {LANES[-1]} (default all of them, 1 for "
        "ice40up5k)",
    )
    added.add_argument(
        "--clock", type=float, metavar="MHZ", help="clock to place for (default each target's)"
    )


def _add_placement(added: argparse.ArgumentParser) -> None:
    """Add the options of a placed engine."""
    add_target(
        added,
        "place the engine on this device and pack its bitstream, estimates alone for xc7; the same "
        "target's results of before are replaced; exit status 1 where timing is missed",
    )
    added.add_argument(
        "--clock", type=float, metavar="MHZ", help="clock to place for (default the target's)"
    )
    added.add_argument(
        "--board",
        metavar="B",
        help="whose pins: upduino3 (default) or icebreaker on ice40up5k; ulx3s (default) or "
        "colorlight-i5 on ecp5",
    )
    added.add_argument(
        "--pins",
        type=Path,
        metavar="FILE",
        help="pin file of another board: .pcf for iCE40, .lpf for ECP5",
    )
    added.add_argument(
        "--place-seed", type=int, metavar="N", help="of the placer (default 1); others vary Fmax"
    )
    added.add_argument(
        "--protected",
        action="store_true",
        default=None,  # as of the options beside it: not given
        help="see upsets of memories and mark the velocities that they may have touched; what an "
        "upset leaves is made anew, and memories can be read back (docs/proof.md); the image is "
        "loaded over SPI",
    )
    added.add_argument(
        "--any-formats",
        action="store_true",
        default=None,
        help="wire in no number formats: decoders of other formats and of smaller geometries load "
        "into the same bitstream, which is larger and slower",
    )
    added.add_argument(
        "--run-vendor",
        action="store_true",
        help="synthesise with Vitis HLS too; with --target xc7, place with Vivado",
    )


def synth(options: argparse.Namespace) -> int:
    if options.target is None:
        for name in ("clock", "board", "pins", "place_seed", "protected", "any_formats"):
            if getattr(options, name) is not None:
                raise UserError(f"--{name.replace('_', '-')} is of a placed engine; add --target")
        return _synth_engine(options) if options.backend == "rtl" else _synth_firmware(options)
    if options.backend == "hls4ml":
        raise UserError("--target places the RTL engine; drop --backend hls4ml")
    return _synth_target(options)


def _synth_firmware(options: argparse.Namespace) -> int:
    from aegru_hw.cli.texts import layers_text
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.hardware import write_firmware

    run = RunFolder(options.run_path)
    project = write_firmware(
        run,
        firmware_options(options),
        force=options.force,
        vendor=options.run_vendor,
        say=lambda text: note(options, text),
    )
    text = f"wrote and compiled {run.hls}\n{layers_text(project.layers)}"
    return show(options, project, text)


def _synth_engine(options: argparse.Namespace) -> int:
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.hardware import write_engine
    from aegru_hw.synthesis.targets import usual_lanes

    if options.run_vendor:
        raise UserError("--run-vendor with --backend rtl is Vivado; add --target xc7")
    run = RunFolder(options.run_path)
    project = write_engine(run, options.lanes or usual_lanes(None), force=options.force)
    testbench = shlex.quote(str(run.rtl / "run.py"))
    text = f"wrote {run.rtl}: {project.lanes} lanes\ntestbench: python {testbench}"
    return show(options, project, text)


def _synth_target(options: argparse.Namespace) -> int:
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.placement import place
    from aegru_hw.synthesis.flow import SEED
    from aegru_hw.synthesis.resources import missed_timing
    from aegru_hw.synthesis.targets import target_named
    from aegru_hw.synthesis.text import resources_text

    run, target = RunFolder(options.run_path), target_named(options.target)
    if options.run_vendor and target.family != "xc7":
        raise UserError(f"--run-vendor with --target is Vivado, for xc7; {target.name} needs none")
    found = place(
        run,
        target,
        lanes=options.lanes,
        clock_mhz=options.clock,
        board=options.board,
        own_pins=options.pins,
        seed=SEED if options.place_seed is None else options.place_seed,
        protected=bool(options.protected),
        any_formats=bool(options.any_formats),
        force=options.force,
        vendor=options.run_vendor,
        progress=shows_progress(options),
    )
    folder = run.synth / target.name
    show(options, with_entry(found, "path", folder), resources_text(found, folder))
    missed = missed_timing(found)
    if missed is None:
        return 0
    complain(missed)
    return 1


def tabulate_lanes(options: argparse.Namespace) -> int:
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.placement import place_lanes
    from aegru_hw.synthesis.lane_table import TABLE
    from aegru_hw.synthesis.targets import target_named
    from aegru_hw.synthesis.text import lanes_text

    run = RunFolder(options.run_path)
    table = place_lanes(
        run,
        [target_named(name) for name in dict.fromkeys(options.targets)],
        lanes=options.lanes and sorted(set(options.lanes)),
        clock_mhz=options.clock,
        progress=shows_progress(options),
        say=lambda text: note(options, text),
    )
    show(options, table, f"{lanes_text(table)}\n{run.lanes / TABLE}")
    if not table.failed:
        return 0
    complain(f"{len(table.failed)} of {len(table.rows)} engines failed in a tool; see the table")
    return 1
