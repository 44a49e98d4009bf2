"""The cost model against what can be counted by hand; tests/rtl compares it with the hardware."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import Lanes, Prediction, scan_cycles, tick_costs, walk_cycles
from aegru_hw.rtl.lanes import group_size
from aegru_hw.rtl.schedule import schedule
from aegru_hw.strict_json import read_json, write_json


def test_macs_are_the_simulators() -> None:
    decoder = random_decoder(1, channels=30)
    counts = random_counts(1, 200, 30, rate=0.3, maximum=4)
    costs = tick_costs(decoder, schedule(decoder, 4), counts)
    macs = costs.lane_macs + costs.readout
    np.testing.assert_array_equal(macs, run_streaming_form(decoder, counts).macs_effective)


def test_silent_tick() -> None:
    decoder = random_decoder(2, channels=96, latent=32, hidden=32)
    costs = tick_costs(decoder, schedule(decoder, 4), np.zeros((3, 96), dtype=np.int64))
    # Scan of 24 groups and its last stages, a cycle to see the lanes at rest, a walk over 32
    # latents and its 3 stages, another such cycle.
    scan = 2 * 24 + 3
    cells = scan + 1 + 3 + 32 + 1
    assert costs.cells_begin.tolist() == [cells] * 3
    assert costs.latency.tolist() == [cells + 2 * 32 + 29] * 3
    # g_2, g_3, g_4 begin 38 cycles after the cell before; g_4's past states are read after 42 more.
    states = cells + 3 * 38 + 42 + 1
    assert costs.states_begin.tolist() == [states] * 3
    # A walk over 4 · 32 states; the lanes rest, and g_1 has long ended.
    assert costs.cycles.tolist() == [states + 3 + 4 * 32 + 1] * 3


def test_utilisation_is_below_one() -> None:
    decoder, counts = random_decoder(3), random_counts(3, 50, 96)
    for lanes in (1, 4, 16):
        costs = tick_costs(decoder, schedule(decoder, lanes), counts)
        assert 0.4 < costs.utilisation < 1
        assert all(0 < share <= 1 for share in costs.phase_utilisation.values())


class Lane:
    """Steps through a lane's queue as rtl/aegru_lane.sv does, cycle by cycle."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.joining: int | None = None  # work of the column whose directory word is read
        self.queue: list[int] = []
        self.held = self.left = 0
        self.running = False

    def step(self, taken: int | None) -> None:
        """Pass a cycle in which a column of so much work is taken, or none."""
        ends = self.left <= 1
        begins = bool(self.queue) and (not self.running or ends)
        self.left -= 1
        if ends:
            self.running = False
        if begins:
            self.left, self.running = self.queue.pop(0), True
        arrives = taken if self.depth == 1 else self.joining
        if arrives is not None:
            self.queue.append(arrives)
        self.joining = taken
        self.held += (taken is not None) - begins


def walked(changed: list[list[bool]], work: list[list[int]], lanes: list[Lane]) -> tuple[int, int]:
    """Step through a walk as rtl/aegru_changes.sv does; return its last cycle and the lanes' first.

    The lanes' is the first cycle after the walk that finds them at rest.

    changed: of each column, whether each chain's operand changed. work: of each lane and column.
    """
    cycle, last = 0, None
    operands = [(column, chain) for column, of in enumerate(changed) for chain in range(len(of))]
    while last is None or any(lane.running or lane.held for lane in lanes):
        taken = None
        if last is None:
            column, chain = operands[0]
            closes = chain == len(changed[column]) - 1 and any(changed[column])
            if all(lane.held < lane.depth for lane in lanes):
                operands.pop(0)
                taken = column if closes else None
                last = None if operands else cycle
        for lane, works in zip(lanes, work, strict=True):
            lane.step(None if taken is None else works[taken])
        cycle += 1
    return last, cycle


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("rate", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("sparsity", [0.3, 0.97])
def test_walk_is_the_engines(lanes: int, rate: float, sparsity: float) -> None:
    decoder = random_decoder(5, channels=10, hidden=12, steps=4, sparsity=sparsity)
    plan = schedule(decoder, lanes)
    changed = np.random.default_rng(lanes).random((8, 3, 12)) < rate
    queues = Lanes(lanes, 8)
    last = walk_cycles(queues, np.zeros(8, dtype=np.int64), changed, plan.recurrent_length)
    rest = np.maximum(last + 1, queues.ends.max(axis=0))
    for tick in range(8):
        operands = changed[tick].sum(axis=0)
        work = (plan.recurrent_length * operands).tolist()
        stepped = walked(
            changed[tick].T.tolist(), work, [Lane(2 if lanes > 2 else 1) for _ in range(lanes)]
        )
        assert stepped == (last[tick], rest[tick])


def scanned(changed: list[int], lengths: list[list[int]], size: int) -> int:
    """Step through a scan as rtl/aegru_window.sv does, cycle by cycle; return its cycles.

    changed: whether each channel's count changed. lengths: words of its column on each lane.
    """
    groups = [
        [channel for channel in range(first, min(first + size, len(changed))) if changed[channel]]
        for first in range(0, len(changed), size)
    ]
    lanes = [Lane(2 if len(lengths) > 2 else 1) for _ in lengths]
    group, replacing, held, summed = 0, False, None, None
    mask: list[int] = []
    picked = looked_up = offered = None
    for cycle in range(100_000):
        leaves = offered is not None and all(lane.held < lane.depth for lane in lanes)
        pass_looked_up = looked_up is not None and (offered is None or leaves)
        pass_picked = picked is not None and (looked_up is None or pass_looked_up)
        pick = bool(mask) and (picked is None or pass_picked)
        move = summed is not None and len(mask) - pick == 0
        take = held is not None and summed is None and not replacing
        read = group < len(groups) and not replacing and (held is None or take)
        idle = held is None and summed is None and not mask and picked is None
        at_end = group == len(groups) and not replacing and idle and looked_up is None
        if at_end and (offered is None or leaves):
            return cycle + 1
        for lane, words in zip(lanes, lengths, strict=True):
            lane.step(words[offered] if leaves and offered is not None else None)
        offered = looked_up if pass_looked_up else None if leaves else offered
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
    decoder = random_decoder(9, channels=37, sparsity=0.5)
    plan = schedule(decoder, lanes)
    changed = np.random.default_rng(lanes).random((20, 37)) < rate
    lengths = plan.encoder_length.tolist()
    expected = [scanned(tick, lengths, group_size(lanes)) for tick in changed.tolist()]
    assert scan_cycles(Lanes(lanes, 20), changed, plan).tolist() == expected


@pytest.mark.parametrize("lanes", [1, 4, 16])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_phases_end_where_the_tick_does(lanes, steps) -> None:
    decoder, counts = random_decoder(8, channels=40, steps=steps), random_counts(8, 30, 40)
    costs = tick_costs(decoder, schedule(decoder, lanes), counts)
    for tick in range(len(counts)):
        phases = costs.phases(tick)
        rest = 1 if steps == 1 else 0  # a cycle to see that the only cell has ended
        assert max(phase.end for phase in phases) + rest == costs.cycles[tick]
        cells = {phase.chain: phase for phase in phases if phase.work == "cell"}
        assert sorted(cells) == list(range(1, steps + 1))
        assert cells[steps].end == costs.latency[tick]
        assert phases == sorted(phases, key=lambda phase: phase.begin)
        lane_phases = [phase for phase in phases if phase.unit == "lanes"]
        assert [phase.work for phase in lane_phases] == ["scan", "input", "recurrent"][
            : 2 if steps == 1 else 3
        ]
        for before, after in pairwise(lane_phases):
            assert before.end <= after.begin


def test_prediction_as_json(tmp_path: Path) -> None:
    decoder = random_decoder(3, channels=8, latent=4, hidden=4)
    costs = tick_costs(decoder, schedule(decoder, 2), random_counts(5, 30, 8))
    found = costs.prediction(0.05)
    assert found.cycles.per_tick_max == costs.cycles.max()
    assert found.least_clock_hz == costs.cycles.max() / 0.05
    write_json(found, tmp_path / "prediction.json")
    assert read_json(tmp_path / "prediction.json", Prediction) == found
