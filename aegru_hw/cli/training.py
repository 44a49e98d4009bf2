"""Commands that make the decoder: train, quantize."""

import argparse
from pathlib import Path

from aegru_hw.cli.beginning import begun, resumed, training_alone
from aegru_hw.cli.options import Commands, add_every, add_force, add_run, add_set, add_training
from aegru_hw.cli.output import show, shows_progress
from aegru_hw.cli.texts import r2_lines, remark_lines


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "train",
        train,
        "Train the float network.",
        "recording.h5 --out my_run --seed 1",
        "--out my_run --resume",
    )
    add_training(added)

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
    from aegru_hw.runs import training
    from aegru_hw.runs.options import RunOptions

    run = (
        resumed(options) if options.resume else begun(options, training_alone(), kept=RunOptions())
    )
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
