"""The bytes between a host and a microcontroller that stands between it and a board's SPI pins.

A request is A5, its number, the length of the data in 2 bytes, the data, and a CRC-16 (polynomial
1021, from FFFF, most significant bit first) of all between; numbers of 2 bytes have the low one
first. The bridge exchanges the data over SPI, chip select around them, and answers in the same form
with 5A, the same number, and what came back. What is damaged it drops. A request that has the
number of the one before is not exchanged again: it gets the same answer once more, so a request or
an answer that was lost costs nothing but time. One without data, with which a host begins, is
answered at once, and then the number of the one before is forgotten.

Example: A5 07 01 00 00 DD E2 asks for the status byte, and 5A 07 01 00 02 9F C2 says 02.

`serve` is the microcontroller's side in Python.
"""

from binascii import crc_hqx
from collections.abc import Callable

from aegru_hw.board.transport import Transport

REQUEST, ANSWER = 0xA5, 0x5A
LONGEST = 1024
"""Bytes of data: what a small microcontroller has room for."""


def framed(start: int, number: int, data: bytes) -> bytes:
    """Return a request or an answer."""
    covered = bytes([number]) + len(data).to_bytes(2, "little") + data
    return bytes([start]) + covered + crc_hqx(covered, 0xFFFF).to_bytes(2, "little")


def take_frame(read: Callable[[int], bytes], start: int) -> tuple[int, bytes] | None:
    """Return number and data of the next frame; None where none comes whole.

    read: returns so many bytes, or fewer where they do not come in time.
    """
    while (byte := read(1)) != bytes([start]):
        if not byte:
            return None
    head = read(3)
    length = int.from_bytes(head[1:], "little")
    if len(head) < 3 or length > LONGEST:
        return None
    rest = read(length + 2)
    covered, crc = head + rest[:-2], rest[-2:]
    if len(rest) < length + 2 or crc_hqx(covered, 0xFFFF) != int.from_bytes(crc, "little"):
        return None
    return head[0], rest[:-2]


def serve(
    read: Callable[[int], bytes],
    write: Callable[[bytes], object],
    transport: Transport,
    goes_on: Callable[[], bool] = lambda: True,
) -> None:
    """Answer requests until `goes_on` denies or reading raises EOFError."""
    before: tuple[int, bytes] | None = None
    while goes_on():
        try:
            request = take_frame(read, REQUEST)
        except EOFError:
            return
        if request is None:
            continue
        number, data = request
        if not data:
            before = None
            write(framed(ANSWER, number, b""))
            continue
        if before is None or before[0] != number:
            before = number, transport.transfer(data)
        write(framed(ANSWER, *before))
