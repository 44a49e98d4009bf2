"""The cost model against what can be counted by hand; tests/rtl compares it with the hardware."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import (
    CELL_OVERHEAD,
    ENCODER_DRAIN,
    PRODUCT_DRAIN,
    Prediction,
    scan_cycles,
    tick_costs,
    tick_phases,
    velocity_cycle,
)
from aegru_hw.rtl.lanes import group_size, unit_cycles
from aegru_hw.rtl.schedule import Schedule, schedule
from aegru_hw.strict_json import read_json, write_json


def test_macs_are_the_simulators() -> None:
    decoder = random_decoder(1, channels=30)
    counts = random_counts(1, 200, 30, rate=0.3, maximum=4)
    costs = tick_costs(decoder, schedule(decoder, 4), counts)
    macs = costs.lane_macs + costs.readout
    np.testing.assert_array_equal(macs, run_streaming_form(decoder, counts).macs_effective)


def test_silent_tick_of_one_step() -> None:
    decoder = random_decoder(2, channels=96, latent=32, hidden=32, steps=1)
    plan = schedule(decoder, 4)
    costs = tick_costs(decoder, plan, np.zeros((3, 96), dtype=np.int64))
    # Scan of 12 groups and its last stages, drain, 8 slots of latents, the input product, its
    # drain, one cell.
    expected = 2 * 12 + 3 + 5 + 8 + plan.input_length + 4 + (2 * 32 + 29)
    assert costs.cycles.tolist() == [expected] * 3
    assert costs.latency.tolist() == [expected] * 3


def test_utilisation_is_below_one() -> None:
    decoder, counts = random_decoder(3), random_counts(3, 50, 96)
    for lanes in (1, 4, 16):
        costs = tick_costs(decoder, schedule(decoder, lanes), counts)
        assert 0.7 < costs.utilisation < 1
        assert all(0 < share <= 1 for share in costs.phase_utilisation.values())


def busy_cycles(decoder: FixedDecoder, plan: Schedule, scan: int) -> dict[str, list[int]]:
    """Step through a tick after its scan as rtl/aegru_sequencer.sv does, cycle by cycle.

    lanes, cell: index of the product or of the cell that the unit works on, in each cycle; -1 for
    none.
    """
    steps, hidden = decoder.geometry.steps, decoder.geometry.hidden
    cell_cycles = 2 * unit_cycles(plan.lanes) * hidden + CELL_OVERHEAD
    before = scan + ENCODER_DRAIN + -(-decoder.geometry.latent // plan.lanes)
    lanes, cell = [-1] * before, [-1] * before
    product = word = started = finished = left = 0
    ready: list[int] = []
    while finished < steps:
        cycle = len(lanes)
        sent = cycle // hidden  # chains whose past state is on its way
        if left == 0 and started < sum(at <= cycle for at in ready) and sent >= steps - 1:
            started, left = started + 1, cell_cycles
        cell.append(started - 1 if left else -1)
        allowed = product < steps and (product < 3 or finished + 1 >= product) and sent >= product
        lanes.append(product if allowed else -1)
        word += allowed
        if word == (plan.input_length if product == 0 else plan.recurrent_length):
            product, word = product + 1, 0
            ready.append(cycle + PRODUCT_DRAIN)
        finished += left == 1
        left = max(left - 1, 0)
    return {"lanes": lanes, "cell": cell}


# Many lanes on a sparse decoder wait for the cell unit; one lane keeps it waiting.
@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize(
    ("hidden", "steps", "sparsity"),
    [(32, 5, 0.5), (8, 6, 0.9), (32, 8, 0.97), (5, 1, 0.5), (16, 2, 0.0), (16, 3, 0.95)],
)
def test_phases_are_the_sequencers(lanes, hidden, steps, sparsity) -> None:
    decoder = random_decoder(7, channels=20, hidden=hidden, steps=steps, sparsity=sparsity)
    plan = schedule(decoder, lanes)
    phases = tick_phases(decoder, plan, 29)
    expected = busy_cycles(decoder, plan, 29)
    chains = [1, *range(steps, 1, -1)]
    for unit, cycles in expected.items():
        drawn = [-1] * len(cycles)
        for phase in phases:
            if phase.unit == unit and phase.work in ("input", "recurrent", "cell"):
                index = 0 if phase.work == "input" else chains.index(phase.chain)
                assert drawn[phase.begin : phase.end] == [-1] * (phase.end - phase.begin)
                drawn[phase.begin : phase.end] = [index] * (phase.end - phase.begin)
        assert drawn == cycles
    last_chain = min(1, steps - 1)  # index of g_N, which makes the velocity
    cell = expected["cell"]
    assert velocity_cycle(phases) == len(cell) - cell[::-1].index(last_chain)


def scanned(changed: list[int], lengths: list[int], size: int) -> int:
    """Step through a scan as rtl/aegru_window.sv does, cycle by cycle; return its cycles.

    changed: whether each channel's count changed. lengths: words of its column.
    """
    groups = [
        [channel for channel in range(first, min(first + size, len(changed))) if changed[channel]]
        for first in range(0, len(changed), size)
    ]
    group, replacing, held, summed = 0, False, None, None
    mask: list[int] = []
    picked = looked_up = None
    left = 0
    for cycle in range(100_000):
        last = left <= 1
        pass_looked_up = looked_up is not None and last
        pass_picked = picked is not None and (looked_up is None or pass_looked_up)
        pick = bool(mask) and (picked is None or pass_picked)
        move = summed is not None and len(mask) - pick == 0
        take = held is not None and (summed is None or move) and not replacing
        read = group < len(groups) and not replacing and (held is None or take)
        idle = held is None and summed is None and not mask and picked is None
        if group == len(groups) and not replacing and idle and looked_up is None and last:
            return cycle + 1
        left = max(1, lengths[looked_up]) if pass_looked_up else max(left - 1, 0)
        looked_up = picked if pass_picked else None if pass_looked_up else looked_up
        picked = mask.pop(0) if pick else None if pass_picked else picked
        if move:
            mask, summed = groups[summed], None
        if take:
            summed, held = held, None
        if replacing:
            held, group = group, group + 1
        replacing = read
    raise AssertionError("the scan never ends")


@pytest.mark.parametrize("lanes", [1, 2, 4, 16])
@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 1.0])
def test_scan_is_the_windows(lanes: int, rate: float) -> None:
    decoder = random_decoder(9, channels=37, sparsity=0.9)
    plan = schedule(decoder, lanes)
    changed = (np.random.default_rng(lanes).random((20, 37)) < rate).astype(np.int64)
    lengths = plan.column_length.tolist()
    expected = [scanned(tick, lengths, group_size(lanes)) for tick in changed.tolist()]
    assert scan_cycles(changed, plan).tolist() == expected


@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_phases_end_where_the_tick_does(lanes, steps) -> None:
    decoder, counts = random_decoder(8, channels=40, steps=steps), random_counts(8, 30, 40)
    plan = schedule(decoder, lanes)
    costs = tick_costs(decoder, plan, counts)
    for tick in range(len(counts)):
        phases = tick_phases(decoder, plan, int(costs.scan_cycles[tick]))
        assert max(phase.end for phase in phases) == costs.cycles[tick]
        assert velocity_cycle(phases) == costs.latency[tick]
        taken = {"scan": 0, "latents": 0, "input": 0, "recurrent": 0, "cell": 0}
        for phase in phases:
            taken[phase.work] += phase.end - phase.begin
        assert taken["scan"] == costs.scan_cycles[tick]
        assert taken["input"] == costs.input_cycles
        assert taken["recurrent"] == costs.recurrent_cycles
        assert phases == sorted(phases, key=lambda phase: phase.begin)


def test_prediction_as_json(tmp_path: Path) -> None:
    decoder = random_decoder(3, channels=8, latent=4, hidden=4)
    costs = tick_costs(decoder, schedule(decoder, 2), random_counts(5, 30, 8))
    found = costs.prediction(0.05)
    assert found.cycles.per_tick_max == costs.cycles.max()
    assert found.least_clock_hz == costs.cycles.max() / 0.05
    write_json(found, tmp_path / "prediction.json")
    assert read_json(tmp_path / "prediction.json", Prediction) == found
