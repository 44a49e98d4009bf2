"""The engine with parity and rebuilds: the same codes, and every rebuild as the model says."""

from pathlib import Path

import numpy as np
import pytest

from aegru_hw.fixedpoint import FixedDecoder, run_streaming_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.address_map import status_bit
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.engine import COST_FIELDS, STATUS, Engine
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.rebuild import rebuild_costs

SIZES = (
    {"channels": 40, "latent": 12, "hidden": 9, "window": 5, "steps": 4},
    {"channels": 3, "latent": 2, "hidden": 2, "window": 1, "steps": 3},
    {"channels": 17, "latent": 6, "hidden": 5, "window": 7, "steps": 1},
    {"channels": 96, "latent": 32, "hidden": 32, "window": 20, "steps": 6},
)


def check(engine: Engine, decoder: FixedDecoder, counts: np.ndarray) -> None:
    run = engine.run(counts)
    np.testing.assert_array_equal(run.velocity, run_streaming_form(decoder, counts).velocity)
    rebuilds = rebuild_costs(decoder, engine.image.schedule, counts, engine.limits)
    predicted = rebuilds.added_to(tick_costs(decoder, engine.image.schedule, counts))
    for name in COST_FIELDS:
        np.testing.assert_array_equal(run.costs[name], getattr(predicted, name), err_msg=name)
    assert np.count_nonzero(rebuilds.cycles) == len(counts) // decoder.geometry.window


@pytest.mark.slow
@pytest.mark.parametrize("lanes", [1, 4, 16])
def test_rebuilds_change_no_code_and_cost_what_the_model_says(
    engine_cache: Path, lanes: int
) -> None:
    for seed, sizes in enumerate(SIZES):
        decoder = random_decoder(seed, sparsity=0.4, **sizes)
        counts = random_counts(seed, 120, sizes["channels"], rate=0.2, maximum=5)
        with Engine(decoder, lanes, cache=engine_cache, protected=True) as engine:
            check(engine, decoder, counts)
            assert not engine.read(STATUS) & status_bit("upset")


def test_a_rebuild_in_silence_sends_what_is_not_zero() -> None:
    decoder = random_decoder(1, channels=8, latent=4, hidden=3, window=3, steps=2)
    silent = np.zeros((9, 8), dtype=np.int64)
    image = memory_image(decoder, 4)
    costs = rebuild_costs(decoder, image.schedule, silent, image.needs)
    assert not costs.encoder.any()
    assert (costs.cycles > 0).tolist() == [False, False, True] * 3
    np.testing.assert_array_equal(costs.input[2::3], costs.input[2])
