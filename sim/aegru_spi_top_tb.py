"""The SPI board top at the level of its pins: image, registers, and ticks that keep their place."""

import cocotb
import numpy as np
from aegru_map import (
    CONTROL,
    CONTROL_ENABLE,
    CONTROL_SOFT_RESET,
    IDENTIFICATION,
    LOAD_BEGIN,
    LOAD_DATA,
    STATUS,
    STATUS_BUSY,
    STATUS_IMAGE_VALID,
    STATUS_REFUSED,
    STATUS_RUNNING,
    TICKS,
)
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import VECTORS, Scenario

WRITE, READ, EVENT, VELOCITY = 1, 2, 3, 4
VELOCITY_WAITS, READY, FRAME_REFUSED, DAMAGED = 1, 2, 4, 8
HALF_PERIOD = 4
"""Clock cycles: SCK at an eighth of the clock, the fastest that the top takes."""
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
    return bytes([*data, crc8(data)])


def event_frame(number, channels):
    """Return the frame of a tick's events."""
    events = [channel & NO_SPIKE for channel in channels]
    events[-1] |= TLAST
    words = b"".join(event.to_bytes(2, "big") for event in events)
    return bytes([EVENT]) + with_crc(bytes([number & 0xFF]) + words)


class SpiTB:
    """Clock and an SPI master, mode 0, most significant bit first."""

    def __init__(self, dut):
        self.dut = dut
        dut.cs_ni.value, dut.sck_i.value, dut.mosi_i.value = 1, 0, 0
        self.ticks = 0
        Clock(dut.clk_i, 10, unit="ns").start()

    async def transfer(self, sent):
        """Exchange bytes in one transaction; return the bytes that came back."""
        self.dut.cs_ni.value = 0
        await ClockCycles(self.dut.clk_i, 2 * HALF_PERIOD)
        received = bytearray()
        for byte in sent:
            value = 0
            for bit in range(7, -1, -1):
                self.dut.mosi_i.value = byte >> bit & 1
                await ClockCycles(self.dut.clk_i, HALF_PERIOD)
                assert self.dut.miso_enable.value
                value = value << 1 | int(self.dut.miso.value)
                self.dut.sck_i.value = 1
                await ClockCycles(self.dut.clk_i, HALF_PERIOD)
                self.dut.sck_i.value = 0
            received.append(value)
        await ClockCycles(self.dut.clk_i, HALF_PERIOD)
        self.dut.cs_ni.value = 1
        await ClockCycles(self.dut.clk_i, 2 * HALF_PERIOD)
        return bytes(received)

    async def status(self):
        return (await self.transfer([0]))[0]

    async def write(self, address, *values):
        words = b"".join(int(value).to_bytes(4, "big") for value in values)
        await self.transfer(bytes([WRITE, address]) + words)

    async def read(self, address):
        return int.from_bytes((await self.transfer([READ, address, *bytes(5)]))[3:], "big")

    async def start(self):
        """Load the image in one burst unless there is one, and wait for the start-up state."""
        await ClockCycles(self.dut.clk_i, 40)
        if not await self.read(STATUS) & STATUS_IMAGE_VALID:
            await self.write(LOAD_BEGIN, 0)
            await self.write(LOAD_DATA, *VECTORS["image.words"].tolist())
        await self.write(CONTROL, CONTROL_ENABLE)
        while not await self.read(STATUS) & STATUS_RUNNING:
            pass

    async def reset(self):
        """Soft reset, and wait until the engine runs."""
        await self.write(CONTROL, CONTROL_ENABLE | CONTROL_SOFT_RESET)
        while not await self.read(STATUS) & STATUS_RUNNING:
            pass
        self.ticks = 0

    async def velocity(self, length=FRAME):
        """Read a velocity's frame, or its first bytes; return what came after the idle byte."""
        return (await self.transfer([VELOCITY, *bytes(1 + length)]))[2:]

    async def closed(self):
        """Wait for the velocity of a tick that was closed."""
        if not self.dut.velocity_waits_o.value:
            await RisingEdge(self.dut.velocity_waits_o)

    async def tick(self, channels):
        """Send a tick's events, wait for its velocity and take it."""
        await self.transfer(event_frame(self.ticks, channels))
        await self.closed()
        frame = await self.velocity()
        assert frame == with_crc(frame[:-1])
        assert frame[0] == self.ticks & 0xFF
        self.ticks += 1
        return np.frombuffer(frame[1:-1], dtype=">i4")

    async def check(self, played, ticks):
        for tick, channels in enumerate(played.packets[:ticks]):
            velocity = await self.tick(channels)
            assert (velocity == played.velocity[tick]).all(), f"tick {tick}: {velocity}"


async def running(dut):
    """Return a bench whose engine starts from silence."""
    tb = SpiTB(dut)
    await tb.start()
    await tb.reset()
    return tb, Scenario("recording")


@cocotb.test()
async def ticks(dut):
    """Velocities of a stretch of recording after the image came over SPI."""
    tb, played = await running(dut)
    assert await tb.read(STATUS) == STATUS_IMAGE_VALID | STATUS_RUNNING
    assert int(dut.ready_o.value) == 1
    await tb.check(played, 8)
    while await tb.read(STATUS) & STATUS_BUSY:  # with the other chains, after the velocity
        pass
    assert await tb.read(TICKS) == 8
    assert await tb.read(STATUS) == STATUS_IMAGE_VALID | STATUS_RUNNING
    assert await tb.read(IDENTIFICATION) == int.from_bytes(b"AEGR", "big")
    assert await tb.status() == READY


@cocotb.test()
async def velocity_too_early(dut):
    """Reading a velocity where none waits gives zeros, without their CRC, and takes nothing."""
    tb, played = await running(dut)
    reply = await tb.transfer([VELOCITY, *bytes(1 + FRAME)])
    assert reply == bytes([READY, *bytes(1 + FRAME)])
    assert crc8(reply[2:-1]) != 0
    await tb.check(played, 1)


@cocotb.test()
async def velocity_broken_off(dut):
    """A velocity whose frame was not read to the end is read again; none is shifted."""
    tb, played = await running(dut)
    for tick, length in enumerate((1, 2, 5, 6, FRAME - 1, 0)):
        await tb.transfer(event_frame(tick, played.packets[tick]))
        await tb.closed()
        await tb.velocity(length)
        assert await tb.status() & VELOCITY_WAITS
        frame = await tb.velocity()
        assert frame[0] == tick
        assert frame == with_crc(frame[:-1])
        assert (np.frombuffer(frame[1:-1], dtype=">i4") == played.velocity[tick]).all()


@cocotb.test()
async def number_wraps(dut):
    """Ticks are numbered by one byte."""
    tb, _ = await running(dut)
    for _ in range(258):
        await tb.tick([NO_SPIKE])
    assert await tb.status() == READY


@cocotb.test()
async def frame_sent_twice(dut):
    """A frame with another number than the next tick's is refused whole, and says so once."""
    tb, played = await running(dut)
    await tb.check(played, 2)
    for number in (1, 3):
        await tb.transfer(event_frame(number, played.packets[1]))
        assert await tb.status() == READY | FRAME_REFUSED
        assert await tb.status() == READY
    velocity = await tb.tick(played.packets[2])
    assert (velocity == played.velocity[2]).all()


@cocotb.test()
@cocotb.parametrize(length=[2, 3, 4, 5, 6])
async def frame_broken_off(dut, length):
    """A frame that did not end closes no tick; only where an event had gone on, all is refused."""
    tb, played = await running(dut)
    frame = event_frame(0, [3, 5])
    assert len(frame) == 7
    await tb.transfer(frame[:length])
    if length >= 4:
        assert await tb.status() == FRAME_REFUSED | DAMAGED
        await tb.transfer(event_frame(0, [NO_SPIKE]))
        assert await tb.status() == FRAME_REFUSED | DAMAGED
        assert await tb.status() == DAMAGED
        await tb.reset()
    else:
        assert await tb.status() == READY | FRAME_REFUSED
    assert await tb.read(TICKS) == 0
    await tb.check(played, 2)


@cocotb.test()
async def frame_damaged(dut):
    """A frame with one wrong bit closes no tick."""
    tb, played = await running(dut)
    frame = event_frame(0, [5])
    for bit in range(8, 8 * len(frame)):
        damaged = bytearray(frame)
        damaged[bit // 8] ^= 0x80 >> bit % 8
        await tb.transfer(damaged)
        status = await tb.status()
        assert status & FRAME_REFUSED, f"bit {bit}"
        # Only where the event does not close the tick any more it has gone on.
        assert bool(status & DAMAGED) is (bit == 16), f"bit {bit}"
        if status & DAMAGED:
            await tb.reset()
    await tb.reset()
    assert await tb.read(TICKS) == 0
    await tb.check(played, 2)


@cocotb.test()
async def lost_event(dut):
    """Before the engine runs one event waits, and the frame is refused at the next; after a soft
    reset neither is left."""
    tb = SpiTB(dut)
    await ClockCycles(dut.clk_i, 40)
    await tb.write(CONTROL, CONTROL_SOFT_RESET)
    assert not int(dut.ready_o.value)
    assert await tb.status() == 0
    await tb.transfer(event_frame(0, [1, 2, 3]))
    assert await tb.status() == FRAME_REFUSED | DAMAGED
    await tb.write(CONTROL, CONTROL_SOFT_RESET)
    assert await tb.status() == 0
    await tb.start()
    await tb.check(Scenario("recording"), 2)


@cocotb.test()
async def event_waits_in_a_soft_reset(dut):
    """An event that waits for the engine is not in the first tick after a soft reset."""
    tb, played = SpiTB(dut), Scenario("recording")
    await tb.start()
    await tb.write(CONTROL, CONTROL_SOFT_RESET)  # and not enabled
    await tb.transfer(event_frame(0, [NO_SPIKE]))
    await tb.reset()
    await tb.check(played, 3)
    assert await tb.read(TICKS) == 3


@cocotb.test()
@cocotb.parametrize(length=[None, 0, 3])
async def velocity_waits_in_a_soft_reset(dut, length):
    """A velocity that waits is gone after a soft reset, also where its frame was broken off."""
    tb, played = await running(dut)
    await tb.check(played, 2)
    for _ in range(2):
        await tb.transfer(event_frame(tb.ticks, [1]))
        tb.ticks += 1
    await tb.closed()
    if length is not None:
        await tb.velocity(length)
    await tb.reset()
    assert await tb.status() == READY
    await tb.check(played, 3)


@cocotb.test()
async def wire_is_shared(dut):
    """MISO is driven only while this device is selected."""
    SpiTB(dut)
    await ClockCycles(dut.clk_i, 40)
    assert not dut.miso_enable.value
    dut.cs_ni.value = 0
    await ClockCycles(dut.clk_i, 1)
    assert dut.miso_enable.value
    dut.cs_ni.value = 1
    await ClockCycles(dut.clk_i, 1)
    assert not dut.miso_enable.value


@cocotb.test()
async def unknown_command(dut):
    """An unknown command does nothing, whatever follows it."""
    tb = SpiTB(dut)
    await ClockCycles(dut.clk_i, 40)
    await tb.write(CONTROL, CONTROL_ENABLE)
    await tb.transfer([0x55, CONTROL, 0, 0, 0, 0])
    assert await tb.read(CONTROL) == CONTROL_ENABLE


@cocotb.test()
async def without_totals(dut):
    """What ticks cost is not kept, and reads 0; ticks and what went wrong are."""
    tb, played = await running(dut)
    await tb.tick([*played.packets[0], NO_SPIKE - 1])
    for address in range(0x44, 0x88, 4):
        await tb.write(address, 77)
        assert await tb.read(address) == 0, f"0x{address:02X}"
    assert await tb.read(TICKS) == 1
    assert await tb.read(STATUS) == STATUS_IMAGE_VALID | STATUS_RUNNING | STATUS_REFUSED
