"""Streams of events through the engine, or through the firmware behind the same ports.

Velocities on every tick; of the engine also every named tensor and every counter.
"""

import os

import cocotb
from aegru_map import (
    BUSY_LOW,
    ENCODER_MACS_LOW,
    REFUSED,
    SATURATIONS,
)
from testbench import EngineTB, Scenario, StreamTB

ENGINE = os.environ["AEGRU_DUT"] == "rtl"
SCENARIOS = os.environ["AEGRU_SCENARIOS"].split(",")
STALLED_CYCLES = 1500
"""The sink takes a word in as many cycles: a tick waits for its velocity to leave."""


def bench(dut):
    return EngineTB(dut) if ENGINE else StreamTB(dut)


@cocotb.test()
@cocotb.parametrize(scenario=SCENARIOS, idle=[False, True], back_pressure=[False, True])
async def stream(dut, scenario, idle, back_pressure):
    """A scenario from the start-up state, crossed with source idles and sink back-pressure."""
    tb, played = bench(dut), Scenario(scenario)
    await tb.start()
    if idle:
        tb.idle(seed=1)
    if back_pressure:
        tb.push_back(STALLED_CYCLES)
    await tb.check(played)
    if back_pressure:
        assert tb.stalls > 0, "the sink never stalled"
    if ENGINE:
        expected = played.costs.sum(axis=0)
        assert await tb.read(BUSY_LOW) == expected[0]
        for matrix in range(4):
            assert await tb.read(ENCODER_MACS_LOW + 8 * matrix) == expected[2 + matrix]
        assert await tb.read(SATURATIONS) == expected[6]
        assert await tb.read(REFUSED) == 0


@cocotb.test()
async def reset_between_streams(dut):
    """A hard reset leaves the start-up state: silence for ever."""
    tb, played = bench(dut), Scenario(SCENARIOS[0])
    await tb.start()
    await tb.check(played, 5)
    await tb.start()
    await tb.check(played)


@cocotb.test()
async def bad_index(dut):
    """A channel that the decoder does not have changes nothing; the engine counts it."""
    tb, played = bench(dut), Scenario(SCENARIOS[0])
    await tb.start()
    channels = int(os.environ["AEGRU_CHANNELS"])
    played.packets[1] = [channels, 0xFFFE, *played.packets[1]]
    await tb.check(played, 4)
    if ENGINE:
        assert await tb.read(REFUSED) == 2
