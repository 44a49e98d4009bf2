"""Commands that make the decoder: train, quantize."""

import argparse
from pathlib import Path

from aegru_hw.cli.beginning import begun, resumed, training_alone
from aegru_hw.cli.options import Commands, add_every, add_force, add_run, add_set, add_training
from aegru_hw.cli.output import show, shows_progress
from aegru_hw.cli.texts import r2_lines, remark_lines
from aegru_hw.errors import UserError


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "train",
        train,
        "Train the float network.",
        "recording.h5 --out my_run --seed 1",
        "--out my_run --resume",
        "monday.h5 tuesday.h5 today.h5 --out my_run",
    )
    add_training(added)
    added.add_argument(
        "more",
        type=Path,
        nargs="*",
        metavar="RECORDING",
        help="more sessions, today's last: one core is trained on all, and today's encoder",
    )
    added.add_argument(
        "--encoders",
        choices=("own", "shared"),
        help="of several sessions: each has an encoder of its own (default), or all share one",
    )

    added = commands.add(
        "quantize",
        quantize,
        "Prune, quantise and fine-tune; write decoder.h5.",
        "my_run --set widths.weight=4 --force",
        "my_run --every 5 --force",
        "my_run --formats-of other_run/decoder.h5",
    )
    add_run(added)
    add_set(added)
    add_every(added)
    added.add_argument(
        "--formats-of",
        type=Path,
        metavar="DECODER",
        help="take number formats and widths of this decoder.h5, so that the new decoder loads "
        "into its bitstream; refused where they saturate too much (formats.saturation)",
    )
    add_force(added)


def train(options: argparse.Namespace) -> int:
    from aegru_hw.recordings.layout import open_recording
    from aegru_hw.runs import training
    from aegru_hw.runs.options import RunOptions

    if options.resume:
        if options.more or options.encoders:
            raise UserError("--resume goes on with the sessions that the run was begun with")
        run = resumed(options)
    else:
        sessions = []
        if options.more:
            given: list[Path] = [options.recording, *options.more]
            sessions = [open_recording(path) for path in given[:-1]]
            options.recording = given[-1]
        kept = RunOptions(encoders=options.encoders or "own")
        run = begun(options, training_alone(), kept=kept, sessions=sessions)
    summary = training.train(run, progress=shows_progress(options))
    lines = [f"float {summary.r2['float']}", *remark_lines(summary), str(run.path)]
    return show(options, summary, "\n".join(lines))


def quantize(options: argparse.Namespace) -> int:
    from aegru_hw.fixedpoint import load_decoder
    from aegru_hw.runs.folder import RunFolder
    from aegru_hw.runs.quantisation import quantize

    run = RunFolder(options.run_path)
    summary = quantize(
        run,
        options.set,
        formats_of=None if options.formats_of is None else load_decoder(options.formats_of),
        force=options.force,
        progress=shows_progress(options),
    )
    lines = [*r2_lines(summary.r2, 9), *remark_lines(summary), str(run.decoder)]
    return show(options, summary, "\n".join(lines))
