"""The SPI board top at the level of its pins: clock, master, and ticks that keep their place."""

import numpy as np
from aegru_map import (
    CONTROL,
    CONTROL_ENABLE,
    CONTROL_SOFT_RESET,
    LOAD_BEGIN,
    LOAD_DATA,
    STATUS,
    STATUS_IMAGE_VALID,
    STATUS_RUNNING,
)
from aegru_spi_frames import FRAME, READ, VELOCITY, WRITE, event_frame, with_crc
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import VECTORS, Scenario

HALF_PERIOD = 4
"""Clock cycles: SCK at an eighth of the clock, the fastest that the top takes."""


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
