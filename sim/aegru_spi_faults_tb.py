"""The SPI board top where the bus misbehaves: broken off, too fast, glitches, events without room.

Whatever happens, no wrong velocity is accepted: a tick is right, or its host sees that it is not.
"""

import random

import cocotb
import numpy as np
from aegru_map import CONTROL, CONTROL_ENABLE, TICKS
from aegru_spi_frames import (
    DAMAGED,
    FRAME,
    FRAME_REFUSED,
    READY,
    VELOCITY,
    VELOCITY_WAITS,
    WRITE,
    event_frame,
    with_crc,
)
from cocotb.triggers import ClockCycles, Timer
from spi_testbench import SpiTB
from testbench import Scenario

CLOCK_PS = 10_000
PHASES = range(500, CLOCK_PS, 1000)
"""Where in a clock period the edges of SCK lie, in picoseconds: never on an edge of the clock."""
EIGHTH_PS = 4 * CLOCK_PS
"""Half of the shortest period of SCK that is allowed."""
TOO_FAST = (320, 280, 240, 200, 160, 120, 80, 40)
"""Half periods of SCK in hundredths of a clock."""
WAIT = 3000
"""Clock cycles in which any velocity is there."""


class PinTB(SpiTB):
    """A master whose edges lie anywhere in a clock period, and that may be disturbed.

    half: half a period of SCK in picoseconds. disturb: called with the number of each bit after its
    rising edge.
    """

    half = EIGHTH_PS
    disturb = None

    async def transfer(self, sent, bits=None):
        """Exchange bytes, or their first bits, in one transaction; return whole bytes that came."""
        self.dut.cs_ni.value = 0
        await Timer(max(2 * self.half, 4 * CLOCK_PS), "ps")
        received = []
        for bit in range(8 * len(sent) if bits is None else bits):
            self.dut.mosi_i.value = sent[bit // 8] >> (7 - bit % 8) & 1
            await Timer(self.half, "ps")
            received.append(int(self.dut.miso.value))
            self.dut.sck_i.value = 1
            if self.disturb is not None:
                await self.disturb(bit)
            await Timer(self.half, "ps")
            self.dut.sck_i.value = 0
        await Timer(self.half, "ps")
        self.dut.cs_ni.value = 1
        await Timer(max(2 * self.half, 4 * CLOCK_PS), "ps")
        whole = np.array(received[: len(received) // 8 * 8], dtype=np.uint8)
        return np.packbits(whole).tobytes()

    async def phase(self, picoseconds):
        """Move the edges to a place in the clock period."""
        await ClockCycles(self.dut.clk_i, 1)
        await Timer(picoseconds, "ps")

    async def attempt(self, channels, velocity):
        """Try a tick as a host does; return True where it was right, False where it saw a fault.

        Fails where a velocity is accepted that is not `velocity`.
        """
        await self.transfer(event_frame(self.ticks, channels))
        for _ in range(WAIT // 100):
            if self.dut.velocity_waits_o.value:
                break
            await ClockCycles(self.dut.clk_i, 100)
        frame = await self.velocity()
        if frame != with_crc(frame[:-1]) or frame[0] != self.ticks & 0xFF:
            return False
        found = np.frombuffer(frame[1:-1], dtype=">i4")
        assert (found == velocity).all(), f"tick {self.ticks}: {found} was accepted"
        self.ticks += 1
        return True


async def running(dut):
    """Return a bench whose engine starts from silence."""
    tb = PinTB(dut)
    await tb.start()
    await tb.reset()
    return tb, Scenario("recording")


@cocotb.test()
async def events_broken_off_at_every_bit(dut):
    """Of a frame that ends at any bit, no tick is closed; what went on is told."""
    tb, played = await running(dut)
    frame = event_frame(0, [3, 5])
    for bits in range(1, 8 * len(frame)):
        await tb.transfer(frame, bits)
        status = await tb.status()
        # From the command on it is a frame; its first event goes on with the fourth byte.
        expected = (FRAME_REFUSED if bits >= 8 else 0) | (DAMAGED if bits >= 32 else 0)
        assert status == expected | (0 if status & DAMAGED else READY), f"{bits} bits: {status}"
        if status & DAMAGED:
            await tb.reset()
    assert await tb.read(TICKS) == 0
    await tb.check(played, 2)


@cocotb.test()
async def velocity_broken_off_at_every_bit(dut):
    """A velocity whose frame ends at any bit waits, whole, for the next frame."""
    tb, played = await running(dut)
    await tb.transfer(event_frame(0, played.packets[0]))
    await tb.closed()
    command = [VELOCITY, *bytes(1 + FRAME)]
    for bits in range(1, 8 * len(command)):
        await tb.transfer(command, bits)
        assert await tb.status() & VELOCITY_WAITS, f"{bits} bits"
    frame = await tb.velocity()
    assert frame == with_crc(frame[:-1])
    assert (np.frombuffer(frame[1:-1], dtype=">i4") == played.velocity[0]).all()
    assert not await tb.status() & VELOCITY_WAITS


@cocotb.test()
async def write_broken_off_at_every_bit(dut):
    """A register is written with the last bit of its word, and not before."""
    tb, played = await running(dut)
    command = [WRITE, CONTROL, 0, 0, 0, 0]
    for bits in range(1, 8 * len(command)):
        await tb.transfer(command, bits)
        assert await tb.read(CONTROL) == CONTROL_ENABLE, f"{bits} bits"
    await tb.check(played, 2)
    await tb.transfer(command)
    assert await tb.read(CONTROL) == 0


@cocotb.test()
@cocotb.parametrize(half=[EIGHTH_PS, EIGHTH_PS * 10 // 11])
async def every_phase(dut, half):
    """With SCK at an eighth of the clock, and a tenth faster, ticks are right in every phase."""
    tb, played = await running(dut)
    tb.half = half
    for phase in PHASES:
        await tb.phase(phase)
        await tb.reset()
        await tb.check(played, 3)
        assert await tb.status() == READY


@cocotb.test()
async def too_fast(dut):
    """With SCK much too fast ticks are right or seen to be wrong; slow again, all is well."""
    tb, played = await running(dut)
    seen = set()
    for hundredths in TOO_FAST:
        for phase in PHASES:
            await tb.phase(phase)
            tb.half = hundredths * CLOCK_PS // 100
            for tick in range(2):
                right = await tb.attempt(played.packets[tick], played.velocity[tick])
                seen.add((hundredths, right))
                if not right:
                    break
            tb.half = EIGHTH_PS
            await tb.reset()
    await tb.check(played, 3)
    assert (TOO_FAST[0], False) not in seen, "a quarter too fast still works"
    assert (TOO_FAST[-1], True) not in seen, "the bench never goes too fast"


@cocotb.test()
@cocotb.parametrize(width=[3_000, CLOCK_PS, 2 * CLOCK_PS, 3 * CLOCK_PS])
async def chip_select_glitches(dut, width):
    """Chip select that ends or begins for a moment leaves a tick right or seen to be wrong."""
    tb, played = await running(dut)
    generator = random.Random(width)

    async def glitch(level):
        dut.cs_ni.value = level
        await Timer(width, "ps")
        dut.cs_ni.value = 1 - level

    for _ in range(10):  # between transfers
        await tb.phase(generator.randrange(500, CLOCK_PS, 1000))
        await glitch(0)
    await ClockCycles(dut.clk_i, 10)
    await tb.check(played, 1)
    outcomes = set()
    for at in range(0, 96, 5):  # within them
        await tb.reset()
        await tb.phase(generator.randrange(500, CLOCK_PS, 1000))

        async def disturb(bit, at=at):
            if bit == at:
                await glitch(1)

        tb.disturb = disturb
        outcomes.add(await tb.attempt(played.packets[0], played.velocity[0]))
        tb.disturb = None
    assert False in outcomes or width < CLOCK_PS, "no glitch was long enough to be seen"
    await tb.reset()
    await tb.check(played, 3)


@cocotb.test()
@cocotb.parametrize(width=[3_000, CLOCK_PS, 2 * CLOCK_PS])
async def clock_glitches(dut, width):
    """A pulse too many on SCK leaves a tick right or seen to be wrong."""
    tb, played = await running(dut)
    generator, outcomes = random.Random(width), set()
    for at in range(0, 96, 5):
        await tb.reset()
        await tb.phase(generator.randrange(500, CLOCK_PS, 1000))

        async def disturb(bit, at=at):
            if bit == at:
                for level in (0, 1):
                    await Timer(2 * CLOCK_PS, "ps")
                    dut.sck_i.value = level
                    await Timer(width, "ps")

        tb.disturb = disturb
        outcomes.add(await tb.attempt(played.packets[0], played.velocity[0]))
        tb.disturb = None
    assert False in outcomes or width < CLOCK_PS, "no pulse was long enough to be seen"
    await tb.reset()
    await tb.check(played, 3)


@cocotb.test()
async def events_without_room(dut):
    """More events than the engine holds while a velocity waits are told as lost, and no tick is."""
    tb, played = await running(dut)
    for tick in range(2):  # the second one waits for the first one's velocity to be taken
        await tb.transfer(event_frame(tick, played.packets[tick]))
    await tb.closed()
    assert not await tb.status() & (FRAME_REFUSED | DAMAGED)
    await tb.transfer(event_frame(2, [0] * 70))
    assert await tb.status() == VELOCITY_WAITS | FRAME_REFUSED | DAMAGED
    for tick in range(2):
        await tb.closed()
        frame = await tb.velocity()
        assert frame == with_crc(frame[:-1])
        assert (np.frombuffer(frame[1:-1], dtype=">i4") == played.velocity[tick]).all()
    await ClockCycles(dut.clk_i, WAIT)
    assert await tb.read(TICKS) == 2
    assert await tb.status() == DAMAGED
    await tb.reset()
    await tb.check(played, 3)
