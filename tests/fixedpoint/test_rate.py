"""An output every K ticks: the codes of the definition at every K-th tick, and at no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import (
    FixedDecoder,
    LiveDecoder,
    at_output_rate,
    at_outputs,
    per_output,
    run_streaming_form,
    run_window_form,
)
from aegru_hw.fixedpoint.counts import MAX_COUNT
from aegru_hw.fixedpoint.live import run_live
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.rate import accepted_rates, is_rate, summed
from tests.fixedpoint.geometries import Stream, exact, spikes, streams


def at_rate(decoder: FixedDecoder, every: int) -> FixedDecoder:
    return replace(decoder, geometry=replace(decoder.geometry, every=every))


def definition(decoder: FixedDecoder, counts: np.ndarray) -> np.ndarray:
    """Return the window form's codes of every tick, those after 0, 1, ... whole outputs alone."""
    every = decoder.geometry.every
    velocity = run_window_form(decoder, counts).velocity
    return velocity[[tick for tick in range(len(counts)) if (tick + 1) % every == 0]]


@exact
@given(streams(), st.data())
def test_every_execution_gives_the_definition_at_its_outputs(
    stream: Stream, data: st.DataObject
) -> None:
    window = stream.decoder.geometry.window
    every = data.draw(st.sampled_from([k for k in range(1, window + 1) if window % k == 0]))
    decoder, counts = at_rate(stream.decoder, every), stream.counts
    expected = definition(decoder, counts)
    assert expected.shape == (len(counts) // every, 2)
    found = run_streaming_form(*at_output_rate(decoder, counts)).velocity
    assert np.array_equal(found, expected)
    assert np.array_equal(run_live(decoder, counts), expected)
    assert np.array_equal(decoder.decode(counts), decoder.physical(expected))


@pytest.mark.parametrize("every", [1, 2, 4, 5, 10, 20])
def test_paper_size_at_all_its_rates(every: int) -> None:
    decoder = at_rate(random_decoder(3), every)
    counts = random_counts(3, 4203, 96)
    expected = definition(decoder, counts)
    assert len(np.unique(expected, axis=0)) > 200
    sums = at_output_rate(decoder, counts)
    assert np.array_equal(run_streaming_form(*sums).velocity, expected)
    # From the first tick on another one too: the phase is that of the ticks that are given.
    shifted = run_streaming_form(*at_output_rate(decoder, counts[7:])).velocity
    assert np.array_equal(shifted, definition(decoder, counts[7:]))


@pytest.mark.parametrize(("every", "count"), [(2, 60_000), (4, 65_535), (4, 200), (1, 65_535)])
def test_sums_beyond_what_a_count_holds_saturate_as_the_window_does(every, count) -> None:
    """Also with a feature table that tells counts apart up to the greatest one."""
    decoder = at_rate(random_decoder(4, channels=3, latent=4, hidden=4, window=4, steps=2), every)
    generator = np.random.default_rng(0)
    counts = np.where(generator.random((60, 3)) < 0.3, count, 1).astype(np.uint16)
    wide = replace(decoder.feature.address, width=16)
    codes = np.sort(generator.integers(-128, 128, 1 << 16))
    widest = replace(decoder, feature=replace(decoder.feature, codes=codes, address=wide))
    for one in (decoder, widest):
        expected = definition(one, counts)
        assert np.array_equal(run_streaming_form(*at_output_rate(one, counts)).velocity, expected)
        assert np.array_equal(run_live(one, counts), expected)


def test_sums() -> None:
    counts = np.array([[1, 200], [2, 100], [3, 0], [4, 7], [5, 9]], dtype=np.uint8)
    assert summed(counts, 2).tolist() == [[3, 300], [7, 7]]
    assert summed(counts, 5).tolist() == [[15, 316]]
    assert summed(counts, 6).shape == (0, 2)
    assert summed(counts, 1) is counts
    assert summed(np.full((3, 1), MAX_COUNT, np.uint16), 3).tolist() == [[MAX_COUNT]]
    assert at_outputs(np.arange(5), 2).tolist() == [1, 3]


def test_the_decoder_of_one_tick_an_output() -> None:
    decoder = at_rate(random_decoder(1, channels=5, window=6, steps=3), 3)
    sizes = per_output(decoder).geometry
    assert (sizes.window, sizes.steps, sizes.every) == (2, 3, 1)
    assert sizes.tick_seconds == decoder.geometry.output_seconds == pytest.approx(0.012)
    assert per_output(per_output(decoder)) == per_output(decoder) != decoder
    assert decoder.geometry.history == 18


def test_counts_of_another_decoder_are_refused() -> None:
    decoder = at_rate(random_decoder(1, channels=5, window=6), 3)
    with pytest.raises(UserError, match=r"\(ticks, 5\)"):
        at_output_rate(decoder, np.zeros((12, 4)))


def test_live_holds_the_velocity_between_outputs() -> None:
    decoder = at_rate(random_decoder(5, channels=6, window=6, steps=2), 3)
    live, counts = LiveDecoder(decoder), random_counts(5, 20, 6, rate=0.5, maximum=3)
    expected = decoder.physical(definition(decoder, counts))
    silent = decoder.physical(live.velocity_codes)
    for tick, row in enumerate(counts):
        velocity = live.step(spikes(row))
        outputs = (tick + 1) // 3
        assert live.tick == tick + 1
        assert live.is_output == ((tick + 1) % 3 == 0)
        assert np.array_equal(velocity, expected[outputs - 1] if outputs else silent)
        if not live.is_output:
            assert live.macs_effective == live.events.size == 0
        else:
            assert live.macs_effective > 0
    live.reset()
    assert np.array_equal(run_live(decoder, counts), definition(decoder, counts))
    assert np.array_equal([live.step(spikes(row)) for row in counts[:3]][-1], expected[0])


def test_rates_of_a_window() -> None:
    assert accepted_rates(20) == "1, 2, 4, 5, 10, 20, the divisors of the window of 20 ticks"
    assert [every for every in range(-1, 8) if is_rate(every, 6)] == [1, 2, 3, 6]
    assert not is_rate(True, 6)
    assert not is_rate(2.0, 6)


def test_the_rate_is_saved(tmp_path: Path) -> None:
    decoder = random_decoder(1, channels=5, window=6)
    slow = at_rate(decoder, 3)
    slow.save(tmp_path / "slow.h5")
    assert FixedDecoder.load(tmp_path / "slow.h5") == slow != decoder
    assert "every 3" in repr(slow)
    with pytest.raises(UserError, match="its every is 4; accepted are 1, 2, 3, 6, the divisors"):
        at_rate(decoder, 4).save(tmp_path / "none.h5")
    assert not (tmp_path / "none.h5").exists()


def test_a_decoder_of_every_tick_is_saved_as_before_there_was_a_choice(tmp_path: Path) -> None:
    import h5py

    decoder = random_decoder(1, channels=5, window=6)
    decoder.save(tmp_path / "decoder.h5")
    with h5py.File(tmp_path / "decoder.h5") as file:
        assert b"every" not in file.attrs["header"]
    assert FixedDecoder.load(tmp_path / "decoder.h5").geometry.every == 1
