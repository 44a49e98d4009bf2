import numpy as np
import pytest

from aegru_hw.baselines.kalman import STATE, SteadyStateFilter, kalman
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from tests.support.recordings import QUICK, small_recording

CHANNELS = 6


def world(seed: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return states (steps, 4) and counts (steps, C) of a linear system."""
    random = np.random.default_rng(seed)
    motion = np.diag([0.9, 0.8, 0.7, 0.6]) + 0.05 * random.normal(size=(STATE, STATE))
    observation = random.normal(size=(CHANNELS, STATE))
    state, states = np.zeros(STATE), []
    for _ in range(steps):
        state = motion @ state + random.normal(size=STATE)
        states.append(state)
    array = np.array(states)
    return array, array @ observation.T + random.normal(size=(steps, CHANNELS)) + 3.0


def textbook(before, states, counts, observed) -> np.ndarray:
    """Predict and update one step at a time, with the covariance carried along."""
    mean = counts.mean(axis=0)
    motion = np.linalg.lstsq(before, states, rcond=None)[0].T
    observation = np.linalg.lstsq(states, counts - mean, rcond=None)[0].T
    motion_noise = np.cov((states - before @ motion.T).T, bias=True)
    residual = counts - mean - states @ observation.T
    noise = 0.99 * residual.T @ residual / len(residual)
    noise += 0.01 * (np.trace(noise) / 0.99 / CHANNELS) * np.eye(CHANNELS)
    state, spread, found = np.zeros(STATE), 10 * np.eye(STATE), []
    for count in observed:
        state, spread = motion @ state, motion @ spread @ motion.T + motion_noise
        innovation = observation @ spread @ observation.T + noise
        gain = spread @ observation.T @ np.linalg.inv(innovation)
        state = state + gain @ (count - mean - observation @ state)
        spread = (np.eye(STATE) - gain @ observation) @ spread
        found.append(state)
    return np.array(found)


def test_steady_state_is_where_the_textbook_filter_settles() -> None:
    every_state, every_count = world(0, 4300)
    states, counts = every_state[:4000], every_count[:4000]
    new_states, observed = every_state[4000:], every_count[4000:]
    fitted = SteadyStateFilter.fitted(states[:-1], states[1:], counts[1:])
    found = fitted.run(observed, np.arange(300) < 1, 1)
    expected = textbook(states[:-1], states[1:], counts[1:], observed)
    np.testing.assert_allclose(found[100:], expected[100:], atol=0.02)
    error = np.abs(found[100:] - new_states[100:]).mean()
    assert error < np.abs(new_states[100:]).mean() / 2


@pytest.mark.parametrize("window", [1, 3, 7])
def test_a_window_of_ticks_is_as_many_filters_in_turn(window: int) -> None:
    states, counts = world(2, 500)
    fitted = SteadyStateFilter.fitted(states[:-1], states[1:], counts[1:])
    starts = np.arange(500) % 250 < window
    found = fitted.run(counts, starts, window)
    expected = np.zeros_like(found)
    for tick in range(500):
        before = np.zeros(STATE) if starts[tick] else expected[tick - window]
        expected[tick] = fitted.transition @ before + fitted.gain @ (counts[tick] - fitted.mean)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_kalman_decodes_a_recording() -> None:
    recording = small_recording()
    data = Dataset.from_recording(recording, make_config(overrides=QUICK))
    score = kalman(data, recording.segment_starts)
    assert score.r2.mean > 0.4
    assert score.macs == 4 * 4 + 4 * data.channels
    assert score.ticks == len(data.test)
