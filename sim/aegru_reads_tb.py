"""The words that lanes read: those of the cost model, so that a lane at rest reads none."""

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge
from testbench import VECTORS, EngineTB, Scenario

PLAYED = "recording"
MEMORIES = ("schedule", "directory", "operands", "encoder", "input", "recurrent")


def lane_memories(lane):
    """Return the memories of a lane, in the order of MEMORIES."""
    gates = [lane.gen_product[g] for g in range(int(lane.GatesAtOnce.value))]
    return [
        *([lane.i_schedule], [lane.i_directory], [lane.i_operands], [lane.i_latents]),
        [gate.i_input_product for gate in gates],
        [gate.i_recurrent_product for gate in gates],
    ]


@cocotb.test()
async def reads_are_those_of_the_cost_model(dut):
    """Of each memory in all lanes together, from the start of a tick to that of the next."""
    tb, played = EngineTB(dut), Scenario(PLAYED)
    await tb.start()
    lanes = [lane_memories(dut.gen_lane[p].i_lane) for p in range(int(dut.Lanes.value))]
    enables = [
        [memory.read_i for lane in lanes for memory in lane[index]]
        for index in range(len(MEMORIES))
    ]
    counted = []

    async def count():
        while True:
            await RisingEdge(dut.aclk)
            if dut.tick_start.value:
                counted.append([0] * len(MEMORIES))
            if counted:
                for index, of_memory in enumerate(enables):
                    counted[-1][index] += sum(int(enable.value) for enable in of_memory)

    counting = cocotb.start_soon(count())
    await tb.check(played)
    counting.cancel()
    expected = VECTORS[f"{PLAYED}.reads"]
    differs = np.argwhere(np.array(counted) != expected)
    assert not differs.size, [
        f"tick {tick}, {MEMORIES[index]}: {counted[tick][index]} reads, "
        f"expected {expected[tick, index]}"
        for tick, index in differs[:3]
    ]
