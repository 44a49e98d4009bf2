"""The engine of a RUN folder on real devices: one target, or lanes over targets."""

from collections.abc import Callable
from typing import Any

from aegru_hw import pipeline
from aegru_hw.files import sha256_of_file
from aegru_hw.fixedpoint import load_decoder
from aegru_hw.recordings.recording import load_recording
from aegru_hw.recordings.stream import TickStream
from aegru_hw.rtl.project import project_lanes
from aegru_hw.run_folder import RunFolder
from aegru_hw.synthesis import lanes as lane_sweep
from aegru_hw.synthesis.boards import board_pins
from aegru_hw.synthesis.engine import synthesise_engine
from aegru_hw.synthesis.flow import (
    SEED,
    check_seed,
    checked_clock,
    require_tools_of,
    write_results,
)
from aegru_hw.synthesis.lanes import possible_lanes
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.vivado import require_vivado, run_vivado

DEFAULT_LANES = 4


def usual_lanes(target: Target | None) -> int:
    """Return the lanes P of an engine for which the user gives none."""
    possible = (DEFAULT_LANES,) if target is None else possible_lanes(target)
    return DEFAULT_LANES if DEFAULT_LANES in possible else possible[0]


def place(
    run: RunFolder,
    target: Target,
    *,
    lanes: int | None = None,
    clock_mhz: float | None = None,
    board: str | None = None,
    seed: int = SEED,
    force: bool = False,
    vendor: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Synthesise and place the run's engine into RUN/synth/TARGET; return its resources.json.

    lanes: P; where None as in RUN/rtl, or the target's usual number where there is no RUN/rtl, or
    one of more lanes than make sense on the target.
    RUN/rtl is written where it is missing, and replaced, with all that was made for it, where
    `force` is given; otherwise it stays, even with other lanes.
    board: whose pins are taken, for iCE40. vendor: run Vivado too, for xc7.
    Raises what `synthesise` does, and UserError before anything is written for a clock, seed or
    board that is not possible, and for a tool that is not installed.
    """
    pins = board_pins(target, board)
    checked_clock(target, clock_mhz)
    check_seed(seed)
    require_tools_of(target)
    if vendor:
        require_vivado()
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    if lanes is None:
        lanes = usual_lanes(target)
        if run.rtl.exists() and not force and project_lanes(run.rtl) in possible_lanes(target):
            lanes = project_lanes(run.rtl)
    if force or not run.rtl.exists():
        pipeline.synthesise_engine(run, lanes, force=force)
    folder = run.synth / target.name
    facts = synthesise_engine(
        decoder,
        target,
        folder,
        lanes=lanes,
        clock_mhz=clock_mhz,
        seed=seed,
        pins=pins,
        progress=progress,
    )
    if vendor:
        facts = run_vivado(folder, progress=progress)
        write_results(folder, facts)
    return facts


def sweep_lanes(
    run: RunFolder,
    targets: list[Target],
    *,
    lanes: list[int] | None = None,
    clock_mhz: float | None = None,
    progress: bool = False,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, Any]:
    """Synthesise the run's engine for targets and numbers of lanes into RUN/lanes.

    lanes: of every target; those that make sense on each where None.
    Returns the table; see `aegru_hw.synthesis.lanes.sweep_lanes`. Cycles, latency and energy are
    of the test split.
    """
    decoder = load_decoder(run.require(run.decoder, "aegru-hw quantize RUN"))
    recording = load_recording(run.require(run.recording, "aegru-hw train RECORDING --out RUN"))
    geometry, wanted = decoder.geometry, pipeline.test_ticks(decoder, recording)
    stream = TickStream.from_recording(recording, wanted, geometry.window, geometry.steps)
    points = [
        lane_sweep.Point(target, count, board_pins(target))
        for target in targets
        for count in (possible_lanes(target) if lanes is None else lanes)
    ]
    work = lane_sweep.Work(decoder, sha256_of_file(run.decoder), stream.counts, stream.scored)
    return lane_sweep.sweep_lanes(
        work, points, run.lanes, clock_mhz=clock_mhz, progress=progress, say=say
    )
