"""Window form, streaming form and live decoder: the same codes on every tick."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint import (
    Decoded,
    FixedDecoder,
    LiveDecoder,
    run_streaming_form,
    run_window_form,
    streaming_form,
    window_form,
)
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.streaming_form import StreamingPlan
from tests.fixedpoint import scalar
from tests.fixedpoint.geometries import Stream, exact, spikes, streams


def run_live(decoder: FixedDecoder, counts: np.ndarray) -> Decoded:
    live = LiveDecoder(decoder)
    velocity, macs = np.zeros((len(counts), 2), np.int64), np.zeros(len(counts), np.int64)
    for tick, row in enumerate(counts):
        physical = live.step(spikes(row))
        velocity[tick], macs[tick] = live.velocity_codes, live.macs_effective
        assert (physical == decoder.physical(velocity[tick])).all()
    return Decoded(velocity, 0, macs)


@settings(exact, max_examples=25)
@given(streams(most_units=4, most_ticks=40), st.data())
def test_window_form_equals_exact_rationals(stream: Stream, data: st.DataObject) -> None:
    found = run_window_form(stream.decoder, stream.counts).velocity
    assert found.shape == (len(stream.counts), 2)
    ticks = range(len(stream.counts))
    for tick in data.draw(st.sets(st.sampled_from(ticks), max_size=3)) if ticks else ():
        assert found[tick].tolist() == scalar.velocity(stream.decoder, stream.counts, tick)


@exact
@given(streams(), st.sampled_from([1, 7, 64, 4096]), st.sampled_from([1, 2]), st.booleans())
def test_all_executions_agree(stream: Stream, block: int, threads: int, float64: bool) -> None:
    decoder, counts = stream.decoder, stream.counts
    window = run_window_form(decoder, counts)
    with (
        patch.object(streaming_form, "TICKS_AT_ONCE", block),
        patch.object(window_form, "TICKS_AT_ONCE", block),
        patch.object(streaming_form, "FLOAT32_BITS", 0 if float64 else 24),
    ):
        assert StreamingPlan(decoder).dtype == (np.float64 if float64 else np.float32)
        streaming = run_streaming_form(decoder, counts, threads=threads)
        in_blocks = run_window_form(decoder, counts)
    live = run_live(decoder, counts)
    for other in (in_blocks, streaming, live):
        assert np.array_equal(other.velocity, window.velocity)
    assert np.array_equal(live.macs_effective, streaming.macs_effective)
    assert np.array_equal(in_blocks.macs_effective, window.macs_effective)


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("weight_bits", [8, 6, 4])
def test_paper_size_over_several_blocks(norm: bool, weight_bits: int) -> None:
    decoder = random_decoder(weight_bits, norm=norm, weight_bits=weight_bits)
    counts = random_counts(2, 9000, 96)
    window, streaming = run_window_form(decoder, counts), run_streaming_form(decoder, counts)
    assert len(np.unique(window.velocity, axis=0)) > 1000
    assert np.array_equal(streaming.velocity, window.velocity)
    assert np.array_equal(run_live(decoder, counts[:300]).velocity, window.velocity[:300])


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int16, np.int64])
def test_any_type_of_counts_gives_the_same(kind: type) -> None:
    decoder = random_decoder(1, channels=5, latent=4, hidden=4, window=3, steps=2)
    counts = random_counts(1, 50, 5, rate=0.3)
    expected = run_window_form(decoder, counts).velocity
    assert np.array_equal(run_window_form(decoder, counts.astype(kind)).velocity, expected)
    assert np.array_equal(run_streaming_form(decoder, counts.astype(kind)).velocity, expected)


def test_counts_are_left_as_they_were() -> None:
    decoder = random_decoder(1, channels=5, latent=4, hidden=4, window=3, steps=2)
    counts = random_counts(1, 50, 5, rate=0.3)
    before = counts.copy()
    run_window_form(decoder, counts)
    run_streaming_form(decoder, counts)
    assert np.array_equal(counts, before)


@pytest.mark.parametrize("run", [run_window_form, run_streaming_form])
@pytest.mark.parametrize("shape", [(10, 6), (10,), (10, 5, 1)])
def test_counts_of_another_shape_are_refused(run: type, shape: tuple[int, ...]) -> None:
    decoder = random_decoder(1, channels=5, latent=4, hidden=4, window=3, steps=2)
    with pytest.raises(UserError, match=r"\(ticks, 5\)"):
        run(decoder, np.zeros(shape, dtype=np.uint8))


def test_window_form_observer_sees_every_step() -> None:
    decoder = random_decoder(1, channels=5, latent=4, hidden=6, window=3, steps=2)
    seen: dict[str, list[np.ndarray]] = {}
    counts = random_counts(1, 30, 5, rate=0.3)
    run = run_window_form(
        decoder, counts, lambda name, codes: seen.setdefault(name, []).append(codes)
    )
    assert [codes.shape for codes in seen["state"]] == [(30, 6)] * 2
    assert np.array_equal(decoder.velocities(seen["state"][-1]), run.velocity)
    assert np.array_equal(seen["velocity"][0], run.velocity)
    # One window earlier is one window back in time.
    assert np.array_equal(seen["latent"][0][3:], seen["latent"][1][:-3])
