"""The register bus at its pins: each channel at its own pace, noise where nothing is valid."""

import os
import random

import cocotb
from aegru_map import (
    CONTROL,
    CONTROL_ENABLE,
    IDENTIFICATION,
    LANES,
    PERIOD,
    STATUS,
    STATUS_IMAGE_VALID,
    STATUS_RUNNING,
    VERSION,
)
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge, with_timeout
from testbench import VECTORS

TRANSFERS = 60
PERIOD_BITS = 24
WALK = 60
"""Cycles in which the counters are cleared, and what was due is written."""
KNOWN = {IDENTIFICATION: int.from_bytes(b"AEGR", "big"), VERSION: 0x40000}
SLOWNESS = [(0, 0, 0), (9, 0, 0), (0, 9, 0), (0, 0, 9), (5, 5, 5)]
"""Most cycles that address, data and response wait for nothing."""


class BusTB:
    """An AXI4-Lite master that lets each channel wait as it likes."""

    def __init__(self, dut, seed):
        self.dut, self.random = dut, random.Random(seed)
        for name in ("awvalid", "wvalid", "bready", "arvalid", "rready"):
            self.pin(name).value = 0
        dut.s_axis_tvalid.value, dut.m_axis_tready.value = 0, 0
        Clock(dut.aclk, 10, unit="ns").start()

    def pin(self, name):
        return getattr(self.dut, f"s_axil_{name}")

    async def reset(self):
        self.dut.aresetn.value = 0
        await ClockCycles(self.dut.aclk, 4)
        self.dut.aresetn.value = 1
        await ClockCycles(self.dut.aclk, 1)

    async def wait(self, most):
        for _ in range(self.random.randint(0, most)):
            await RisingEdge(self.dut.aclk)

    async def request(self, channel, payload, value, most):
        """Offer one value after some cycles of noise, until it is taken."""
        data, valid, ready = map(self.pin, (payload, f"{channel}valid", f"{channel}ready"))
        for _ in range(self.random.randint(0, most)):
            data.value = self.random.getrandbits(len(data))
            await RisingEdge(self.dut.aclk)
        data.value, valid.value = value, 1
        await self.taken(ready)
        valid.value = 0
        data.value = self.random.getrandbits(len(data))

    async def response(self, channel, most):
        """Take one response after some cycles; check that it waits until then, and comes once."""
        valid, ready = self.pin(f"{channel}valid"), self.pin(f"{channel}ready")
        while not valid.value:
            await RisingEdge(self.dut.aclk)
        value = self.pin("rdata").value
        for _ in range(self.random.randint(0, most)):
            await RisingEdge(self.dut.aclk)
            assert valid.value, f"{channel} did not wait"
            if channel == "r":
                assert self.pin("rdata").value == value
        ready.value = 1
        await RisingEdge(self.dut.aclk)
        ready.value = 0
        await ReadOnly()
        assert not valid.value, f"{channel} came twice"
        await RisingEdge(self.dut.aclk)
        return value

    async def taken(self, ready):
        while True:
            await ReadOnly()
            took = bool(ready.value)
            await RisingEdge(self.dut.aclk)
            if took:
                return

    async def write(self, address, value, slowness=(0, 0, 0)):
        parts = [
            cocotb.start_soon(self.request("aw", "awaddr", address, slowness[0])),
            cocotb.start_soon(self.request("w", "wdata", value, slowness[1])),
            cocotb.start_soon(self.response("b", slowness[2])),
        ]
        for part in parts:
            await with_timeout(part, 100, "us")

    async def read(self, address, slowness=(0, 0, 0)):
        asks = cocotb.start_soon(self.request("ar", "araddr", address, slowness[0]))
        value = await with_timeout(cocotb.start_soon(self.response("r", slowness[2])), 100, "us")
        await asks
        return value.to_unsigned()


@cocotb.test()
async def image_of_the_bitstream(dut):
    """Before anything is loaded an image is valid where it was compiled in, and enabled."""
    tb = BusTB(dut, 0)
    compiled_in = bool(int(os.environ["AEGRU_COMPILED_IN"]))
    for _ in range(2):
        await tb.reset()
        valid = await tb.read(STATUS) & STATUS_IMAGE_VALID
        assert valid == (STATUS_IMAGE_VALID if compiled_in else 0)
        assert await tb.read(CONTROL) == (CONTROL_ENABLE if compiled_in else 0)


@cocotb.test()
@cocotb.parametrize(slowness=SLOWNESS)
async def every_pace(dut, slowness):
    """What is written is read, whichever channel waits, and whatever lies on those that do not."""
    tb = BusTB(dut, sum(slowness))
    await tb.reset()
    for _ in range(TRANSFERS):
        value = tb.random.getrandbits(PERIOD_BITS)
        await tb.write(PERIOD, value, slowness)
        assert await tb.read(PERIOD, slowness) == value
        address = tb.random.choice([*KNOWN, LANES])
        assert await tb.read(address, slowness) == KNOWN.get(address, VECTORS["registers"][0])


@cocotb.test()
async def reads_beside_writes(dut):
    """Reads and writes do not disturb each other."""
    tb = BusTB(dut, 1)
    await tb.reset()

    async def reads():
        for _ in range(TRANSFERS):
            for address, value in KNOWN.items():
                assert await tb.read(address, (3, 0, 3)) == value

    beside = cocotb.start_soon(reads())
    for _ in range(TRANSFERS):
        value = tb.random.getrandbits(PERIOD_BITS)
        await tb.write(PERIOD, value, (2, 2, 2))
    await beside
    assert await tb.read(PERIOD) == value


@cocotb.test()
async def no_response_without_a_request(dut):
    """READY of the responses may be high at any time, and noise on the channels is no request."""
    tb = BusTB(dut, 2)
    await tb.reset()
    await tb.write(PERIOD, 5)
    tb.pin("bready").value = tb.pin("rready").value = 1
    for _ in range(40):
        for name in ("awaddr", "wdata", "araddr"):
            tb.pin(name).value = tb.random.getrandbits(len(tb.pin(name)))
        await RisingEdge(dut.aclk)
        assert not tb.pin("bvalid").value
        assert not tb.pin("rvalid").value
    tb.pin("bready").value = tb.pin("rready").value = 0
    assert await tb.read(PERIOD) == 5


@cocotb.test()
@cocotb.parametrize(channels=["aw", "w", "ar", "aw w", "aw w ar"])
async def reset_within_a_transfer(dut, channels):
    """After a hard reset in the middle of a transfer nothing of it is left."""
    tb = BusTB(dut, 3)
    await tb.reset()
    for cycles in range(4):
        payloads = {"aw": ("awaddr", CONTROL), "w": ("wdata", CONTROL_ENABLE), "ar": ("araddr", 0)}
        for channel in channels.split():
            payload, value = payloads[channel]
            await tb.request(channel, payload, value, 0)
        await ClockCycles(dut.aclk, cycles + 1)
        await tb.reset()
        for name in ("awready", "wready", "arready"):
            assert tb.pin(name).value, name
        for name in ("bvalid", "rvalid"):
            assert not tb.pin(name).value, name
        # Either image is valid from the bitstream and enabled, or none is.
        status, control = await tb.read(STATUS), await tb.read(CONTROL)
        assert status & ~STATUS_RUNNING == (STATUS_IMAGE_VALID if control else 0)
        await tb.write(PERIOD, 3 + cycles)
        assert await tb.read(PERIOD) == 3 + cycles


@cocotb.test()
async def reset_while_a_period_is_written(dut):
    """A hard reset forgets the tick period, also one that was on its way."""
    tb = BusTB(dut, 4)
    for cycles in range(1, 60, 2):
        await tb.reset()
        await tb.request("aw", "awaddr", PERIOD, 0)
        await tb.request("w", "wdata", 77, 0)
        await ClockCycles(dut.aclk, cycles)
        await tb.reset()
        await ClockCycles(dut.aclk, WALK)
        assert await tb.read(PERIOD) == 0, f"{cycles} cycles"
