"""A serial port with a microcontroller behind it that has the board's SPI pins: bridge.py."""

import time

from aegru_hw.board.bridge import ANSWER, LONGEST, REQUEST, framed, take_frame
from aegru_hw.board.packages import board_package
from aegru_hw.errors import UserError

TRIES = 4
SECONDS = 0.5
"""How long an answer is waited for, besides the time that its bytes take."""


class SerialPort:
    """A transport over pyserial.

    device: such as /dev/ttyACM0. rate: baud, without meaning for USB's own serial ports.
    Raises UserError where the package or the device is missing, or no bridge answers.
    """

    most = LONGEST
    is_simulated = False

    def __init__(self, name: str, device: str, rate: int) -> None:
        serial = board_package("serial")
        self.name = name
        try:
            self._port = serial.Serial(device, rate, timeout=SECONDS, write_timeout=SECONDS)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or " ".join(str(error).split())
            raise UserError(f"cannot open {device}: {said}") from None
        self._byte_seconds = 10 / rate
        self._number = 0
        try:
            self._port.reset_input_buffer()
            self._exchanged(b"")
        except OSError as error:
            self.close()
            raise UserError(f"{name}: {error}") from None

    def transfer(self, data: bytes) -> bytes:
        return self._exchanged(data)

    def _exchanged(self, data: bytes) -> bytes:
        """Return the answer of the bridge; OSError where none comes."""
        self._number = (self._number + 1) % 256
        request = framed(REQUEST, self._number, data)
        for _ in range(TRIES):
            self._port.write(request)
            until = time.monotonic() + SECONDS + 2 * len(request) * self._byte_seconds
            while time.monotonic() < until:
                answer = take_frame(self._read, ANSWER)
                if answer is not None and answer[0] == self._number:
                    return answer[1]
        raise OSError(f"no bridge answers in {TRIES} tries")

    def _read(self, count: int) -> bytes:
        return bytes(self._port.read(count))

    def close(self) -> None:
        self._port.close()
