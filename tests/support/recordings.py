"""Small made-up recordings with something to decode, for tests that train."""

import numpy as np

from aegru_hw.recordings.recording import Recording


def small_recording(
    seed: int = 0, *, ticks: int = 1500, channels: int = 12, tick_seconds: float = 0.05
) -> Recording:
    """Return Poisson counts of channels tuned to a smooth velocity, in two segments."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(ticks + 40, 2))
    kernel = np.hanning(20) / np.sqrt((np.hanning(20) ** 2).sum())
    velocity = np.stack([np.convolve(axis, kernel, "same") for axis in noise.T], axis=1)[20:-20]
    tuning = generator.normal(scale=0.7, size=(2, channels))
    counts = generator.poisson(np.exp(velocity @ tuning)).clip(0, 40).astype(np.uint8)
    return Recording(
        counts=counts,
        velocity=3.0 * velocity + 1.0,
        tick_seconds=tick_seconds,
        segment_starts=np.array([0, ticks // 3]),
        reach_starts=np.arange(0, ticks, 30),
        channel_names=tuple(f"ch{index}" for index in range(channels)),
        source="small",
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
