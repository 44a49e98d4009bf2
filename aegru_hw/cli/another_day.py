"""Commands for another day's decoder on the same hardware: fits."""

import argparse
from pathlib import Path

from aegru_hw.cli.options import TARGET_NAMES, Commands
from aegru_hw.cli.output import show


def add_commands(commands: Commands) -> None:
    """Add the family's commands."""
    added = commands.add(
        "fits",
        fits,
        "Tell whether a decoder loads into the engine and the bitstreams of a run as they are; "
        "exit status 1 where not.",
        "monday/decoder.h5 my_run",
        "monday/decoder.h5 my_run --target ecp5-25k",
    )
    added.add_argument("decoder", type=Path, metavar="DECODER")
    added.add_argument("run_path", type=Path, metavar="BITSTREAM_RUN")
    added.add_argument("--target", metavar="T", help=f"only on this one of {TARGET_NAMES}")


def fits(options: argparse.Namespace) -> int:
    from aegru_hw.fixedpoint import load_decoder
    from aegru_hw.runs.fitting import fits
    from aegru_hw.runs.folder import RunFolder

    found = fits(load_decoder(options.decoder), RunFolder(options.run_path), options.target)
    lines = []
    for fit in found:
        lines.append(f"{fit.engine}, {fit.lanes} lanes: {'yes' if fit.fits else 'no'}")
        lines += [f"  {reason}" for reason in fit.because]
        if fit.bitstream_sha256 is not None:
            lines.append(f"  bitstream SHA-256 {fit.bitstream_sha256}")
    show(options, found, "\n".join(lines))
    return 0 if all(fit.fits for fit in found) else 1
