"""What goes over the SPI bus: commands, status bits, CRC-8 and frames of rtl/aegru_spi.sv."""

WRITE, READ, EVENT, VELOCITY = 1, 2, 3, 4
VELOCITY_WAITS, READY, FRAME_REFUSED, DAMAGED = 1, 2, 4, 8
TLAST, NO_SPIKE = 0x8000, 0x7FFF
FRAME = 10
"""Bytes of a velocity's frame: number, two words, CRC."""


def crc8(data):
    """Return the CRC-8 of bytes: polynomial 07, from FF, most significant bit first."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 & 0xFF ^ (0x07 if crc & 0x80 else 0)
    return crc


def with_crc(data):
    """Return bytes with their CRC-8 behind them."""
    return bytes([*data, crc8(data)])


def event_frame(number, channels):
    """Return the frame of a tick's events."""
    events = [channel & NO_SPIKE for channel in channels]
    events[-1] |= TLAST
    words = b"".join(event.to_bytes(2, "big") for event in events)
    return bytes([EVENT]) + with_crc(bytes([number & 0xFF]) + words)
