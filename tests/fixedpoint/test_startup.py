"""Silence: where every execution starts, and where it comes back to."""

import numpy as np
import pytest
from hypothesis import given

from aegru_hw.fixedpoint import LiveDecoder, run_streaming_form, run_window_form
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder
from aegru_hw.fixedpoint.startup import startup
from tests.fixedpoint.geometries import Stream, exact, spikes, streams


@exact
@given(streams(most_ticks=80))
def test_silence_keeps_the_startup_state(stream: Stream) -> None:
    decoder = stream.decoder
    constants = startup(decoder)
    silence = np.zeros_like(stream.counts)
    expected = np.tile(decoder.velocities(constants.states[-1]), (len(silence), 1))
    assert np.array_equal(run_window_form(decoder, silence).velocity, expected)
    assert np.array_equal(run_streaming_form(decoder, silence).velocity, expected)
    live = LiveDecoder(decoder)
    assert np.array_equal(live.velocity_codes, decoder.velocities(constants.states[-1]))
    states: list[np.ndarray] = []
    for _ in range(10):
        live.step([], lambda name, codes: states.append(codes) if name == "state" else None)
        assert live.events.size == 0
    assert all(np.array_equal(state, constants.states) for state in states)


@exact
@given(streams(most_ticks=60))
def test_silence_of_the_history_brings_any_state_back(stream: Stream) -> None:
    decoder = stream.decoder
    live = LiveDecoder(decoder)
    for row in stream.counts:
        live.step(spikes(row))
    for _ in range(decoder.geometry.history):
        live.step([])
    fresh = LiveDecoder(decoder)
    for row in [np.zeros_like(row) for row in stream.counts[:2]] + list(stream.counts):
        assert np.array_equal(live.step(spikes(row)), fresh.step(spikes(row)))
        assert np.array_equal(live.velocity_codes, fresh.velocity_codes)
        assert live.macs_effective == fresh.macs_effective


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_an_output_depends_on_its_history_and_on_nothing_before(steps: int) -> None:
    decoder = random_decoder(8, channels=3, latent=8, hidden=8, window=4, steps=steps, sparsity=0)
    silence = np.zeros((40, 3), dtype=np.uint8)
    spike = silence.copy()
    spike[5] = 9
    different = np.flatnonzero(
        (
            run_window_form(decoder, spike).velocity != run_window_form(decoder, silence).velocity
        ).any(axis=1)
    )
    assert (different[0], different[-1]) == (5, 5 + decoder.geometry.history - 1)


def test_startup_states_are_the_fixed_values_of_each_chain() -> None:
    decoder = random_decoder(2, channels=4, latent=5, hidden=6, window=7, steps=4)
    seen: list[np.ndarray] = []
    run_window_form(
        decoder,
        np.zeros((1, 4), dtype=np.uint8),
        lambda name, codes: seen.append(codes[0]) if name == "state" else None,
    )
    constants = startup(decoder)
    assert constants.states.tolist() == [state.tolist() for state in seen]
    assert (
        constants.accumulator.tolist()
        == decoder.encoder(np.full(4, decoder.feature.codes[0])).tolist()
    )


def test_reset_goes_back_to_startup() -> None:
    decoder = random_decoder(2, channels=4, latent=5, hidden=6, window=3, steps=3)
    counts = random_counts(1, 40, 4, rate=0.5, maximum=4)
    live = LiveDecoder(decoder)
    first = [live.step(spikes(row)).tolist() for row in counts]
    live.reset()
    assert (live.tick, live.macs_effective, live.events.size) == (0, 0, 0)
    assert np.array_equal(live.velocity_codes, LiveDecoder(decoder).velocity_codes)
    assert [live.step(spikes(row)).tolist() for row in counts] == first
