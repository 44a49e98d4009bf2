"""The SPI board top at the level of its pins: image, ticks, registers, events too early."""

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import (
    CONTROL,
    ENABLE,
    IMAGE_VALID,
    LOAD_BEGIN,
    LOAD_DATA,
    REFUSED_FLAG,
    RUNNING,
    SOFT_RESET,
    STATUS,
    TICKS,
    VECTORS,
    Scenario,
)

WRITE, READ, EVENT, VELOCITY = 1, 2, 3, 4
VELOCITY_WAITS, READY, EVENT_LOST = 1, 2, 4
BUSY = 4
HALF_PERIOD = 4
"""Clock cycles: SCK at an eighth of the clock, the fastest that the top takes."""
TLAST, NO_SPIKE = 0x8000, 0x7FFF


class SpiTB:
    """Clock and an SPI master, mode 0, most significant bit first."""

    def __init__(self, dut):
        self.dut = dut
        dut.cs_ni.value, dut.sck_i.value, dut.mosi_i.value = 1, 0, 0
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
                value = value << 1 | int(self.dut.miso_o.value)
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
        """Load the image in one burst, and wait for the start-up state."""
        await ClockCycles(self.dut.clk_i, 40)
        await self.write(CONTROL, 0)
        await self.write(LOAD_BEGIN, 0)
        await self.write(LOAD_DATA, *VECTORS["image.words"].tolist())
        await self.write(CONTROL, ENABLE)
        while await self.read(STATUS) != IMAGE_VALID | RUNNING:
            pass

    async def tick(self, channels):
        """Send a tick's events, wait for its velocity and take it."""
        events = [channel & NO_SPIKE for channel in channels]
        events[-1] |= TLAST
        words = b"".join(event.to_bytes(2, "big") for event in events)
        await self.transfer(bytes([EVENT]) + words)
        if not self.dut.velocity_waits_o.value:
            await RisingEdge(self.dut.velocity_waits_o)
        return np.frombuffer((await self.transfer([VELOCITY, *bytes(9)]))[2:], dtype=">i4")


@cocotb.test()
async def ticks(dut):
    """Velocities of a stretch of recording after the image came over SPI."""
    tb, played = SpiTB(dut), Scenario("recording")
    await tb.start()
    assert int(dut.ready_o.value) == 1
    for tick, channels in enumerate(played.packets[:8]):
        velocity = await tb.tick(channels)
        assert (velocity == played.velocity[tick]).all(), f"tick {tick}: {velocity}"
    while await tb.read(STATUS) & BUSY:  # with the other chains, after the velocity
        pass
    assert await tb.read(TICKS) == 8
    assert await tb.read(STATUS) == IMAGE_VALID | RUNNING
    assert await tb.read(0x00) == int.from_bytes(b"AEGR", "big")
    assert await tb.status() == READY


@cocotb.test()
async def velocity_too_early(dut):
    """Taking a velocity where none waits gives zeros and takes nothing."""
    tb, played = SpiTB(dut), Scenario("recording")
    await tb.start()
    await tb.write(CONTROL, ENABLE | SOFT_RESET)
    while not await tb.read(STATUS) & RUNNING:
        pass
    reply = await tb.transfer([VELOCITY, *bytes(9)])
    assert reply == bytes([READY, *bytes(9)])
    assert ((await tb.tick(played.packets[0])) == played.velocity[0]).all()


@cocotb.test()
async def lost_event(dut):
    """Before the engine runs one event waits; the next one is lost, and the status says so."""
    tb = SpiTB(dut)
    await ClockCycles(dut.clk_i, 40)
    await tb.write(CONTROL, SOFT_RESET)
    assert not int(dut.ready_o.value)
    assert not await tb.status() & EVENT_LOST
    await tb.transfer([EVENT, 0, 1, 0, 2])
    assert await tb.status() & EVENT_LOST


@cocotb.test()
async def unknown_command(dut):
    """An unknown command does nothing, whatever follows it."""
    tb = SpiTB(dut)
    await ClockCycles(dut.clk_i, 40)
    await tb.write(CONTROL, ENABLE)
    await tb.transfer([0x55, CONTROL, 0, 0, 0, 0])
    assert await tb.read(CONTROL) == ENABLE


@cocotb.test()
async def without_totals(dut):
    """What ticks cost is not kept, and reads 0; ticks and what went wrong are."""
    tb, played = SpiTB(dut), Scenario("recording")
    await tb.start()
    await tb.tick([*played.packets[0], NO_SPIKE - 1])
    for address in range(0x44, 0x88, 4):
        await tb.write(address, 77)
        assert await tb.read(address) == 0, f"0x{address:02X}"
    assert await tb.read(TICKS) == 1
    assert await tb.read(STATUS) == IMAGE_VALID | RUNNING | REFUSED_FLAG
