"""The SPI board top at the level of its pins: image, registers, and ticks that keep their place."""

import cocotb
import numpy as np
from aegru_map import (
    CONTROL,
    CONTROL_ENABLE,
    CONTROL_SOFT_RESET,
    IDENTIFICATION,
    STATUS,
    STATUS_BUSY,
    STATUS_IMAGE_VALID,
    STATUS_REFUSED,
    STATUS_RUNNING,
    TICKS,
)
from aegru_spi_frames import (
    DAMAGED,
    FRAME,
    FRAME_REFUSED,
    NO_SPIKE,
    READY,
    VELOCITY,
    VELOCITY_WAITS,
    crc8,
    event_frame,
    with_crc,
)
from cocotb.triggers import ClockCycles
from spi_testbench import SpiTB, running
from testbench import Scenario


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
