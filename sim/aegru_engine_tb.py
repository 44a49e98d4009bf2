"""What only the engine has: registers, images, resets in every phase, flags."""

import zlib

import cocotb
import numpy as np
from aegru_map import (
    BUSY_HIGH,
    BUSY_LOW,
    CHANNELS,
    CONTROL,
    CONTROL_ENABLE,
    IDENTIFICATION,
    LOAD_BEGIN,
    LOAD_DATA,
    PERIOD,
    REFUSED,
    STATUS,
    STATUS_CRC_ERROR,
    STATUS_IMAGE_VALID,
    STATUS_MISFIT,
    STATUS_MISSING,
    STATUS_OVERRUN,
    STATUS_REFUSED,
    STATUS_RUNNING,
    TICKS,
    VERSION,
)
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import VECTORS, EngineTB, Scenario

PLAYED = "recording"
HEADER_WORDS = 4
EMPTY_TICK = [0xFFFF]
MOMENTS = 12
"""Resets that are spread over one tick, besides those in the middle of its phases."""


@cocotb.test()
@cocotb.parametrize(hard=[False, True])
async def reset_in_every_phase(dut, hard):
    """After a reset in the middle of any phase the engine starts from silence."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    length = int(played.costs[1, 0])
    moments = [int(cycle) for cycle in VECTORS["phase_middles"]]
    moments += [length * index // MOMENTS for index in range(MOMENTS)]
    for moment in moments:
        await tb.send(played.packets[:2])
        await RisingEdge(dut.tick_done)
        await ClockCycles(dut.aclk, max(moment, 1))
        await (tb.hard_reset() if hard else tb.soft_reset())
        await tb.enable()
        await tb.check(played, 3)


@cocotb.test()
@cocotb.parametrize(hard=[False, True])
async def reset_while_starting(dut, hard):
    """A reset before the start-up state is reached starts it again."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    for cycles in (1, 7, 300):
        await (tb.hard_reset() if hard else tb.soft_reset())
        await tb.write(CONTROL, CONTROL_ENABLE)
        await ClockCycles(dut.aclk, cycles)
        await (tb.hard_reset() if hard else tb.soft_reset())
        await tb.enable()
        await tb.check(played, 3)


@cocotb.test()
@cocotb.parametrize(hard=[False, True])
async def reset_while_velocity_waits(dut, hard):
    """Of velocities that wait, a hard reset leaves none, a soft one the packet that is offered."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    tb.sink.pause = True
    await tb.send([EMPTY_TICK] * 8)
    await tb.wait_ticks(1)
    await ClockCycles(dut.aclk, 3 * int(played.costs[:, 0].max()))
    assert await tb.read(TICKS) == 1, "the output did not stall the engine"
    await (tb.hard_reset() if hard else tb.soft_reset())
    tb.sink.pause = False
    if not hard:
        silent = Scenario("silence").velocity[0]
        assert (await tb.velocities(1) == silent).all()
    await tb.enable()
    await tb.check(played, 5)


@cocotb.test()
async def soft_reset_within_a_packet(dut):
    """A soft reset between the two words of a velocity leaves the second one, with TLAST."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.send(played.packets[:2])
    tb.push_back(10)
    await RisingEdge(dut.m_axis_tlast)
    tb.sink.clear_pause_generator()
    tb.sink.pause = True
    await ClockCycles(dut.aclk, 30)
    await tb.soft_reset()
    await ClockCycles(dut.aclk, 20)
    assert dut.m_axis_tvalid.value
    assert dut.m_axis_tlast.value
    assert dut.m_axis_tdata.value.to_signed() == played.velocity[0, 1]
    tb.sink.pause = False
    await tb.velocities(1)
    await ClockCycles(dut.aclk, 5)
    assert not dut.m_axis_tvalid.value
    await tb.enable()
    await tb.check(played, 3)


@cocotb.test(timeout_time=50, timeout_unit="ms")
@cocotb.parametrize(first=["address", "data", "both"])
async def address_and_data_in_any_order(dut, first):
    """A write's address waits for no data and the data for no address; ready comes first."""
    tb = EngineTB(dut)
    await tb.start()
    await ClockCycles(dut.aclk, 5)
    tb.registers.write_if.aw_channel.pause = tb.registers.write_if.w_channel.pause = True
    for ready in (dut.s_axil_awready, dut.s_axil_wready, dut.s_axil_arready):
        assert ready.value
    write = cocotb.start_soon(tb.write(PERIOD, 77))
    channels = {"address": "aw_channel", "data": "w_channel"}
    for name in [first] if first in channels else []:
        getattr(tb.registers.write_if, channels[name]).pause = False
        await ClockCycles(dut.aclk, 10)
        assert not (dut.s_axil_awready if name == "address" else dut.s_axil_wready).value
        assert not dut.s_axil_bvalid.value
        assert await tb.read(PERIOD) == 0
    for channel in channels.values():
        getattr(tb.registers.write_if, channel).pause = False
    await write
    assert await tb.read(PERIOD) == 77
    await tb.write(PERIOD, 0)


@cocotb.test()
async def snapshot(dut):
    """The high word of a total is of the cycle in which its low word was read."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    counters = dut.i_control.gen_totals.i_counters.counters
    counters[0].value, counters[1].value = 0xFFFF_FFFF, 1
    await ClockCycles(dut.aclk, 2)
    assert await tb.read(BUSY_LOW) == 0xFFFF_FFFF
    await tb.send(played.packets[:1])
    await tb.wait_ticks(1)
    assert await tb.read(BUSY_HIGH) == 1
    assert await tb.read(BUSY_LOW) == int(played.costs[0, 0]) - 1
    assert await tb.read(BUSY_HIGH) == 2


@cocotb.test()
async def refused_event(dut):
    """A refused event raises its flag."""
    tb = EngineTB(dut)
    await tb.start()
    assert not await tb.read(STATUS) & STATUS_REFUSED
    await tb.send([[int(VECTORS["image.channels"])]])
    await tb.velocities(1)
    assert await tb.read(STATUS) & STATUS_REFUSED


@cocotb.test()
async def read_among_refused_events(dut):
    """A counter can be read while every cycle brings an event that is refused."""
    tb, events = EngineTB(dut), 1000
    await tb.start()
    await tb.send([[int(VECTORS["image.channels"])] * events])
    await ClockCycles(dut.aclk, 50)
    assert 0 < await tb.read(REFUSED) < events
    await tb.velocities(1)
    await ClockCycles(dut.aclk, 50)
    assert await tb.read(REFUSED) == events


@cocotb.test()
async def overrun(dut):
    """A tick longer than the tick period raises the flag, a shorter one does not."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.write(PERIOD, int(played.costs[:2, 0].max()))
    await tb.check(played, 2)
    assert not await tb.read(STATUS) & STATUS_OVERRUN
    await tb.write(PERIOD, 10)
    await tb.send([EMPTY_TICK])
    await tb.velocities(1)
    await tb.wait_ticks(3)
    assert await tb.read(STATUS) & STATUS_OVERRUN


@cocotb.test()
async def damaged_image(dut):
    """An image whose CRC does not match is not run; nothing is accepted until a sound one is."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.hard_reset()
    await tb.load("image", damage=1)
    await tb.write(CONTROL, CONTROL_ENABLE)
    await ClockCycles(dut.aclk, 100)
    status = await tb.read(STATUS)
    assert status & STATUS_CRC_ERROR
    assert not status & (STATUS_IMAGE_VALID | STATUS_RUNNING)
    assert int(dut.s_axis_tready.value) == 0
    await tb.load("image")
    await tb.enable()
    await tb.check(played, 3)


@cocotb.test()
async def reset_forgets_an_image(dut):
    """After a hard reset no image is valid but one that was compiled in and not loaded over."""
    tb = EngineTB(dut)
    for interrupted in (False, True):
        await tb.hard_reset()
        await tb.load("image")
        assert await tb.read(STATUS) == STATUS_IMAGE_VALID
        if interrupted:
            await tb.write(LOAD_BEGIN, 0)
        await tb.hard_reset()
        assert await tb.read(STATUS) == 0
        assert await tb.read(CONTROL) == 0
        await tb.write(LOAD_DATA, 0)  # not loading any more
        assert await tb.read(STATUS) == 0


@cocotb.test()
async def image_of_another_engine(dut):
    """An image for other lanes is refused, and one that begins with another memory."""
    tb = EngineTB(dut)
    for index, change, refused in ((0, 1, STATUS_MISFIT), (HEADER_WORDS, 1 << 24, STATUS_MISSING)):
        await tb.hard_reset()
        words = VECTORS["image.words"].tolist()
        words[index] += change
        await tb.load_words(words[: HEADER_WORDS + 2])
        assert await tb.read(STATUS) == refused


@cocotb.test()
async def other_formats(dut):
    """Where formats are wired in, an image of other ones is refused, and says so."""
    tb = EngineTB(dut)
    await tb.hard_reset()
    words = VECTORS["image.words"].tolist()
    words[HEADER_WORDS + 1] ^= 1  # the last one of the configuration: bits of the candidate's table
    words[-1] = zlib.crc32(np.array(words[:-1], dtype="<u4").tobytes())
    await tb.load_words(words)
    fixed = int(dut.FixedConfig.value) != 0
    assert await tb.read(STATUS) == (STATUS_MISFIT if fixed else STATUS_IMAGE_VALID)


@cocotb.test()
async def second_decoder(dut):
    """Another decoder is loaded while the engine runs, and then the first one again."""
    tb, first, second = EngineTB(dut), Scenario(PLAYED), Scenario("second")
    await tb.start()
    await tb.check(first, 3)
    for name, played in (("second", second), ("image", first)):
        await tb.write(CONTROL, 0)
        await tb.load(name)
        await tb.soft_reset()
        await tb.enable()
        assert await tb.read(CHANNELS) == int(VECTORS[f"{name}.channels"])
        await tb.check(played)


@cocotb.test()
async def registers(dut):
    """Every register reads as the engine is built and loaded; unknown addresses read zero."""
    tb = EngineTB(dut)
    await tb.start()
    assert await tb.read(IDENTIFICATION) == int.from_bytes(b"AEGR", "big")
    assert await tb.read(VERSION) == 0x40000
    assert await tb.read(CONTROL) == CONTROL_ENABLE
    assert await tb.read(STATUS) == STATUS_IMAGE_VALID | STATUS_RUNNING
    read = [await tb.read(address) for address in range(0x10, 0x40, 4)]
    assert read == VECTORS["registers"].tolist()
    for address in range(0x40, 0x88, 4):
        assert await tb.read(address) == 0
    assert await tb.read(0xF0) == 0
    await tb.write(PERIOD, 1234)
    assert await tb.read(PERIOD) == 1234
