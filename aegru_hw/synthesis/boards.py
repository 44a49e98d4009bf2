"""Pin files of the boards whose pins the serial top takes."""

from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.sources import source_folder
from aegru_hw.synthesis.targets import Target

PIN_FILES = {"ice40": ".pcf", "ecp5": ".lpf"}
"""What the pin files of each family's tools end in; other families have no boards here."""

DEFAULT_BOARDS = {"ice40": "upduino3", "ecp5": "ulx3s"}


def board_pins(target: Target, board: str | None = None) -> Path | None:
    """Return the pin file of a board, the family's default where None is named; None where none
    applies.

    Raises UserError for a board that there is not, and for one named for a target without boards.
    """
    if target.family not in PIN_FILES:
        if board is not None:
            raise UserError(
                f"{target.name} has no boards here; --board is for iCE40 and ECP5 targets"
            )
        return None
    suffix = PIN_FILES[target.family]
    files = {path.stem: path for path in (source_folder("rtl") / "boards").glob(f"*{suffix}")}
    name = board or DEFAULT_BOARDS[target.family]
    if name not in files:
        raise UserError(
            f"there is no board {name} for {target.name}; choose one of {', '.join(sorted(files))}"
        )
    return files[name]
