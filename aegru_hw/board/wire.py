"""Registers and frames over a board's SPI, on a wire that may damage them.

Registers travel without a CRC, so a value counts once it was read twice in a row. Whatever is seen
to be damaged is noted: on a wire that damages much no CRC-8 is enough, and no more is tried.
"""

from collections import deque

from aegru_hw.board.transport import Transport
from aegru_hw.errors import UserError
from aegru_hw.rtl.address_map import address
from aegru_hw.rtl.spi_frames import FRAME, READ, VELOCITY, WRITE

READS = 16
"""Most reads of a register until two in a row agree."""

LATEST, MOST_DAMAGED = 16, 6
"""Of the latest ticks that were tried, how many may have been damaged on the way.

A CRC-8 sees all damage of up to three bits in frames of up to 119 bits, and of what is heavier all
but a 128th: where that much is damaged, some of it would not be seen soon.
"""

STATUS_BITS = 0x1F
"""Of the status byte; the others are 0."""


class DamagedError(Exception):
    """What came is not what was sent, or nothing came: it can be tried again."""


class Wire:
    """The commands of rtl/aegru_spi.sv over a transport.

    Raises UserError, in one line, where the transport is gone, and where it damages too much.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.name = transport.name
        self.damaged = 0
        self._latest: deque[bool] = deque(maxlen=LATEST)

    def transfer(self, data: bytes) -> bytes:
        """Exchange bytes; DamagedError where another number came back."""
        if len(data) > self.transport.most:
            raise UserError(
                f"{self.name}: a transfer of {len(data):,} bytes is longer than the "
                f"{self.transport.most:,} that this port takes at once"
            )
        try:
            received = self.transport.transfer(data)
        except OSError as error:
            said = error.strerror or str(error) or type(error).__name__
            raise UserError(f"{self.name}: the board cannot be reached any more: {said}") from None
        if len(received) != len(data):
            raise DamagedError(f"{len(received)} of {len(data)} bytes came back")
        return received

    def note(self, *, is_damaged: bool) -> None:
        """Keep whether a tick that was tried was damaged on the way; UserError for too many."""
        self._latest.append(is_damaged)
        if is_damaged:
            self.damaged += 1
            if sum(self._latest) >= MOST_DAMAGED:
                raise UserError(
                    f"{self.name}: {sum(self._latest)} of the last {len(self._latest)} ticks were "
                    "damaged on the wire; a slower SCK, shorter wires or a common ground help"
                )

    @property
    def is_noisy(self) -> bool:
        """Whether any of the latest ticks was damaged on the way."""
        return any(self._latest)

    def forget(self) -> None:
        """Begin to count damage anew."""
        self._latest.clear()

    def status(self) -> int:
        """Return the status byte; DamagedError where it is none."""
        status = self.transfer(b"\0")[0]
        if status & ~STATUS_BITS:
            raise DamagedError(f"0x{status:02X} came as the status")
        return status

    def velocity(self, length: int = FRAME) -> bytes:
        """Return a velocity's frame, or its first bytes: then it stays."""
        return self.transfer(bytes([VELOCITY, *bytes(1 + length)]))[2:]

    def read(self, register: str) -> int:
        """Return a register, read until it is twice the same; UserError where it never is."""
        before: bytes | None = None
        for _ in range(READS):
            try:
                value = self.transfer(bytes([READ, address(register), *bytes(5)]))[3:]
            except DamagedError:
                continue
            if value == before:
                return int.from_bytes(value, "big")
            before = value
        raise UserError(
            f"{self.name}: register {register} reads differently each time; is there noise, or SCK "
            "above an eighth of the board's clock?"
        )

    def write(self, register: str, *words: int) -> None:
        """Write words to a register; what came of it has to be read."""
        data = b"".join(word.to_bytes(4, "big") for word in words)
        self.transfer(bytes([WRITE, address(register)]) + data)
