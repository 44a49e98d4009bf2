"""Small made-up recordings with something to decode, for tests that train."""

import numpy as np

from aegru_hw.recordings.recording import Recording


def small_recording(
    seed: int = 0,
    *,
    ticks: int = 1500,
    channels: int = 12,
    tick_seconds: float = 0.05,
    day: int = 0,
) -> Recording:
    """Return Poisson counts of channels tuned to a smooth velocity, in two segments.

    day: of another one the movement is another, each channel has another rate and a little of
    another tuning, and the first channel is silent.
    """
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(ticks + 40, 2))
    rate = np.zeros(channels)
    kernel = np.hanning(20) / np.sqrt((np.hanning(20) ** 2).sum())
    velocity = np.stack([np.convolve(axis, kernel, "same") for axis in noise.T], axis=1)[20:-20]
    tuning = generator.normal(scale=0.7, size=(2, channels))
    if day:
        other = np.random.default_rng([seed, day])
        velocity = np.roll(velocity[::-1], int(other.integers(ticks)), axis=0)
        rate = other.normal(scale=0.5, size=channels)
        tuning = tuning + other.normal(scale=0.2, size=tuning.shape)
        rate[0] = -np.inf
    counts = generator.poisson(np.exp(velocity @ tuning + rate)).clip(0, 40).astype(np.uint8)
    return Recording(
        counts=counts,
        velocity=3.0 * velocity + 1.0,
        tick_seconds=tick_seconds,
        segment_starts=np.array([0, ticks // 3]),
        reach_starts=np.arange(0, ticks, 30),
        channel_names=tuple(f"ch{index}" for index in range(channels)),
        source=f"small, day {day}" if day else "small",
        sha256="0" * 64,
    )


QUICK = (
    "training.epochs=2",
    "training.batch=32",
    "training.min_updates=0",
    "pruning.epochs=1",
    "pruning.min_updates=0",
    "quantisation.epochs=1",
    "quantisation.min_updates=0",
    "network.latent=8",
    "network.hidden=8",
    "network.variance_hidden=8",
)
"""Overrides that train a small network for a moment."""
