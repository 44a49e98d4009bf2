"""Pin files of the boards whose pins the serial top takes."""

import re
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from aegru_hw.synthesis.targets import Target

PIN_FILES = {"ice40": ".pcf", "ecp5": ".lpf"}
"""What the pin files of each family's tools end in; other families have no boards here."""

PORTS = ("clk_i", "sck_i", "cs_ni", "mosi_i", "miso_o")
"""What a pin file has to name; velocity_waits_o and ready_o may be left out."""
MOST_BYTES = 1 << 20

DEFAULT_BOARDS = {"ice40": "upduino3", "ecp5": "ulx3s"}


def board_pins(target: Target, board: str | None = None, own: Path | None = None) -> Path | None:
    """Return the pin file of a board, the family's default where None is named; None where none
    applies.

    own: a pin file that is taken instead. Raises UserError for a board that there is not, for one
    named for a target without boards, and for a file that is no pin file of the top.
    """
    if target.family not in PIN_FILES:
        if board is not None or own is not None:
            raise UserError(
                f"{target.name} has no boards here; --board is for iCE40 and ECP5 targets"
            )
        return None
    if own is not None:
        if board is not None:
            raise UserError("--board and --pins are both given; choose one")
        return _checked(own, target)
    suffix = PIN_FILES[target.family]
    files = {path.stem: path for path in (source_folder("rtl") / "boards").glob(f"*{suffix}")}
    name = board or DEFAULT_BOARDS[target.family]
    if name not in files:
        raise UserError(
            f"there is no board {name} for {target.name}; choose one of {', '.join(sorted(files))}"
        )
    return files[name]


def has_board(target: Target, board: str) -> bool:
    """Tell whether there is a pin file of a board for a target."""
    suffix = PIN_FILES.get(target.family)
    folder = source_folder("rtl") / "boards"
    return suffix is not None and board in {path.stem for path in folder.glob(f"*{suffix}")}


def _checked(own: Path, target: Target) -> Path:
    """Return a pin file of the user's that names the ports of the top."""
    suffix = PIN_FILES[target.family]
    if own.suffix != suffix or not own.is_file():
        raise UserError(f"--pins {own}: a file {suffix} is needed for {target.name}")
    with open(own, "rb") as file:
        text = file.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise UserError(f"--pins {own}: it has more than {MOST_BYTES:,} bytes")
    words = set(re.findall(rb"\w+", text))
    missing = [port for port in PORTS if port.encode() not in words]
    if missing:
        raise UserError(f"--pins {own}: it names no pin for {', '.join(missing)}")
    return own
