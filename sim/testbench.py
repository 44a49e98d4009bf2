"""What every testbench shares: clock, reset, stream bus models, scenarios, comparison."""

import itertools
import logging
import os
import random
from pathlib import Path

import cocotb
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
    TICKS,
)
from aegru_trace import first_difference, read_trace
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

VECTORS = np.load(os.environ["AEGRU_VECTORS"], allow_pickle=False)
TRACE = Path(os.environ["AEGRU_TRACE"]) if "AEGRU_TRACE" in os.environ else None


class Scenario:
    """A stream of events and what the simulator and the cost model say of each of its ticks."""

    def __init__(self, name):
        self.name = name
        self.velocity = VECTORS[f"{name}.velocity"]
        self.costs = VECTORS[f"{name}.costs"]
        prefix = f"{name}.trace."
        self.trace = {
            key.removeprefix(prefix): VECTORS[key] for key in VECTORS if key.startswith(prefix)
        }
        self.packets, channels = [], []
        for event in VECTORS[f"{name}.events"].tolist():
            channels.append(event & 0xFFFF)
            if event >> 16:
                self.packets.append(channels)
                channels = []


class StreamTB:
    """Clock, reset and the two streams: of the engine, or of the firmware behind its ports."""

    def __init__(self, dut):
        self.dut = dut
        logging.getLogger(f"cocotb.{dut._name}").setLevel(logging.WARNING)
        Clock(dut.aclk, 10, unit="ns").start()
        self.reset = {"reset": dut.aresetn, "reset_active_level": False}
        self.source = AxiStreamSource(
            AxiStreamBus.from_prefix(dut, "s_axis"), dut.aclk, **self.reset
        )
        self.sink = AxiStreamSink(AxiStreamBus.from_prefix(dut, "m_axis"), dut.aclk, **self.reset)
        self.stalls = 0

    async def hard_reset(self):
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 5)
        self.source.clear()
        self.sink.clear()
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 5)

    async def start(self):
        await self.hard_reset()

    def idle(self, seed):
        """Let the source pause in half of the cycles."""
        generator = random.Random(seed)
        self.source.set_pause_generator(iter(lambda: generator.random() < 0.5, None))

    def push_back(self, cycles):
        """Let the sink take one word in `cycles`, and count the cycles in which a word waited."""
        self.sink.set_pause_generator(itertools.cycle([True] * (cycles - 1) + [False]))
        cocotb.start_soon(self._count_stalls())

    async def _count_stalls(self):
        while True:
            await RisingEdge(self.dut.m_axis_tvalid)
            await RisingEdge(self.dut.aclk)
            self.stalls += not self.dut.m_axis_tready.value

    async def send(self, packets):
        for channels in packets:
            await self.source.send(AxiStreamFrame(np.array(channels, dtype="<u2").tobytes()))

    async def velocities(self, ticks):
        frames = [await self.sink.recv() for _ in range(ticks)]
        return np.array([np.frombuffer(bytes(frame.tdata), dtype="<i4") for frame in frames])

    async def check(self, scenario, ticks=None):
        """Play a scenario's first ticks and compare with what it says of them."""
        ticks = len(scenario.packets) if ticks is None else ticks
        await self.send(scenario.packets[:ticks])
        self.compare(scenario, ticks, await self.velocities(ticks))

    def compare(self, scenario, ticks, velocity):
        found, expected = {"velocity": velocity}, {"velocity": scenario.velocity[:ticks]}
        difference = first_difference(found, expected)
        assert difference is None, f"{scenario.name}: {difference}"


class EngineTB(StreamTB):
    """The engine: registers, counters of every tick and trace besides the streams."""

    def __init__(self, dut):
        super().__init__(dut)
        self.registers = AxiLiteMaster(
            AxiLiteBus.from_prefix(dut, "s_axil"), dut.aclk, **self.reset
        )
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
        await super().hard_reset()
        self.costs.clear()

    async def soft_reset(self):
        await self.source.wait()
        await self.write(CONTROL, CONTROL_ENABLE | CONTROL_SOFT_RESET)
        await ClockCycles(self.dut.aclk, 5)
        # A packet that was offered is ended.
        while not self.sink.pause and self.dut.m_axis_tvalid.value:
            await ClockCycles(self.dut.aclk, 1)
        self.sink.clear()
        self.costs.clear()

    async def start(self):
        """Reset, load the image where none was compiled in, and wait for the start-up state."""
        await self.hard_reset()
        await self.enable()

    async def enable(self):
        """Load the image unless there is one, start, and wait for the start-up state."""
        if not await self.read(STATUS) & STATUS_IMAGE_VALID:
            await self.load("image")
        await self.write(CONTROL, CONTROL_ENABLE)
        while not await self.read(STATUS) & STATUS_RUNNING:
            await ClockCycles(self.dut.aclk, 100)

    async def load(self, name, damage=0):
        """Load an image, its CRC altered by `damage`."""
        *words, crc = VECTORS[f"{name}.words"].tolist()
        await self.load_words([*words, crc ^ damage])

    async def load_words(self, words):
        await self.write(LOAD_BEGIN, 0)
        for word in words:
            await self.write(LOAD_DATA, word)

    async def read(self, address):
        return await self.registers.read_dword(address)

    async def write(self, address, value):
        await self.registers.write_dword(address, value)

    async def wait_ticks(self, ticks):
        """Wait until the engine has counted `ticks` ticks since its counters were cleared."""
        await ClockCycles(self.dut.aclk, 20)
        while await self.read(TICKS) < ticks:
            await ClockCycles(self.dut.aclk, 100)

    async def check(self, scenario, ticks=None):
        """Play a scenario from the start-up state; compare every tensor and every counter."""
        ticks = len(scenario.packets) if ticks is None else ticks
        begin = TRACE.stat().st_size if TRACE is not None else 0
        await self.send(scenario.packets[:ticks])
        velocity = await self.velocities(ticks)
        await self.wait_ticks(ticks)
        if TRACE is not None:
            expected = {name: codes[:ticks] for name, codes in scenario.trace.items()}
            difference = first_difference(read_trace(TRACE, begin, expected), expected)
            assert difference is None, f"{scenario.name}: {difference}"
        self.compare(scenario, ticks, velocity)
        costs, predicted = np.array(self.costs), scenario.costs[:ticks]
        differs = np.flatnonzero((costs != predicted).any(axis=1))
        assert differs.size == 0, (
            f"{scenario.name}: costs differ first at tick {differs[0]}: {costs[differs[0]]}, "
            f"predicted {predicted[differs[0]]}"
        )
