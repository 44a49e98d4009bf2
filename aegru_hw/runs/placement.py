"""The engine of a run on real devices: one target, or lanes over targets."""

import shlex
from collections.abc import Callable
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import at_output_rate, load_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import test_stream
from aegru_hw.rtl.project import project_lanes
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.hardware import write_engine
from aegru_hw.runs.summarise import summarise, write_summary
from aegru_hw.synthesis import lanes as lane_sweep
from aegru_hw.synthesis.boards import board_pins, has_board
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.flow import SEED, check_seed, checked_clock, require_tools_of
from aegru_hw.synthesis.lane_table import LaneTable
from aegru_hw.synthesis.resources import Resources
from aegru_hw.synthesis.targets import TARGETS, Target, possible_lanes, usual_lanes
from aegru_hw.synthesis.vivado import require_vivado, run_vivado


def place(
    run: RunFolder,
    target: Target,
    *,
    lanes: int | None = None,
    clock_mhz: float | None = None,
    board: str | None = None,
    own_pins: Path | None = None,
    seed: int = SEED,
    protected: bool = False,
    any_formats: bool = False,
    force: bool = False,
    vendor: bool = False,
    progress: bool = False,
) -> Resources:
    """Synthesise and place the run's engine into RUN/synth/TARGET; return its resources.json.

    lanes: P; where None as in RUN/rtl, or the target's usual number where there is no RUN/rtl, or
    one of more lanes than make sense on the target.
    RUN/rtl is written where it is missing, and replaced, with all that was made for it, where
    `force` is given; otherwise it stays, even with other lanes.
    board: whose pins are taken, for iCE40 and ECP5. own_pins: the pin file of another board.
    protected, any_formats: see `synthesise_engine`.
    vendor: run Vivado too, for xc7.
    Raises what `synthesise` does, and UserError before anything is written for a clock, seed or
    board that is not possible, and for a tool that is not installed.
    """
    pins = board_pins(target, board, own_pins)
    checked_clock(target, clock_mhz)
    check_seed(seed)
    require_tools_of(target)
    if vendor:
        require_vivado()
    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        if lanes is None:
            lanes = usual_lanes(target)
            if run.rtl.exists() and not force and project_lanes(run.rtl) in possible_lanes(target):
                lanes = project_lanes(run.rtl)
        if force or not run.rtl.exists():
            write_engine(run, lanes, force=force)
        with run.transaction() as change:
            folder = change.path(f"synth/{target.name}")
            found = synthesise_engine(
                decoder,
                target,
                folder,
                lanes=lanes,
                clock_mhz=clock_mhz,
                seed=seed,
                pins=pins,
                protected=protected,
                any_formats=any_formats,
                kept_log=run.synth / f"{target.name}.log",
                progress=progress,
            )
            if vendor:
                found = run_vivado(folder, progress=progress)
            write_summary(run, change)
    return found


def bitstream_of(run: RunFolder, board: str) -> Path:
    """Return the bitstream of the run's decoder for a board; UserError where none holds."""
    run.check_marker()
    for target, placed in sorted(summarise(run).synthesis.items()):
        if placed.board == board and placed.bitstream is not None:
            path = run.synth / target / placed.bitstream
            if path.is_file():
                return path
    wanted = next((name for name, one in TARGETS.items() if has_board(one, board)), "T")
    raise UserError(
        f"{run.path} has no bitstream for {board} that is of its decoder; `aegru-hw synth "
        f"{shlex.quote(str(run.path))} --target {wanted} --board {board}` makes it"
    )


def place_lanes(
    run: RunFolder,
    targets: list[Target],
    *,
    lanes: list[int] | None = None,
    clock_mhz: float | None = None,
    progress: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> LaneTable:
    """Synthesise the run's engine for targets and numbers of lanes into RUN/lanes.

    lanes: of every target; those that make sense on each where None.
    Returns the table; see `aegru_hw.synthesis.lanes.sweep_lanes`. Cycles, latency and energy are
    of the test split.
    """
    with run.held():
        decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
        recording = load_recording(run.require(run.recording, "aegru-hw train RECORDING --out RUN"))
        stream, _ = test_stream(recording, decoder.geometry)
        points = [
            lane_sweep.Point(target, count, board_pins(target))
            for target in targets
            for count in (possible_lanes(target) if lanes is None else lanes)
        ]
        work = lane_sweep.Work(*at_output_rate(decoder, stream.counts), stream.scored)
        return lane_sweep.sweep_lanes(
            work, points, run.lanes, clock_mhz=clock_mhz, progress=progress, say=say
        )
