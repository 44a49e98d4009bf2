"""pyftdi's own SPI, whose commands to the chip move a virtual board's pins."""

import numpy as np
import pytest
from pyftdi import spi
from pyftdi.ftdi import Ftdi

from aegru_hw.board.board import Board
from aegru_hw.board.ports import open_port
from aegru_hw.errors import UserError
from tests.board.decoders import counts_of, expected, small_decoder, virtual_board

CS = 0x08
URL = "ftdi://ftdi:232h/1"


class Chip(Ftdi):
    """An FT232H without USB: it takes the commands of MPSSE that pyftdi writes for mode 0.

    gone: USB says that the device is gone.
    """

    gone = False
    frequencies: list[float]

    def open_mpsse_from_url(self, url, **options):
        assert (url, options["direction"] & 0x0F) == (URL, 0x0B)
        self.board, self.answer, self.selected = virtual_board(), bytearray(), False
        self.frequencies = []
        return 6e6

    @property
    def is_connected(self):
        return True

    @property
    def has_wide_port(self):
        return True

    @property
    def frequency_max(self):
        return 30e6

    @property
    def is_H_series(self):
        return True

    def enable_adaptive_clock(self, enable=True):
        assert not enable

    def set_frequency(self, frequency):
        self.frequencies.append(frequency)
        return frequency

    def purge_buffers(self):
        self.answer.clear()

    def write_data(self, data):
        if self.gone:
            from pyftdi.ftdi import FtdiError

            raise FtdiError("UsbError: [Errno 19] No such device")
        data = bytes(data)
        while data:
            command, rest = data[0], data[1:]
            if command == Ftdi.SET_BITS_LOW:
                self.selected = not rest[0] & CS
                data = rest[2:]
            elif command == Ftdi.RW_BYTES_PVE_NVE_MSB:
                assert self.selected
                length = int.from_bytes(rest[:2], "little") + 1
                self.answer += self.board.transfer(rest[2 : 2 + length])
                data = rest[2 + length :]
            else:
                assert command in (Ftdi.SEND_IMMEDIATE, Ftdi.SET_BITS_HIGH)
                data = rest[2:] if command == Ftdi.SET_BITS_HIGH else rest

    def read_data_bytes(self, size, attempt=1, request_gen=None):
        data = self.answer[:size]
        del self.answer[:size]
        return data

    def close(self, freeze=False):
        self.answer = bytearray()


def test_a_board_behind_pyftdi(monkeypatch) -> None:
    monkeypatch.setattr(spi, "Ftdi", Chip)
    decoder, counts = small_decoder(), counts_of(30)
    with Board(open_port("ftdi:" + URL + "@1500000")) as board:
        board.load(decoder)
        np.testing.assert_array_equal(board.decode(counts), expected(decoder, counts))
        chip = board.wire.transport._controller._ftdi
        assert chip.frequencies == [1_500_000]
        assert not chip.selected
        chip.gone = True
        with pytest.raises(UserError, match=r"cannot be reached any more: .*No such device"):
            board.step([1])


def test_what_stands_before_the_slashes_may_be_left_out(monkeypatch) -> None:
    monkeypatch.setattr(spi, "Ftdi", Chip)
    with Board(open_port(URL)) as board:
        assert board.identify().image is None


def test_no_device_is_said_in_one_line() -> None:
    said = r"cannot open ftdi://.*: (No USB device|libusb)"
    with pytest.raises(UserError, match=said) as refused:
        open_port(URL)
    assert "\n" not in str(refused.value)
