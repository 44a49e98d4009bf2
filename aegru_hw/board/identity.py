"""What a board says of its engine, and whether a decoder fits it."""

from dataclasses import dataclass

from aegru_hw.board.wire import Wire
from aegru_hw.errors import UserError
from aegru_hw.rtl.address_map import IMAGE_VERSION, STATUS, status_bit
from aegru_hw.rtl.images import Image
from aegru_hw.rtl.lanes import LANES

AEGR = int.from_bytes(b"AEGR", "big")
GEOMETRY = ("channels", "latent", "hidden", "window", "steps")
LIMITS = {
    "channels": "max_channels",
    "latent": "max_latent",
    "hidden": "max_hidden",
    "schedule": "schedule_depth",
    "ring": "ring_depth",
    "history": "history_depth",
}
"""What a decoder needs, and the register of what the engine has."""


@dataclass(frozen=True)
class Identity:
    """An engine behind SPI.

    version: of the images that it takes. limits: by the names of `LIMITS`. image: geometry of the
    image that is loaded; None where none is valid. flags: bits of Status that are set.
    """

    version: int
    lanes: int
    limits: dict[str, int]
    image: dict[str, int] | None
    flags: tuple[str, ...]


def identify(wire: Wire) -> Identity:
    """Return what answers; UserError where no engine does, or one of another version."""
    found = wire.read("identification")
    if found != AEGR:
        raise UserError(
            f"{wire.name}: no engine answers: its identification reads 0x{found:08X}, not "
            f"0x{AEGR:08X}; look at wires, power and bitstream"
        )
    version, lanes = wire.read("version") >> 16, wire.read("lanes")
    if version != IMAGE_VERSION:
        raise UserError(
            f"{wire.name}: the bitstream takes images of version {version}, this program writes "
            f"{IMAGE_VERSION}; make and load its bitstream again"
        )
    if lanes not in LANES:
        raise UserError(f"{wire.name}: an engine of {lanes} lanes is none; look at the wires")
    flags = set_flags(wire)
    is_loaded = "image_valid" in flags
    return Identity(
        version=version,
        lanes=lanes,
        limits={name: wire.read(register) for name, register in LIMITS.items()},
        image={name: wire.read(name) for name in GEOMETRY} if is_loaded else None,
        flags=flags,
    )


def set_flags(wire: Wire) -> tuple[str, ...]:
    """Return the names of the bits of Status that are set."""
    status = wire.read("status")
    return tuple(name for name in STATUS if status & status_bit(name))


def check_fits(wire: Wire, identity: Identity, image: Image) -> None:
    """Raise UserError where the board's engine is too small for an image."""
    for name, most in identity.limits.items():
        needed = getattr(image.needs, name)
        if needed > most:
            raise UserError(
                f"{wire.name}: the decoder needs {name} {needed}, the board's engine has {most}; "
                "it needs another bitstream"
            )
