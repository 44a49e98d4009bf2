"""SPI of an FTDI chip with MPSSE, such as the FT232H, over USB."""

from aegru_hw.board.packages import board_package
from aegru_hw.errors import UserError

PAYLOAD = 65_280
"""Bytes of a transfer: an MPSSE command has a length of 16 bits; pyftdi refuses more."""


class FtdiPort:
    """A transport over pyftdi: ADBUS0 is SCK, 1 MOSI, 2 MISO and 3 chip select.

    url: of pyftdi, such as ftdi://ftdi:232h/1; what stands before // may be left out.
    rate: SCK in Hz, at most an eighth of the board's clock.
    Raises UserError where the package or the device is missing.
    """

    most = PAYLOAD
    is_simulated = False

    def __init__(self, name: str, url: str, rate: int) -> None:
        spi = board_package("pyftdi.spi")
        self.name = name
        self._controller = spi.SpiController(cs_count=1)
        url = f"ftdi:{url}" if url.startswith("//") else url
        try:
            self._controller.configure(url)
            self._port = self._controller.get_port(cs=0, freq=rate, mode=0)
        except Exception as error:  # of pyftdi, pyusb and libusb, each its own
            self._close()
            raise UserError(f"cannot open {url}: {_said(error)}") from None

    def transfer(self, data: bytes) -> bytes:
        try:
            return bytes(self._port.exchange(data, duplex=True))
        except OSError:
            raise
        except Exception as error:
            raise OSError(_said(error)) from None

    def close(self) -> None:
        self._close()

    def _close(self) -> None:
        try:
            self._controller.close()
        except Exception:  # a device that is gone cannot be told
            return


def _said(error: Exception) -> str:
    if "No backend available" in str(error):
        return "libusb is not installed; `apt-get install libusb-1.0-0`"
    return " ".join(str(error).split()) or type(error).__name__
