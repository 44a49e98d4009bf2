"""The edges of the registers, the bus and the streams: guards that only an unusual order shows."""

import cocotb
import numpy as np
from aegru_map import (
    BUSY_HIGH,
    BUSY_LOW,
    CONTROL,
    CONTROL_CLEAR,
    CONTROL_ENABLE,
    CONTROL_SOFT_RESET,
    LAST_CYCLES,
    LAST_LATENCY,
    MAX_CYCLES,
    MAX_LATENCY,
    PERIOD,
    REFUSED,
    STATUS,
    STATUS_OVERRUN,
    STATUS_REFUSED,
    STATUS_RUNNING,
    STATUS_SATURATED,
    TICKS,
)
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import VECTORS, EngineTB, Scenario

PLAYED = "recording"
EMPTY_TICK = [0xFFFF]


async def started(dut):
    """Return a bench whose engine runs, and what it plays."""
    tb = EngineTB(dut)
    await tb.start()
    return tb, Scenario(PLAYED)


@cocotb.test()
async def clear_counters(dut):
    """The clear bit forgets counters and flags, and neither the tick period nor the state."""
    tb, played = await started(dut)
    await tb.write(PERIOD, 10)
    channels = int(VECTORS["image.channels"])
    packets = [[channels, *played.packets[0]], *played.packets[1:4]]
    await tb.send(packets[:2])
    first = await tb.velocities(2)
    await tb.wait_ticks(2)
    assert await tb.read(STATUS) & (STATUS_OVERRUN | STATUS_REFUSED)
    await tb.write(CONTROL, CONTROL_ENABLE | CONTROL_CLEAR)
    assert not await tb.read(STATUS) & (STATUS_OVERRUN | STATUS_REFUSED | STATUS_SATURATED)
    for address in (TICKS, BUSY_LOW, BUSY_HIGH, REFUSED, LAST_CYCLES, LAST_LATENCY, MAX_CYCLES):
        assert await tb.read(address) == 0, f"0x{address:02X}"
    assert await tb.read(PERIOD) == 10
    assert await tb.read(CONTROL) == CONTROL_ENABLE
    tb.costs.clear()
    await tb.send(packets[2:])
    velocity = np.concatenate([first, await tb.velocities(2)])
    assert (velocity == played.velocity[:4]).all()
    await tb.wait_ticks(2)
    assert await tb.read(BUSY_LOW) == played.costs[2:4, 0].sum()
    assert await tb.read(LAST_CYCLES) == played.costs[3, 0]
    await tb.write(PERIOD, 0)


@cocotb.test()
async def last_and_greatest(dut):
    """The registers of the last tick and of the longest one, after a longer tick and a shorter."""
    tb, played = await started(dut)
    await tb.check(played)
    assert [await tb.read(address) for address in (LAST_CYCLES, LAST_LATENCY)] == [
        *played.costs[-1, :2]
    ]
    assert [await tb.read(address) for address in (MAX_CYCLES, MAX_LATENCY)] == [
        *played.costs[:, :2].max(axis=0)
    ]


@cocotb.test()
async def high_words(dut):
    """A total passes 2^32: its high word counts on, and a total beside it does not."""
    tb, played = await started(dut)
    counters = dut.i_control.gen_totals.i_counters.counters
    for total in range(0, 10, 2):
        counters[total].value, counters[total + 1].value = 0xFFFF_FFFF, 7 + total
    await ClockCycles(dut.aclk, 2)
    await tb.send(played.packets[:1])
    await tb.velocities(1)
    await tb.wait_ticks(1)
    cost = played.costs[0, [0, 2, 3, 4, 5]]
    for total in range(5):
        low = await tb.read(BUSY_LOW + 8 * total)
        high = await tb.read(BUSY_HIGH + 8 * total)
        assert (high << 32) + low == ((7 + 2 * total) << 32) + 0xFFFF_FFFF + cost[total]


@cocotb.test()
async def disabled_in_mid_stream(dut):
    """Where enable is cleared the tick under way ends, no other begins, and nothing is lost."""
    tb, played = await started(dut)
    await tb.send(played.packets[:4])
    await RisingEdge(dut.tick_done)
    await tb.write(CONTROL, 0)
    await ClockCycles(dut.aclk, 3 * int(played.costs[:4, 0].max()))
    ticks = await tb.read(TICKS)
    assert 1 <= ticks <= 2
    await ClockCycles(dut.aclk, 3 * int(played.costs[:4, 0].max()))
    assert await tb.read(TICKS) == ticks
    assert await tb.read(STATUS) & STATUS_RUNNING
    await tb.write(CONTROL, CONTROL_ENABLE)
    assert (await tb.velocities(4) == played.velocity[:4]).all()
    await tb.wait_ticks(4)


@cocotb.test()
async def not_ready_in_a_soft_reset(dut):
    """No event is taken in the cycle of a soft reset, which would forget it."""
    tb, played = await started(dut)
    cocotb.start_soon(tb.write(CONTROL, CONTROL_ENABLE | CONTROL_SOFT_RESET))
    await RisingEdge(dut.soft_reset)
    assert not dut.s_axis_tready.value
    # Offered from that cycle on, the first event counts from silence.
    await tb.check(played, 3)


@cocotb.test()
async def refused_under_back_pressure(dut):
    """A refused event that waits for room is counted once, when it is taken."""
    tb, _ = await started(dut)
    tb.sink.pause = True
    channels = int(VECTORS["image.channels"])
    events = 200
    await tb.send([[0xFFFF], [0xFFFF], [channels] * events])
    await tb.wait_ticks(1)
    await ClockCycles(dut.aclk, 2 * events)
    assert not dut.s_axis_tready.value
    taken = await tb.read(REFUSED)
    assert 0 < taken < events
    await ClockCycles(dut.aclk, 100)
    assert await tb.read(REFUSED) == taken
    tb.sink.pause = False
    await tb.velocities(3)
    await tb.wait_ticks(3)
    assert await tb.read(REFUSED) == events
