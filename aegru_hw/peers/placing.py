"""The rival on a device, by the tools and settings that the engine is placed with."""

import math
import tempfile
from pathlib import Path

from aegru_hw.baselines import BaselineScore
from aegru_hw.decoder.data import Dataset
from aegru_hw.executions.compare import differing_ticks
from aegru_hw.peers.logic import Form, Logic
from aegru_hw.peers.qgru import Qgru
from aegru_hw.peers.rows import NO, Abilities, PeerRow
from aegru_hw.peers.simulation import simulate
from aegru_hw.peers.verilog import Verilog
from aegru_hw.plain_folder import plain_folder
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.synthesis.flow import DoesNotFitError, synthesise
from aegru_hw.synthesis.resources import Resources
from aegru_hw.synthesis.targets import Target
from aegru_hw.synthesis.tools import ToolFailedError

LONGEST_S = 900.0
"""Of each tool."""
HOPELESS = 1.0
"""Times the device's logic cells: a design whose maker estimates more is not synthesised."""
ABLE: dict[Form, Abilities] = {
    "one step": Abilities(layer_norm=NO, carried_state="in a window", reload=NO),
    "unrolled": Abilities(layer_norm=NO, carried_state=NO, reload=NO),
}


def place_rival(network: Qgru, dataset: Dataset, form: Form, target: Target) -> PeerRow:
    """Return what is found of one form of a trained network.

    Raises UserError where a tool is missing; one that fails or takes too long leaves a row that
    says so.
    """
    counts, labels = dataset.batch(dataset.test)
    keras, rounded = network.velocity(counts), network.rounded(counts)
    logic = Logic.traced(network, form)
    estimate, cells = round(logic.comb.cost), target.available["logic_cells"]
    found: Resources | str = (
        f"does not fit: {estimate:,} LUTs by alkaid's estimate, of {cells:,}; not synthesised"
    )
    played = None
    with plain_folder() as folder:
        verilog = Verilog.written(logic, folder / "rival")
        if estimate <= HOPELESS * cells:
            found = _placed(verilog, target)
        if isinstance(found, Resources):  # a larger one takes Verilator and g++ very long
            played = simulate(verilog, rounded, folder / "simulated")
    placed = found if isinstance(found, Resources) else None
    return PeerRow(
        r2=r2_score(labels[:, -1].numpy(), keras).mean,
        weight_bits=network.weight_bits,
        ticks=len(dataset.test),
        mismatches=None if played is None else differing_ticks(played, keras),
        traced_mismatches=differing_ticks(logic.velocity(rounded), keras),
        resources=None if placed is None else placed.resources,
        fmax_mhz=None if placed is None else placed.fmax_mhz,
        says=found if isinstance(found, str) else None,
        latency_cycles=verilog.latency,
        interval_cycles=verilog.interval,
        ebops=network.ebops,
        estimate=estimate,
    )


def score_rival(network: Qgru, dataset: Dataset) -> tuple[BaselineScore, int]:
    """Return the score over the test ticks, and how many alkaid's simulation has otherwise.

    It simulates the logic of one step, N times for each tick.
    """
    counts, labels = dataset.batch(dataset.test)
    keras = network.velocity(counts)
    traced = Logic.traced(network, "one step").velocity(network.rounded(counts))
    score = BaselineScore(
        r2=r2_score(labels[:, -1].numpy(), keras),
        macs=network.macs,
        footprint_bytes=math.ceil((network.weight_bits + network.input_bits) / 8),
        ticks=len(keras),
    )
    return score, differing_ticks(traced, keras)


def _placed(verilog: Verilog, target: Target) -> Resources | str:
    with tempfile.TemporaryDirectory(prefix="aegru_rival_") as scratch:
        place = Path(scratch) / "placed"
        try:
            return synthesise(
                verilog.design,
                target,
                place,
                kept_log=Path(scratch) / "tool.log",
                longest_s=LONGEST_S,
            )
        except (DoesNotFitError, ToolFailedError) as error:
            return str(error).partition("; log: ")[0]
