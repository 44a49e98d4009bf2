"""The ports of boards: a serial bridge before a virtual board, and what is missing or wrong."""

import os
import pty
import threading
import tty
from collections.abc import Callable

import numpy as np
import pytest

from aegru_hw.board import packages
from aegru_hw.board.board import Board
from aegru_hw.board.bridge import ANSWER, LONGEST, REQUEST, framed, serve, take_frame
from aegru_hw.board.ports import PORTS, open_port
from aegru_hw.board.serial_port import SerialPort
from aegru_hw.errors import UserError
from tests.board.decoders import counts_of, expected, small_decoder, virtual_board

Damage = Callable[[bytes], bytes]


class Bridge:
    """A microcontroller at the other end of a pseudo-terminal, a virtual board behind it.

    damage: done to what it answers, and to what reaches it.
    """

    def __init__(self, damage: Damage = bytes) -> None:
        self.host, slave = pty.openpty()
        tty.setraw(slave)
        self.device, self.slave, self.damage = os.ttyname(slave), slave, damage
        self.board = virtual_board()
        self.transfers = 0
        self.thread = threading.Thread(target=serve, args=(self._read, self._write, self))
        self.thread.start()

    def transfer(self, data: bytes) -> bytes:
        self.transfers += 1
        return self.board.transfer(data)

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            try:
                data += os.read(self.host, count - len(data))
            except OSError:
                raise EOFError from None
        return data

    def _write(self, data: bytes) -> None:
        os.write(self.host, self.damage(data))

    def close(self) -> None:
        os.close(self.slave)  # with the last one that has it open, reading ends
        self.thread.join(10)
        os.close(self.host)
        assert not self.thread.is_alive()


def decoded(bridge: Bridge, ticks: int) -> None:
    """Decode a few ticks through a bridge; all of them must be right."""
    decoder, counts = small_decoder(), counts_of(ticks)
    try:
        with Board(open_port(f"serial:{bridge.device}")) as board:
            board.load(decoder)
            np.testing.assert_array_equal(board.decode(counts), expected(decoder, counts))
    finally:
        bridge.close()


def test_a_serial_bridge_decodes() -> None:
    decoded(Bridge(), 40)


def test_answers_that_are_damaged_or_lost_are_asked_for_again(monkeypatch) -> None:
    monkeypatch.setattr("aegru_hw.board.serial_port.SECONDS", 0.05)
    random = np.random.default_rng(1)

    def damage(answer: bytes) -> bytes:
        fate = random.integers(40)
        if fate == 0:
            return b""
        if fate == 1:
            return answer[:-1] + bytes([answer[-1] ^ 1])
        return answer[1:] if fate == 2 else answer

    bridge = Bridge(damage)
    decoded(bridge, 25)


def test_a_request_that_comes_twice_is_exchanged_once() -> None:
    sent = [framed(REQUEST, 0, b""), framed(REQUEST, 1, b"\1\2"), framed(REQUEST, 1, b"\1\2")]
    sent += [b"\x00garbage", framed(REQUEST, 2, b"\3"), framed(REQUEST, 0, b"")]
    sent += [framed(REQUEST, 2, b"\3")]
    stream, answers, exchanged = bytearray(b"".join(sent)), bytearray(), []

    def read(count: int) -> bytes:
        if not stream:
            raise EOFError
        data = bytes(stream[:count])
        del stream[:count]
        return data

    class Echo:
        def transfer(self, data: bytes) -> bytes:
            exchanged.append(data)
            return bytes(255 - byte for byte in data)

    serve(read, answers.extend, Echo())
    assert exchanged == [b"\1\2", b"\3", b"\3"]
    found = []
    while answers:
        found.append(take_frame(lambda count: taken(answers, count), ANSWER))
    assert found == [
        *((0, b""), (1, b"\xfe\xfd"), (1, b"\xfe\xfd"), (2, b"\xfc"), (0, b""), (2, b"\xfc")),
    ]


def taken(data: bytearray, count: int) -> bytes:
    piece = bytes(data[:count])
    del data[:count]
    return piece


def test_the_example_of_the_protocol() -> None:
    assert framed(REQUEST, 7, b"\0") == bytes.fromhex("A507010000DDE2")
    assert framed(ANSWER, 7, b"\2") == bytes.fromhex("5A070100029FC2")


@pytest.mark.parametrize("bit", range(8, 8 * 8))
def test_a_flipped_bit_makes_no_frame(bit) -> None:
    """Of number, length, data and CRC; a length that is too long for what comes ends the wait."""
    frame = bytearray(framed(ANSWER, 7, b"\2\3"))
    frame[bit // 8] ^= 1 << bit % 8
    assert take_frame(lambda count: taken(frame, count), ANSWER) is None


def test_a_long_length_is_not_waited_for() -> None:
    frame = bytearray(bytes([ANSWER, 1]) + (LONGEST + 1).to_bytes(2, "little") + bytes(9))
    assert take_frame(lambda count: taken(frame, count), ANSWER) is None
    assert len(frame) == 9


def test_a_serial_port_without_a_bridge_is_said(monkeypatch) -> None:
    monkeypatch.setattr("aegru_hw.board.serial_port.SECONDS", 0.05)
    host, slave = pty.openpty()
    tty.setraw(slave)
    with pytest.raises(UserError, match="no bridge answers in 4 tries"):
        SerialPort("serial:x", os.ttyname(slave), 115_200)
    os.close(host)
    os.close(slave)


@pytest.mark.parametrize(
    "port",
    ["", "usb", "virtual:x", "spidev:", "serial:", "ftdi:", "serial:/dev/x@fast", "spidev:/dev/x@"],
)
def test_ports_that_there_are_not(port) -> None:
    with pytest.raises(UserError) as refused:
        open_port(port)
    assert f"there is no port {port}; accepted are {PORTS}" in str(refused.value)


@pytest.mark.parametrize(
    ("port", "says"),
    [
        ("spidev:/dev/null", "accepted is spidev:/dev/spidevB.C"),
        ("serial:/dev/ttyNone", "cannot open /dev/ttyNone: .*No such file or directory"),
        ("serial:/dev/null", "cannot open /dev/null: .*Inappropriate ioctl"),
        ("ftdi:nonsense@100000", "cannot open nonsense: Invalid URL: nonsense"),
    ],
)
def test_devices_that_are_not_there(port, says) -> None:
    with pytest.raises(UserError, match=says) as refused:
        open_port(port)
    assert "\n" not in str(refused.value)


def test_a_spidev_that_is_not_there() -> None:
    pytest.importorskip("spidev")
    with pytest.raises(UserError, match=r"cannot open /dev/spidev99\.9: No such file or dir"):
        open_port("spidev:/dev/spidev99.9")


@pytest.mark.parametrize("module", packages.PACKAGE)
def test_packages_that_are_not_there(monkeypatch, module) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(packages, "import_module", missing)
    with pytest.raises(
        UserError, match=r"is not installed; `pip install \"aegru-hw\[(board|spidev)\]\"`"
    ):
        packages.board_package(module)


def test_spidev_is_asked_for_mode_0_and_the_rate(monkeypatch) -> None:
    """A stand-in for the package's class, as no machine of the tests has the device."""

    class SpiDev:
        def open(self, bus: int, device: int) -> None:
            assert (bus, device) == (1, 0)
            self.board, self.max_speed_hz, self.mode = virtual_board(), 0, None

        def xfer2(self, data: list[int]) -> list[int]:
            assert (self.max_speed_hz, self.mode, len(data) <= 4096) == (1_500_000, 0, True)
            return list(self.board.transfer(bytes(data)))

        def close(self) -> None:
            self.board.close()

    pytest.importorskip("spidev")  # which a compiler has to build
    real = packages.board_package("spidev").SpiDev
    assert {"open", "xfer2", "close", "max_speed_hz", "mode"} <= set(dir(real))
    monkeypatch.setattr(packages.board_package("spidev"), "SpiDev", SpiDev)
    decoder, counts = small_decoder(), counts_of(20)
    with Board(open_port("spidev:/dev/spidev1.0@1500000")) as board:
        board.load(decoder)
        np.testing.assert_array_equal(board.decode(counts), expected(decoder, counts))
        wide = np.full((1, 12), 300)
        np.testing.assert_array_equal(
            board.decode(wide), expected(decoder, np.concatenate([counts, wide]))[-1:]
        )
