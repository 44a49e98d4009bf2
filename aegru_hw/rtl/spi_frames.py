"""What goes over the SPI bus: commands, status bits, CRC-8 and frames of rtl/aegru_spi.sv.

It imports nothing: projects have a copy of it for their testbenches, as sim/aegru_spi_frames.py.
"""

WRITE, READ, EVENT, VELOCITY = 1, 2, 3, 4
VELOCITY_WAITS, READY, FRAME_REFUSED, DAMAGED, MARKED = 1, 2, 4, 8, 16
TLAST, NO_SPIKE = 0x8000, 0x7FFF
FRAME = 10
"""Bytes of a velocity's frame: number, two words, CRC."""


def _crc_of_byte(crc: int) -> int:
    for _ in range(8):
        crc = crc << 1 & 0xFF ^ (0x07 if crc & 0x80 else 0)
    return crc


_CRC_OF_BYTE = [_crc_of_byte(byte) for byte in range(256)]


def crc8(data: bytes) -> int:
    """Return the CRC-8 of bytes: polynomial 07, from FF, most significant bit first."""
    crc = 0xFF
    for byte in data:
        crc = _CRC_OF_BYTE[crc ^ byte]
    return crc


def with_crc(data: bytes) -> bytes:
    """Return bytes with their CRC-8 behind them."""
    return bytes([*data, crc8(data)])


def event_frame(number: int, channels: list[int]) -> bytes:
    """Return the frame of a tick's events, which are at least one: NO_SPIKE where none fired."""
    events = [channel & NO_SPIKE for channel in channels]
    events[-1] |= TLAST
    words = b"".join(event.to_bytes(2, "big") for event in events)
    return bytes([EVENT]) + with_crc(bytes([number & 0xFF]) + words)
