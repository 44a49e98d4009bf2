"""What the cost model says of the longest tick, as parameters of the harnesses.

The longest tick is the one in which every channel, latent and state changes, of a decoder without a
zero weight: in the recurrences of aegru_hw/rtl/cycles.py nothing that changes makes a tick shorter.
"""

import numpy as np

from aegru_hw.fixedpoint.changes import Changes
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.rtl.cycles import (
    CELL_OVERHEAD,
    NEXT_CELL,
    REST,
    TO_OFFER,
    Lanes,
    _cycles,
    scan_cycles,
    walk_cycles,
)
from aegru_hw.rtl.lanes import unit_cycles
from aegru_hw.rtl.schedule import Schedule


def dense_plan(geometry: Geometry, lanes: int) -> Schedule:
    """Return the lengths of all columns of a decoder without a zero weight, not its words."""

    def rows(units: int) -> list[int]:
        return [len(range(lane, units, lanes)) for lane in range(lanes)]

    columns = geometry.channels * [rows(geometry.latent)]
    columns += (geometry.latent + geometry.hidden) * [[3 * n for n in rows(geometry.hidden)]]
    length = np.array(columns, dtype=np.int64).T
    return Schedule(
        lanes=lanes,
        latent_units=np.arange(geometry.latent),
        hidden_units=np.arange(geometry.hidden),
        words=np.zeros((lanes, 0), dtype=np.uint32),
        start=np.zeros_like(length),
        length=length,
    )


def cell_bounds(lanes: int, hidden: int) -> dict[str, int]:
    """Return the parameters of the cell unit's harness for P lanes and H hidden units."""
    unit = unit_cycles(lanes)
    overhead, following = CELL_OVERHEAD[unit], NEXT_CELL[unit]
    return {"Lanes": lanes, "Hidden": hidden, "Overhead": overhead, "Next": following}


def sequencer_bounds(geometry: Geometry, lanes: int) -> dict[str, int]:
    """Return the harness's parameters for an engine of P lanes: longest answers, and the tick."""
    plan = dense_plan(geometry, lanes)
    unit, hidden, steps = unit_cycles(lanes), geometry.hidden, geometry.steps
    changes = Changes(
        np.ones((1, geometry.channels), dtype=bool),
        np.ones((1, geometry.latent), dtype=bool),
        np.ones((1, steps - 1, hidden), dtype=bool),
    )
    tick = {name: int(cycles[0]) for name, cycles in _cycles(geometry, plan, changes).items()}
    queues = Lanes(lanes, 1)
    scan = int(scan_cycles(queues, changes.channels, plan)[0])
    scan_rest = int(queues.rest()[0])
    begin = np.array([max(scan, scan_rest) + 1])
    walked = walk_cycles(queues, begin + TO_OFFER, changes.latents[:, None], plan.input_length)
    latents, latents_rest = int(walked[0]), int(queues.rest()[0])
    interval = unit * hidden + NEXT_CELL[unit]
    bounds = {
        "OnePort": int(unit != 1),
        "Hidden": hidden,
        "Steps": steps,
        "Window": geometry.window,
        "Scan": scan - 1,
        "ScanRest": scan_rest - REST - scan,
        "Latents": latents - int(begin[0]),
        "LatentsRest": latents_rest - REST - latents - 1,
        "Ready": interval - 1,
        "Past": max(hidden + 10 - interval - 1, 0),
        "Cell": 2 * unit * hidden + CELL_OVERHEAD[unit] - 1,
        "Tick": tick["cycles"],
    }
    if steps > 1:
        begin = np.array([tick["states_begin"]])
        walked = walk_cycles(queues, begin + TO_OFFER, changes.states, plan.recurrent_length)
        bounds["States"] = int((walked - begin)[0])
        bounds["StatesRest"] = int((queues.rest() - REST - walked - 1)[0])
    return bounds
