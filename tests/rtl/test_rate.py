"""The engine with an output every K ticks: the codes of the definition, and the predicted costs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from aegru_hw.cost.energy import energy
from aegru_hw.fixedpoint import FixedDecoder, at_output_rate, at_outputs, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.rtl.cycles import tick_costs
from aegru_hw.rtl.images import memory_image
from aegru_hw.rtl.verification import run_engine


def at_rate(every: int, count_bits: int = 6) -> FixedDecoder:
    """Return a small decoder, its feature table of so many address bits."""
    decoder = random_decoder(6, channels=12, latent=8, hidden=8, window=10, steps=3)
    codes = np.resize(decoder.feature.codes, 1 << count_bits)
    address = replace(decoder.feature.address, width=count_bits)
    return replace(
        decoder,
        geometry=replace(decoder.geometry, every=every),
        feature=replace(decoder.feature, codes=codes, address=address),
    )


@pytest.mark.parametrize("every", [1, 2, 5])
@pytest.mark.parametrize(("rate", "maximum"), [(0.3, 3), (90.0, 255)])
def test_codes_and_counters(engine_cache: Path, every: int, rate: float, maximum: int) -> None:
    """With 90 spikes a tick the sums of five are beyond a spike counter's 255."""
    decoder = at_rate(every)
    counts = random_counts(6, 203, 12, rate=rate, maximum=maximum)
    counts[40:70] = 0
    at_its_rate, sums = at_output_rate(decoder, counts)
    assert (sums.max() > 255) == (rate > 1 and every == 5)
    found = run_engine(at_its_rate, 4, sums, cache=engine_cache, parts=1)
    expected = at_outputs(run_window_form(decoder, counts).velocity, every)
    np.testing.assert_array_equal(found.velocity, expected)
    assert len(expected) == 203 // every
    assert found.ticks_unlike_predicted == 0


@pytest.mark.parametrize("every", [1, 5])
def test_a_table_as_long_as_a_spike_counter(engine_cache: Path, every: int) -> None:
    """Spikes beyond the counter's 255 are lost before the window: it saturates no more often."""
    decoder = at_rate(every, count_bits=8)
    counts = np.zeros((60, 12), dtype=np.uint16)
    counts[4::9] = 300
    counts[6::7, :5] = 1
    at_its_rate, sums = at_output_rate(decoder, counts)
    found = run_engine(at_its_rate, 4, sums, cache=engine_cache, parts=1)
    expected = at_outputs(run_window_form(decoder, counts).velocity, every)
    np.testing.assert_array_equal(found.velocity, expected)
    assert found.ticks_unlike_predicted == 0


def test_an_output_every_few_ticks_takes_less_memory_work_and_energy() -> None:
    plans = {every: at_output_rate(at_rate(every), random_counts(6, 200, 12)) for every in (1, 5)}
    images = {every: memory_image(decoder, 4) for every, (decoder, _) in plans.items()}
    assert images[1].needs.ring == 5 * images[5].needs.ring
    assert images[1].needs.history == 5 * images[5].needs.history
    assert images[1].schedule.depth == images[5].schedule.depth
    estimates = []
    for every, (decoder, sums) in plans.items():
        estimates.append(energy(decoder, tick_costs(decoder, images[every].schedule, sums)))
    every_tick, every_fifth = (estimate.per_tick_nj["engine"] for estimate in estimates)
    # An output costs about what it did; there are a fifth of them.
    assert every_fifth < 1.25 * every_tick
