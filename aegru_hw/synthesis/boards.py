"""Pin files of the boards whose pins the serial top takes."""

from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from aegru_hw.synthesis.targets import Target

DEFAULT_BOARD = "upduino3"
FAMILY = "ice40"
"""The family of the boards; elsewhere the placer chooses the pins."""


def board_pins(target: Target, board: str | None = None) -> Path | None:
    """Return the pin file of a board, DEFAULT_BOARD where None is named; None where none applies.

    Raises UserError for a board that there is not, and for one named for another family's target.
    """
    if target.family != FAMILY:
        if board is not None:
            raise UserError(f"{target.name} has no boards here; --board is for the iCE40 targets")
        return None
    files = {path.stem: path for path in (source_folder("rtl") / "boards").glob("*.pcf")}
    name = board or DEFAULT_BOARD
    if name not in files:
        raise UserError(f"there is no board {name}; choose one of {', '.join(sorted(files))}")
    return files[name]
