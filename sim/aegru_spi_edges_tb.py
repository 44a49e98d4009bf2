"""The SPI board top from power-up on: its first cycles, and what is read too far.

The first test must be the first of a simulation: the reset on power-up comes once.
"""

import cocotb
from aegru_spi_frames import FRAME, event_frame, with_crc
from cocotb.triggers import ReadOnly, RisingEdge
from spi_testbench import SpiTB, running

RESET_CYCLES = 14
"""Behind the clock's first edge, which is at time 0."""
IN_A_ROW = 16
"""Bytes after which a count of a frame's bytes begins anew."""


@cocotb.test()
async def power_up(dut):
    """The first cycles are a reset, and no register is written or read before a command."""
    SpiTB(dut)
    for cycle in range(4 * RESET_CYCLES):
        await ReadOnly()
        assert bool(dut.rst_n.value) == (cycle >= RESET_CYCLES), f"cycle {cycle}"
        if cycle > 0:
            assert not dut.write_valid.value, f"cycle {cycle}"
            assert not dut.read_valid.value, f"cycle {cycle}"
        await RisingEdge(dut.clk_i)


@cocotb.test()
async def velocity_read_too_far(dut):
    """Behind a velocity's frame are zeros, however many bytes are read, and the next one stays."""
    tb, played = await running(dut)
    for tick in range(2):
        await tb.transfer(event_frame(tick, played.packets[tick]))
    await tb.closed()
    reply = await tb.velocity(FRAME + 3 * IN_A_ROW)
    assert reply[:FRAME] == with_crc(reply[: FRAME - 1])
    assert reply[FRAME:] == bytes(3 * IN_A_ROW)
    await tb.closed()
    second = await tb.velocity()
    assert second[0] == 1
    assert second == with_crc(second[:-1])
    assert list(second[1:-1]) == list(played.velocity[1].astype(">i4").tobytes())
