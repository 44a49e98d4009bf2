"""The whole way in one command: run, demo."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.cli.beginning import (
    NO_TARGET,
    asked_of_own,
    begun,
    checked_folder,
    resumed,
    way_of,
)
from aegru_hw.cli.options import (
    Commands,
    add_every,
    add_firmware,
    add_force,
    add_lanes,
    add_seed,
    add_set,
    add_target,
    add_training,
    add_without,
)
from aegru_hw.cli.output import complain, note, show, shows_progress

if TYPE_CHECKING:
    from aegru_hw.runs.folder import RunFolder

DEMO_CHANNELS, DEMO_SECONDS = 96, 240.0
DEMO_TARGET = "ecp5-25k"


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "run",
        run_all,
        "All of it: train, quantise, firmware, engine, verify, place where a target is given, "
        "report.",
        "recording.h5 --out my_run --preset fast",
        "recording.h5 --out my_run --target ecp5-25k",
        "recording.h5 --out my_run --every 5",
        "--out my_run --resume",
    )
    add_training(added)
    add_firmware(added)
    add_lanes(added, "default 4, 1 with --target ice40up5k")
    add_target(added, "place the verified engine on this device too (default none)")
    add_without(added)

    added = commands.add("demo", demo, "The whole way on a generated recording.", "--out demo_run")
    added.add_argument("--out", type=Path, default=Path("demo_run"), metavar="RUN")
    added.set_defaults(preset="fast", resume=False)
    add_set(added)
    add_every(added)
    add_seed(added)
    add_firmware(added)
    add_lanes(added, "default 4, 1 with --target ice40up5k")
    add_target(
        added,
        f"place the verified engine on this device too (default {DEMO_TARGET}; {NO_TARGET} leaves "
        "it out)",
        DEMO_TARGET,
    )
    add_without(added)
    add_force(added)


def run_all(options: argparse.Namespace) -> int:
    if options.resume:
        return _go(options, resumed(options, asked_of_own(options)))
    way = way_of(options)
    return _go(options, begun(options, way, kept=way))


def demo(options: argparse.Namespace) -> int:
    from aegru_hw.needs.doctor import require
    from aegru_hw.recordings.generator import generate
    from aegru_hw.runs.preflight import groups_of

    way = way_of(options)
    checked_folder(options)
    require(groups_of(way))  # the rest is known with the recording
    seed = options.seed or 0
    with tempfile.TemporaryDirectory() as folder:
        options.recording = Path(folder) / "generated.mat"
        note(options, f"generating {DEMO_SECONDS:g} s of {DEMO_CHANNELS} channels at 4 ms")
        generate(options.recording, channels=DEMO_CHANNELS, seconds=DEMO_SECONDS, seed=seed)
        run = begun(options, way, kept=way)
    made_by = (
        f"aegru-hw generate generated.mat --channels {DEMO_CHANNELS} --seconds {DEMO_SECONDS:g} "
        f"--seed {seed}"
    )
    return _go(options, run, made_by)


def _go(options: argparse.Namespace, run: "RunFolder", made_by: str | None = None) -> int:
    """Take a run to its end, write its page, and say what came of it."""
    from aegru_hw.cli.texts import summary_lines
    from aegru_hw.report import write_report
    from aegru_hw.runs.whole_way import go_all_the_way
    from aegru_hw.synthesis.text import resources_text

    found = go_all_the_way(
        run,
        made_by=made_by,
        progress=shows_progress(options),
        say=lambda text: note(options, text),
    )
    for complaint in found.complaints:
        complain(complaint)
    page = write_report(run)
    lines = summary_lines(found.summary)
    if found.placed is not None:
        lines.append(resources_text(found.placed, run.synth / found.placed.target))
    lines += [f"summary: {run.summary}", f"report: {page}", f"run: {run.path}"]
    show(options, found.summary, "\n".join(lines))
    return 0 if found.summary.exact and found.tools_worked else 1
