"""Reading back the types that a written project really has."""

import re
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import FixedType
from aegru_hw.hls.precision import RESULT_TYPES, Precision

DEFINES = Path("firmware", "defines.h")

TYPEDEF = re.compile(r"^typedef\s+(.+?)\s+(\w+);\s*$", re.MULTILINE)
PACKED = re.compile(r"^nnet::array<(.+),\s*\d+(?:\s*\*\s*1)?>$")
AP_TYPE = re.compile(r"^ap_(u?)(int|fixed)<([\w\s,+-]+)>$")


@dataclass(frozen=True)
class HardwareType:
    """A C++ arbitrary-precision type: its codes, and what it does to a value assigned to it."""

    codes: FixedType
    rounding: str = "TRN"
    overflow: str = "WRAP"

    def __str__(self) -> str:
        return f"{str(self.codes)[:-1]},AP_{self.rounding},AP_{self.overflow}>"


def parse_type(text: str) -> HardwareType:
    """Return the type that C++ text stands for; an array of packed words counts as its element.

    Raises UserError where it is no ap_int or ap_fixed.
    """
    packed = PACKED.match(text)
    match = AP_TYPE.match(packed.group(1) if packed else text)
    if match is None:
        raise UserError(f"'{text}' is not a type that this firmware uses: ap_[u]int or ap_[u]fixed")
    prefix, family, arguments = match.groups()
    fields = [field.strip().removeprefix("AP_") for field in arguments.split(",")]
    try:
        width = int(fields[0])
        integer = width if family == "int" else int(fields[1])
        codes = FixedType(width, width - integer, signed=not prefix)
    except (ValueError, IndexError):
        raise UserError(f"'{text}' is not a type that this firmware uses") from None
    modes = fields[2:4] if family == "fixed" else []
    return HardwareType(codes, *modes)


def read_types(folder: Path) -> dict[str, str]:
    """Return the typedefs of a project's defines.h by name.

    Raises UserError where the project has none.
    """
    path = folder / DEFINES
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise UserError(f"{folder} has no readable {DEFINES}; it is no hls4ml project") from None
    return {name: kind for kind, name in TYPEDEF.findall(text)}


def check_types(folder: Path, asked: Precision) -> int:
    """Compare defines.h with the types that were asked for; return how many were compared.

    Raises UserError with the first type that is missing or another one.
    """
    written = read_types(folder)
    compared = 0
    for layer, precision in asked.items():
        for quantity, kind in precision.items():
            name = RESULT_TYPES[layer] if quantity == "result" else f"{layer}_{quantity}_t"
            if name not in written:
                raise UserError(f"hls4ml wrote no type {name} for {layer}'s {quantity}")
            if parse_type(written[name]) != parse_type(kind):
                raise UserError(
                    f"hls4ml wrote {written[name]} for {layer}'s {quantity} ({name}); "
                    f"asked was {kind}"
                )
            compared += 1
    return compared
