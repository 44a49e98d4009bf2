"""The words that the lanes' memories are read for in a tick, besides loading and start-up."""

from aegru_hw.fixedpoint.decoder import GATES, Geometry
from aegru_hw.fixedpoint.types import Codes
from aegru_hw.rtl.cycles import TickCosts
from aegru_hw.rtl.lanes import gates_are_serial


def lane_reads(geometry: Geometry, costs: TickCosts) -> dict[str, Codes]:
    """Return the words that all lanes together read in each tick, (T,), by memory.

    The memories of rtl/aegru_lane.sv: `schedule` and `directory`, `operands`, and the accumulators
    `encoder`, `input` and `recurrent`. A lane at rest reads none: sim/aegru_reads_tb.py counts.
    """
    columns = costs.changed_channels + costs.changed_latents + costs.changed_units
    # N cells are shown every product; with few lanes the recurrent candidate has its own cycle.
    products = geometry.steps * geometry.hidden * (GATES + int(gates_are_serial(costs.lanes)))
    return {
        "schedule": costs.words,
        "directory": costs.lanes * columns,
        "operands": costs.lane_macs,
        "encoder": costs.encoder + geometry.latent,
        "input": costs.input + products,
        "recurrent": costs.recurrent + products,
    }
