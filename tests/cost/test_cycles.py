"""The cost model against what can be counted by hand; tests/rtl compares it with the hardware."""

import numpy as np

from aegru_hw.cost.cycles import tick_costs
from aegru_hw.fixedpoint import run_streaming_form
from aegru_hw.rtl.schedule import schedule
from tests.support.decoders import random_counts, random_decoder


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
    # Scan of 6 groups, drain, 8 slots of latents, the input product, its drain, one cell.
    expected = 12 + 3 + 8 + plan.input_length + 2 + (2 * 32 + 17)
    assert costs.cycles.tolist() == [expected] * 3
    assert costs.latency.tolist() == [expected] * 3


def test_utilisation_is_below_one() -> None:
    decoder, counts = random_decoder(3), random_counts(3, 50, 96)
    for lanes in (1, 4, 16):
        costs = tick_costs(decoder, schedule(decoder, lanes), counts)
        assert 0.7 < costs.utilisation < 1
        assert all(0 < share <= 1 for share in costs.phase_utilisation.values())
