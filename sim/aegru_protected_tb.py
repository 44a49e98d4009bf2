"""What only a protected engine does: it sees upsets, marks velocities, and is right again."""

import cocotb
import numpy as np
from aegru_map import (
    CONTROL,
    CONTROL_CLEAR,
    CONTROL_ENABLE,
    READ_BACK,
    READ_BACK_DATA,
    RING_DEPTH,
    STATUS,
    STATUS_UPSET,
    STEPS,
    WINDOW,
)
from cocotb.triggers import ClockCycles, RisingEdge
from testbench import VECTORS, EngineTB, Scenario

PLAYED = "recording"
EMPTY_TICK = [0xFFFF]
HEADER_WORDS, SELECT_READOUT = 4, 10
GATES = "i_cell.gen_gates.i_gates"

LOADED = {
    "i_window.i_feature_before": 1,
    "i_window.i_feature_after": 1,
    f"{GATES}.i_tanh": 3,
    "i_cell.i_rsqrt": 4,
    "i_cell.i_norm": 9,
    "i_cell.i_readout": SELECT_READOUT,
    "gen_lane[0].i_lane.i_schedule": 16,
    "gen_lane[0].i_lane.i_directory": 48,
}
PARALLEL = {
    f"{GATES}.i_sigmoid_reset": 2,
    f"{GATES}.i_sigmoid_update": 2,
    **{f"{GATES}.gen_bias[{i}].i_bias": 5 + i for i in range(4)},
}
SERIAL = {f"{GATES}.i_sigmoid": 2, f"{GATES}.i_bias": 5}
"""Memories that only loading writes, and their selects: of every engine, of one with all gates at
once, of another."""

RING = "i_ring.i_ring"
LIVING = (
    *("i_window.i_spikes", "i_window.i_history", "i_window.i_counts", RING),
    *("i_changes.i_latents", "i_changes.i_past"),
    "gen_lane[0].i_lane.gen_product[0].i_input_product",
    "gen_lane[0].i_lane.gen_product[0].i_recurrent_product",
)
"""Memories that ticks write."""
CONFIG_WORDS, READOUT_BIAS = 64, 29


def part(dut, path):
    """Return what a path names; a generate block has its number in brackets."""
    for name in path.split("."):
        name, _, number = name.partition("[")
        dut = getattr(dut, name)
        if number:
            dut = dut[int(number.rstrip("]"))]
    return dut


def loaded(select):
    """Return the words of a memory in the image."""
    words = VECTORS["image.words"].tolist()
    at = HEADER_WORDS
    while words[at] >> 24 != select:
        at += (words[at] & 0xFFFF) + 2
    return words[at + 1 : at + 2 + (words[at] & 0xFFFF)][::-1]


def flip(words, count=None):
    """Flip the lowest bit of the first words of a memory, or of all."""
    for index in range(len(words) if count is None else count):
        words[index].value = int(words[index].value) ^ 1


class ProtectedTB(EngineTB):
    """Velocities with their marks."""

    async def start(self):
        await super().start()
        window, steps = await self.read(WINDOW), await self.read(STEPS)
        self.recovery = window * (steps + 3)
        self.silent = Scenario("silence").velocity[0]

    async def marked(self, ticks):
        """Return velocities (T, 2) and whether each is marked, both words alike."""
        frames = [await self.sink.recv() for _ in range(ticks)]
        velocity = [np.frombuffer(bytes(frame.tdata), dtype="<i4") for frame in frames]
        marks = [np.ravel(frame.tuser) for frame in frames]
        assert all((mark == mark[0]).all() for mark in marks)
        return np.array(velocity), np.array([bool(mark[0]) for mark in marks])

    async def plays_right(self, played, ticks):
        await self.send(played.packets[:ticks])
        velocity, marks = await self.marked(ticks)
        assert (velocity == played.velocity[:ticks]).all()
        assert not marks.any()

    async def is_seen(self, played, first):
        """Play on from tick `first`, and silence: no wrong velocity without a mark, one marked."""
        packets = [*played.packets[first:], *[EMPTY_TICK] * self.recovery]
        await self.send(packets)
        velocity, marks = await self.marked(len(packets))
        known = len(played.packets) - first
        wrong = (velocity[:known] != played.velocity[first:]).any(axis=1)
        assert marks[:known][wrong].all()
        assert marks.any()
        assert await self.read(STATUS) & STATUS_UPSET
        return velocity, marks


@cocotb.test()
async def nothing_is_marked(dut):
    """Without an upset no velocity is marked, over many rebuilds."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.plays_right(played, len(played.packets))
    assert not await tb.read(STATUS) & STATUS_UPSET


@cocotb.test()
async def upset_of_what_is_loaded(dut):
    """A wrong word of a table or schedule marks velocities until the image is loaded again."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    serial = int(VECTORS["registers"][0]) <= 2
    for path, select in (LOADED | (SERIAL if serial else PARALLEL)).items():
        await tb.plays_right(played, 2)
        flip(part(dut, path).words, len(loaded(select)))
        await tb.is_seen(played, 2)
        await tb.load("image")
        await tb.enable()
        assert not await tb.read(STATUS) & STATUS_UPSET, path


@cocotb.test()
async def upset_of_the_last_word_that_a_velocity_needs(dut):
    """The first velocity that it makes wrong is marked already."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.plays_right(played, 2)
    word = part(dut, "i_cell.i_readout").words[len(loaded(SELECT_READOUT)) - 1]
    word.value = int(word.value) ^ 1
    _, marks = await tb.is_seen(played, 2)
    assert marks.all()
    await tb.load("image")


@cocotb.test()
async def upset_of_what_lives_on(dut):
    """What an upset leaves in a memory that ticks write is gone after some windows."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    for path in LIVING:
        await tb.plays_right(played, 3)
        # Above the ring's slots lie the states of silence. Above the channels' spikes lies a word
        # that no tick writes; one without a spike reads it, and nobody takes it.
        count = await tb.read(RING_DEPTH) if path == RING else None
        flip(part(dut, path).words, count)
        velocity, marks = await tb.is_seen(played, 3)
        assert not marks[-1], path
        assert (velocity[-1] == tb.silent).all(), path
        await tb.write(CONTROL, CONTROL_ENABLE | CONTROL_CLEAR)
        assert not await tb.read(STATUS) & STATUS_UPSET
        await tb.soft_reset()
        await tb.enable()


@cocotb.test()
async def upset_of_an_event(dut):
    """An event that waits and is changed is seen as it leaves the FIFO."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.send([[*[0] * 3, 0xFFFF], [0, 0, 0xFFFF]])
    await RisingEdge(dut.tick_start)
    await ClockCycles(dut.aclk, 8)
    flip(dut.i_events.memory)
    await tb.marked(2)
    await tb.is_seen(played, 0)


@cocotb.test()
async def upset_of_the_configuration(dut):
    """A changed word of the configuration is seen without being read."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    for bit in (0, 31):
        word = dut.i_control.config_q[READOUT_BIAS]  # no format
        word.value = int(word.value) ^ 1 << bit
        await tb.is_seen(played, 0)
        await tb.load("image")
        await tb.enable()
        await tb.plays_right(played, 3)
        await tb.soft_reset()
        await tb.enable()


@cocotb.test()
async def upset_of_any_word_of_the_configuration(dut):
    """But those that are wired in, all of one kind: their register says nothing then."""
    tb = ProtectedTB(dut)
    await tb.start()
    unseen = []
    for index in range(CONFIG_WORDS):
        word = dut.i_control.config_q[index]
        right = int(word.value)
        word.value = right ^ 1
        await ClockCycles(dut.aclk, 8)
        if not await tb.read(STATUS) & STATUS_UPSET:
            unseen.append(index)
        word.value = right
        await ClockCycles(dut.aclk, 8)
        await tb.soft_reset()
        assert not await tb.read(STATUS) & STATUS_UPSET
        await tb.enable()
    assert bool(unseen) == bool(dut.i_control.IsFixed.value), unseen
    assert READOUT_BIAS not in unseen


@cocotb.test()
async def stalled_tick(dut):
    """A tick that would never end is ended with a marked velocity, and all is right again."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.plays_right(played, 3)
    await tb.send(played.packets[3:4])
    await RisingEdge(dut.tick_start)
    dut.gen_lane[0].i_lane.held_q.value = 2
    _, marks = await tb.marked(1)
    assert marks.all()
    assert await tb.read(STATUS) & STATUS_UPSET
    await tb.send([EMPTY_TICK] * tb.recovery)
    velocity, marks = await tb.marked(tb.recovery)
    assert marks[0]
    assert not marks[-1]
    assert (velocity[-1] == tb.silent).all()
    await tb.soft_reset()
    await tb.enable()
    await tb.plays_right(played, 5)


@cocotb.test()
async def read_back(dut):
    """The readout's words are those of the image, whatever is worked on when they are asked for."""
    tb, played = ProtectedTB(dut), Scenario(PLAYED)
    await tb.start()
    await tb.send(played.packets[:1])
    await tb.source.wait()
    for index, word in enumerate(loaded(SELECT_READOUT)):
        await tb.write(READ_BACK, SELECT_READOUT << 24 | index)
        assert await tb.read(READ_BACK_DATA) == word
        assert await tb.read(CONTROL) == 0
    await tb.enable()
    await tb.plays_right(played, 3)
