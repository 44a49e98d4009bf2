"""Loading a decoder's image into a board, and looking whether it arrived."""

from collections.abc import Callable
from dataclasses import dataclass

from aegru_hw.board.identity import GEOMETRY, Identity, check_fits, set_flags
from aegru_hw.board.wire import DamagedError, Wire
from aegru_hw.errors import UserError
from aegru_hw.rtl.address_map import CONFIG
from aegru_hw.rtl.image_stream import image_stream
from aegru_hw.rtl.images import Image

TRIES = 3
WORDS_AT_ONCE = 256
"""Most words of a transfer."""

BAD_FLAGS = {
    "misfit": "the board's engine is for other number formats, another geometry or fewer words; it "
    "needs another bitstream",
    "missing": "a memory of the image was missing or out of place",
    "crc_error": "the image was damaged on the way: its CRC is wrong",
    "loading": "words of the image were lost on the way",
}
"""Flags of Status that say why an image is not valid, the surest first."""


@dataclass(frozen=True)
class Loaded:
    """An image that arrived.

    words: of it. crc: the CRC-32 at its end, which the board compared. flags: bits of Status that
    are set. tries: how often it was sent.
    """

    words: int
    crc: int
    flags: tuple[str, ...]
    tries: int


def load_image(
    wire: Wire, identity: Identity, image: Image, said: Callable[[int], None] = lambda words: None
) -> Loaded:
    """Load an image; said: told of the words that were sent.

    Raises UserError where it does not fit, or does not arrive in TRIES tries.
    """
    check_fits(wire, identity, image)
    words = [int(word) for word in image_stream(image)]
    at_once = min(WORDS_AT_ONCE, wire.transport.most // 4 - 1)
    because = ""
    for tries in range(1, TRIES + 1):
        try:
            wire.write("load_begin", 0)
            for first in range(0, len(words), at_once):
                some = words[first : first + at_once]
                wire.write("load_data", *some)
                said(len(some))
        except DamagedError as damage:
            because = str(damage)
            continue
        flags = set_flags(wire)
        because = next((text for flag, text in BAD_FLAGS.items() if flag in flags), "")
        if not because and "image_valid" in flags:
            found = {name: wire.read(name) for name in GEOMETRY}
            if found == _geometry(image):
                return Loaded(len(words), words[-1], flags, tries)
            because = f"the board says that it holds {found}"
    raise UserError(f"{wire.name}: {because or 'the board holds no valid image'}")


def _geometry(image: Image) -> dict[str, int]:
    config = image.memories["config"]
    return {name: int(config[CONFIG.index(name)]) for name in GEOMETRY}
