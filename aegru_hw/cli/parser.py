"""The parser of all commands, put together of the families'."""

import argparse

from aegru_hw.cli import (
    another_day,
    board,
    checking,
    exporting,
    hardware,
    live,
    recordings,
    studies,
    training,
    whole,
)
from aegru_hw.cli.options import Commands


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="aegru-hw",
        description="From a motor-cortex recording to a verified fixed-point decoder in hardware.",
        epilog="example: aegru-hw run recording.h5 --out my_run",
    )
    commands = Commands(parser.add_subparsers(dest="command", required=True, metavar="COMMAND"))
    families = (recordings, training, hardware, board, exporting, live, checking, whole)
    for family in (*families, another_day, studies):
        family.add_commands(commands)
    return parser
