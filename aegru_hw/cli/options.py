"""What commands have in common: how they are added, and options that several of them take.

An option that was not given is None, so that `--resume` tells it from one that was.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from aegru_hw.decoder.config import PRESETS
from aegru_hw.hls.options import IO_TYPES, STRATEGIES, Options
from aegru_hw.rtl.lanes import LANES
from aegru_hw.synthesis.targets import TARGETS

if TYPE_CHECKING:
    from aegru_hw.runs.options import FirmwareOptions

DEFAULT_PRESET = "paper"
TARGET_NAMES = f"{', '.join([*TARGETS][:-1])} or {[*TARGETS][-1]}"

Command = Callable[[argparse.Namespace], int]


class HelpFormatter(argparse.HelpFormatter):
    """The usual help, but each example on one line of its own, to be copied."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return text if text.startswith("example: ") else super()._fill_text(text, width, indent)


@dataclass(frozen=True)
class Commands:
    """The commands of a parser, to which each family adds its own."""

    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]"

    def add(
        self, name: str, function: Command, summary: str, *examples: str
    ) -> argparse.ArgumentParser:
        """Add a command, which a function of its options runs; return its parser.

        examples: what follows its name. All commands take --json and --quiet.
        """
        added = self.subparsers.add_parser(
            name,
            help=summary,
            description=summary,
            epilog="\n".join(f"example: aegru-hw {name} {example}" for example in examples),
            formatter_class=HelpFormatter,
        )
        added.set_defaults(function=function)
        added.add_argument("--json", action="store_true", help="print JSON for machines")
        added.add_argument("--quiet", action="store_true", help="show no progress")
        return added


def add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run_path", type=Path, metavar="RUN")


def add_recording(
    parser: argparse.ArgumentParser, nargs: str | None = None, more: str = ""
) -> None:
    parser.add_argument(
        "recording",
        type=Path,
        nargs=nargs,
        metavar="RECORDING",
        help=f"a file, or the name of a published recording, such as indy_20160622_01{more}",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--force", action="store_true", help="replace what is there")


def add_preset(parser: argparse.ArgumentParser, presets: tuple[str, ...] = PRESETS) -> None:
    parser.add_argument("--preset", choices=presets, help=f"default {DEFAULT_PRESET}")


def add_set(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="section.key=value",
        help="override a constant of the configuration; may be given again",
    )


def add_every(parser: argparse.ArgumentParser) -> None:
    """Add --every K, which is --set window.every=K."""
    parser.add_argument(
        "--every",
        dest="set",
        action="append",
        default=[],
        type=ticks,
        metavar="K",
        help="a velocity every K ticks, K a divisor of the window (default 1): window.every",
    )


def ticks(text: str) -> str:
    """Return the setting of so many ticks per output; ValueError for what is no whole number."""
    return f"window.every={int(text)}"


def add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, help="default 0")


def add_training(parser: argparse.ArgumentParser) -> None:
    """Add what `train`, `run` and scripts/qat_train.py take to begin a run or to go on with it."""
    add_recording(parser, "?", "; with --resume it may be left out")
    parser.add_argument("--out", type=Path, required=True, metavar="RUN")
    add_preset(parser)
    add_set(parser)
    add_every(parser)
    add_seed(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run as it was begun; options of another run are refused",
    )
    add_force(parser)


def add_lanes(parser: argparse.ArgumentParser, said: str) -> None:
    parser.add_argument("--lanes", type=int, choices=LANES, help=f"multiply lanes P ({said})")


def add_target(parser: argparse.ArgumentParser, said: str, default: str | None = None) -> None:
    parser.add_argument("--target", default=default, metavar="T", help=f"{TARGET_NAMES}: {said}")


def add_firmware(parser: argparse.ArgumentParser) -> None:
    """Add the settings of the hls4ml project."""
    usual = Options()
    parser.add_argument("--part", help=f"FPGA for the vendor tool (default {usual.part})")
    parser.add_argument(
        "--clock-period", type=float, metavar="NS", help=f"default {usual.clock_period_ns:g}"
    )
    parser.add_argument(
        "--strategy",
        choices=STRATEGIES,
        help=f"hls4ml's, for all matrix products (default {usual.strategy})",
    )
    parser.add_argument(
        "--reuse-factor",
        type=int,
        metavar="N",
        help=f"uses of each multiplier (default {usual.reuse_factor})",
    )
    parser.add_argument("--io-type", choices=IO_TYPES, help="of the ports")


def firmware_options(options: argparse.Namespace) -> "FirmwareOptions":
    """Return the settings of the hls4ml project that are given."""
    from aegru_hw.runs.options import FirmwareOptions

    return FirmwareOptions(
        part=options.part,
        clock_period_ns=options.clock_period,
        strategy=options.strategy,
        reuse_factor=options.reuse_factor,
        io_type=options.io_type,
    )


def add_without(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--without",
        action="append",
        metavar="NAMES",
        help="executions to leave out, such as rtl,firmware; may be given again",
    )


def left_out(options: argparse.Namespace) -> tuple[str, ...] | None:
    """Return the executions that --without names, sorted; None where it was not given.

    Raises UserError for a name that there is not.
    """
    from aegru_hw.executions.table import chosen

    if options.without is None:
        return None
    names = {name.strip() for text in options.without for name in text.split(",")}
    chosen(names)
    return tuple(sorted(names))
