"""The Kalman filter of the field, at its steady state.

Wu, Gao, Bienenstock, Donoghue, Black, "Bayesian population decoding of motor cortical activity
using a Kalman filter", Neural Computation 18, 2006; at its constant gain: Malik, Truccolo, Brown,
Hochberg, "Efficient decoding with steady-state Kalman filter in neural interface systems", IEEE
Transactions on Neural Systems and Rehabilitation Engineering 19, 2011.

    s(t) = [v(t), v(t) - v(t-WS)]      s(t) = A s(t-WS) + w, w of covariance W
    c(t) = H s(t) + q, q of covariance Q      decoded: s'(t) = M s'(t-WS) + K (c(t) - mean)

One step is one window of WS ticks, because counts of windows that overlap are not independent; an
output every tick takes WS filters in turn. scipy solves for the gain.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_discrete_are

from aegru_hw.baselines.score import BaselineScore, float_bytes
from aegru_hw.decoder.data import Dataset
from aegru_hw.recordings.r2 import r2_score
from aegru_hw.recordings.windows import segment_of

STATE = 4
SHRINKAGE = 0.01  # of Q towards its mean variance: silent channels have none of their own

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SteadyStateFilter:
    """s'(t) = M s'(t-WS) + K (c(t) - mean): M (4, 4), K (4, C), mean (C,)."""

    transition: Floats
    gain: Floats
    mean: Floats

    @classmethod
    def fitted(cls, before: Floats, state: Floats, counts: Floats) -> "SteadyStateFilter":
        """Fit to states a window apart, (n, 4) each, and the counts (n, C) of the later window."""
        mean = counts.mean(axis=0)
        motion, observation = _regression(before, state), _regression(state, counts - mean)
        motion_noise = _covariance(state - before @ motion.T)
        noise = _covariance(counts - mean - state @ observation.T)
        noise *= 1 - SHRINKAGE
        noise += SHRINKAGE * (np.trace(noise) / len(noise) + 1e-9) * np.eye(len(noise))
        spread = solve_discrete_are(motion.T, observation.T, motion_noise, noise)
        innovation = observation @ spread @ observation.T + noise
        gain = np.linalg.solve(innovation, observation @ spread).T
        return cls((np.eye(STATE) - gain @ observation) @ motion, gain, mean)

    def run(self, counts: Floats, starts: NDArray[np.bool_], window: int) -> Floats:
        """Return states (T, 4) for window counts (T, C); at `starts` (T,) nothing is known yet.

        starts: ticks whose window before lies outside their segment.
        """
        driven = (counts - self.mean) @ self.gain.T
        states = np.zeros((len(counts), STATE))
        for first in range(0, len(counts), window):
            now = slice(first, min(first + window, len(counts)))
            before = states[max(first - window, 0) : max(now.stop - window, 0)]
            if not len(before):
                before = np.zeros((now.stop - now.start, STATE))
            known = np.where(starts[now, None], 0.0, before)
            states[now] = known @ self.transition.T + driven[now]
        return states


def kalman(dataset: Dataset, segment_starts: NDArray[np.int64]) -> BaselineScore:
    """Fit on training and validation ticks, run through each segment, score the test ticks."""
    ticks, window = len(dataset.counts), dataset.window
    counts = dataset.counts.numpy().astype(np.float64)
    truth = dataset.labels.numpy().astype(np.float64)
    states = np.hstack([truth, truth - truth[np.maximum(np.arange(ticks) - window, 0)]])
    fit = dataset.train_and_validation(1).numpy()
    fit = fit[fit >= 2 * window]
    filtered = SteadyStateFilter.fitted(states[fit - window], states[fit], counts[fit])
    starts = np.arange(ticks) - segment_of(segment_starts, ticks) < window
    test = dataset.test.numpy()
    decoded = filtered.run(counts, starts, window)[test, :2]
    channels = dataset.channels
    parameters = STATE * (STATE + channels + 1)  # K·mean is a bias
    return BaselineScore(
        r2=r2_score(truth[test], decoded),
        macs=STATE * (STATE + channels),
        footprint_bytes=float_bytes(parameters, channels),
        ticks=len(test),
    )


def _regression(x: Floats, y: Floats) -> Floats:
    """Return the least-squares B (outputs, inputs) of y = B x."""
    return np.linalg.lstsq(x, y, rcond=None)[0].T.astype(np.float64)


def _covariance(residual: Floats) -> Floats:
    return residual.T @ residual / len(residual)
