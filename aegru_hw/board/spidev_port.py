"""SPI of Linux: /dev/spidevB.C, such as a Raspberry Pi's."""

import re

from aegru_hw.board.packages import board_package
from aegru_hw.errors import UserError

DEVICE = re.compile(r"/dev/spidev(\d{1,4})\.(\d{1,3})")
KERNEL_BUFFER = 4096
"""Bytes of a transfer, unless the module spidev was given another `bufsiz`."""


class SpidevPort:
    """A transport over spidev; the kernel moves chip select around each transfer.

    device: /dev/spidevB.C. rate: SCK in Hz, at most an eighth of the board's clock.
    Raises UserError where the package or the device is missing.
    """

    most = KERNEL_BUFFER
    is_simulated = False

    def __init__(self, name: str, device: str, rate: int) -> None:
        found = DEVICE.fullmatch(device)
        if found is None:
            raise UserError(f"{name}: accepted is spidev:/dev/spidevB.C, such as /dev/spidev0.0")
        spidev = board_package("spidev")
        self.name = name
        self._spi = spidev.SpiDev()
        try:
            self._spi.open(int(found.group(1)), int(found.group(2)))
            self._spi.max_speed_hz = rate
            self._spi.mode = 0
        except OSError as error:
            self._spi.close()
            raise UserError(f"cannot open {device}: {error.strerror or error}") from None

    def transfer(self, data: bytes) -> bytes:
        return bytes(self._spi.xfer2(list(data)))

    def close(self) -> None:
        self._spi.close()
