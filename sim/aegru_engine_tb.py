"""cocotb testbench of aegru_engine: drives events, collects and compares velocities."""

import itertools
import os
import random

import cocotb
import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge
from cocotbext.axi import (
    AxiLiteBus,
    AxiLiteMaster,
    AxiStreamBus,
    AxiStreamFrame,
    AxiStreamSink,
    AxiStreamSource,
)

CONTROL, STATUS, TICKS, BUSY, MACS, SATURATIONS = 0x08, 0x0C, 0x40, 0x44, 0x4C, 0x6C
PERIOD, REFUSED = 0x70, 0x74
LOAD_BEGIN, LOAD_TARGET, LOAD_DATA, LOAD_CRC = 0xC0, 0xC4, 0xC8, 0xCC
IMAGE_VALID, RUNNING, CRC_ERROR, OVERRUN, REFUSED_FLAG = 1, 2, 16, 32, 64


class TB:
    """Clock, reset, bus models, and what the engine reported of each tick."""

    def __init__(self, dut):
        self.dut = dut
        self.vectors = np.load(os.environ["AEGRU_VECTORS"], allow_pickle=False)
        Clock(dut.aclk, 10, unit="ns").start()
        reset = {"reset": dut.aresetn, "reset_active_level": False}
        self.source = AxiStreamSource(AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, **reset)
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, **reset)
        self.registers = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, **reset)
        self.costs = []
        cocotb.start_soon(self._collect_costs())

    async def _collect_costs(self):
        while True:
            await RisingEdge(self.dut.tick_done)
            await RisingEdge(self.dut.aclk)
            dut = self.dut
            signals = [dut.tick_cycles, dut.tick_latency, *(dut.tick_macs[i] for i in range(4))]
            self.costs.append([int(s.value) for s in [*signals, dut.tick_saturations]])

    async def hard_reset(self):
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 5)
        self.source.clear()
        self.sink.clear()
        self.costs.clear()
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 5)

    async def start(self):
        """Reset, load the image where none was compiled in, and wait for the start-up state."""
        await self.hard_reset()
        if not await self.read(STATUS) & IMAGE_VALID:
            await self.load(int(self.vectors["crc"]))
        await self.enable()

    async def enable(self):
        await self.write(CONTROL, 1)
        while not await self.read(STATUS) & RUNNING:
            await ClockCycles(self.dut.aclk, 100)

    async def load(self, crc):
        """Load the image; the data words of a memory go one after the other."""
        await self.write(LOAD_BEGIN, 0)
        expected = None
        for target, data in self.vectors["pairs"].tolist():
            if target != expected:
                await self.write(LOAD_TARGET, target)
            await self.write(LOAD_DATA, data)
            expected = target + 1
        await self.write(LOAD_CRC, crc)

    async def read(self, address):
        return await self.registers.read_dword(address)

    async def write(self, address, value):
        await self.registers.write_dword(address, value)

    async def send(self, ticks):
        frame = []
        for event in self.vectors["events"].tolist():
            frame.append(event & 0xFFFF)
            if event >> 16:
                await self.source.send(packet(frame))
                frame, ticks = [], ticks - 1
                if ticks == 0:
                    return

    async def velocities(self, ticks):
        frames = [await self.sink.recv() for _ in range(ticks)]
        return np.array([np.frombuffer(bytes(frame.tdata), dtype="<i4") for frame in frames])

    async def check(self, ticks):
        """Send the first ticks of the vectors and compare velocities and costs with theirs."""
        await self.send(ticks)
        velocity = await self.velocities(ticks)
        await ClockCycles(self.dut.aclk, 20)
        while await self.read(TICKS) < ticks:
            await ClockCycles(self.dut.aclk, 100)
        differs = np.flatnonzero((velocity != self.vectors["velocity"][:ticks]).any(axis=1))
        assert differs.size == 0, f"velocity differs first at tick {differs[0]}"
        costs, expected = np.array(self.costs), self.vectors["costs"][:ticks]
        differs = np.flatnonzero((costs != expected).any(axis=1))
        assert differs.size == 0, (
            f"costs differ first at tick {differs[0]}: {costs[differs[0]]}, "
            f"predicted {expected[differs[0]]}"
        )


def packet(channels):
    """Return the stream packet of one tick's events."""
    return AxiStreamFrame(np.array(channels, dtype="<u2").tobytes())


def pauses(seed):
    generator = random.Random(seed)
    return iter(lambda: generator.random() < 0.5, None)


@cocotb.test()
@cocotb.parametrize(idle=[False, True], back_pressure=[False, True])
async def stream(dut, idle, back_pressure):
    """Velocities and costs of every tick, crossed with source idles and sink back-pressure."""
    tb = TB(dut)
    await tb.start()
    if idle:
        tb.source.set_pause_generator(pauses(1))
    if back_pressure:
        tb.sink.set_pause_generator(itertools.cycle([True] * 1500 + [False]))
    ticks = len(tb.vectors["velocity"])
    await tb.check(ticks)
    expected = tb.vectors["costs"].sum(axis=0)
    assert await tb.read(BUSY) == expected[0]
    for matrix in range(4):
        assert await tb.read(MACS + 8 * matrix) == expected[2 + matrix]
    assert await tb.read(SATURATIONS) == expected[6]
    assert await tb.read(REFUSED) == 0


@cocotb.test()
@cocotb.parametrize(hard=[False, True])
async def reset_at_any_cycle(dut, hard):
    """After a reset in any phase of a tick the engine starts from silence."""
    tb = TB(dut)
    await tb.start()
    longest = int(tb.vectors["costs"][:, 0].max())
    generator = random.Random(2)
    for _ in range(5):
        await tb.send(3)
        await ClockCycles(dut.aclk, generator.randrange(20, 2 * longest))
        if hard:
            await tb.hard_reset()
        else:
            await tb.source.wait()
            await tb.write(CONTROL, 3)
            await ClockCycles(dut.aclk, 5)
            tb.sink.clear()
            tb.costs.clear()
        await tb.enable()
        await tb.check(4)


@cocotb.test()
async def bad_index(dut):
    """A channel that the decoder does not have is refused and counted, and changes nothing."""
    tb = TB(dut)
    await tb.start()
    channels = int(tb.vectors["channels"])
    velocity = tb.vectors["velocity"]
    frame = [channels, 0xFFFE]
    for event in tb.vectors["events"].tolist():
        frame.append(event & 0xFFFF)
        if event >> 16:
            break
    await tb.source.send(packet(frame))
    assert ((await tb.velocities(1))[0] == velocity[0]).all()
    assert await tb.read(REFUSED) == 2
    assert await tb.read(STATUS) & REFUSED_FLAG


@cocotb.test()
async def overrun(dut):
    """A tick longer than the tick period raises the flag, a shorter one does not."""
    tb = TB(dut)
    await tb.start()
    await tb.write(PERIOD, int(tb.vectors["costs"][:2, 0].max()))
    await tb.check(2)
    assert not await tb.read(STATUS) & OVERRUN
    await tb.write(PERIOD, 10)
    await tb.source.send(packet([0xFFFF]))
    await tb.velocities(1)
    await ClockCycles(dut.aclk, 2000)
    while await tb.read(TICKS) < 3:
        await ClockCycles(dut.aclk, 1000)
    assert await tb.read(STATUS) & OVERRUN


@cocotb.test()
async def damaged_image(dut):
    """An image whose CRC does not match is not run; nothing is accepted until a sound one is."""
    tb = TB(dut)
    await tb.hard_reset()
    await tb.load(int(tb.vectors["crc"]) ^ 1)
    await tb.write(CONTROL, 1)
    await ClockCycles(dut.aclk, 100)
    status = await tb.read(STATUS)
    assert status & CRC_ERROR
    assert not status & (IMAGE_VALID | RUNNING)
    assert int(dut.s_axis_tready.value) == 0
    await tb.load(int(tb.vectors["crc"]))
    await tb.enable()
    await tb.check(3)


@cocotb.test()
async def identification(dut):
    """Identification, version, lanes and the loaded geometry can be read."""
    tb = TB(dut)
    await tb.start()
    assert await tb.read(0x00) == int.from_bytes(b"AEGR", "big")
    assert await tb.read(0x04) == 0x10000
    assert await tb.read(0x2C) == int(tb.vectors["channels"])
    for address in range(0, 0x88, 4):
        await tb.read(address)
