"""Scripts for benches/spi_bench.v: an image and ticks over SPI, and what must come back."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.address_map import address
from aegru_hw.rtl.spi_frames import (
    FRAME,
    NO_SPIKE,
    READ,
    VELOCITY,
    WRITE,
    event_frame,
    with_crc,
)

ENABLE, RESTART = 1, 3
IDLE, IDLE_BYTES = 0, 512
"""No command, and so many of it that a tick ends meanwhile: 32,768 clock cycles."""


@dataclass
class SpiScript:
    """Transfers of a master one after the other.

    entries: words of the script. expected: bytes that are printed, in hexadecimal.
    """

    entries: list[int] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def load(self, words: Iterable[int]) -> None:
        """Load an image and enable it."""
        self._write("load_begin", [0])
        self._write("load_data", words)
        self._write("control", [ENABLE])
        self.entries.append(0x0500)

    def restart(self) -> None:
        """Start from silence with the image that there is."""
        self._write("control", [RESTART])
        self.entries.append(0x0500)

    def play(self, counts: NDArray[np.integer], velocity: Codes) -> None:
        """Send counts (T, C), take each velocity, (T, 2) codes, and read the counter of ticks."""
        for tick, (row, pair) in enumerate(zip(counts, velocity, strict=True)):
            channels = np.repeat(np.arange(len(row)), row).tolist() or [NO_SPIKE]
            self._transfer(event_frame(tick, channels))
            self.entries.append(0x0400)
            words = b"".join(int(code).to_bytes(4, "big", signed=True) for code in pair)
            frame = with_crc(bytes([tick & 0xFF]) + words)
            assert len(frame) == FRAME
            self._transfer([VELOCITY, 0], frame)
        # A tick goes on after its velocity, and is counted as it ends.
        self._transfer([IDLE] * IDLE_BYTES)
        self._transfer([READ, address("ticks"), 0], len(counts).to_bytes(4, "big"))

    def _write(self, register: str, words: Iterable[int]) -> None:
        data = b"".join(int(word).to_bytes(4, "big") for word in words)
        self._transfer(bytes([WRITE, address(register)]) + data)

    def _transfer(self, sent: Iterable[int], read: bytes = b"") -> None:
        """Send bytes, and then zeros for those that must be read."""
        self.entries += [0x0100 | byte for byte in sent]
        self.entries += [0x0200] * len(read) + [0x0300]
        self.expected += [f"{byte:02x}" for byte in read]

    @property
    def text(self) -> str:
        """The script's file."""
        return "".join(f"{entry:04x}\n" for entry in [*self.entries, 0x0600])


@dataclass(frozen=True)
class SpiRun:
    """What a run of the bench printed.

    wrong: bytes that are not those expected, missing ones included. cycles: of the clock.
    unknown: how often an output that must be driven was x or z.
    """

    wrong: int
    cycles: int
    unknown: int


def read_run(output: str, script: SpiScript) -> SpiRun:
    """Return what the bench's output says of a script."""
    lines = output.split("\n")
    numbers = {line.split()[0]: int(line.split()[1]) for line in lines if line.count(" ") == 1}
    found = [line for line in lines if len(line) == 2]
    wrong = sum(a != b for a, b in zip(found, script.expected, strict=False))
    wrong += abs(len(found) - len(script.expected))
    return SpiRun(wrong, numbers.get("cycles", 0), numbers.get("unknown", -1))
