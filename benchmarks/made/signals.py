"""A made-up recording with something to decode, as the arrays that files are made of."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Signals:
    """Poisson counts of channels tuned to a smooth velocity, and the same as spike times.

    Attributes:
        ticks: length T.
        channels: number of channels C.
        tick_seconds: length of a tick in seconds.
        trials: into how many trials of one length the ticks can be cut.
    """

    ticks: int = 1500
    channels: int = 8
    tick_seconds: float = 0.02
    trials: int = 10

    @property
    def random(self) -> np.random.Generator:
        return np.random.default_rng([self.ticks, self.channels])

    @cached_property
    def velocity(self) -> Floats:
        """(T, 2), per second."""
        noise = self.random.normal(size=(self.ticks + 60, 2))
        kernel = np.hanning(30) / np.sqrt((np.hanning(30) ** 2).sum())
        smooth = [np.convolve(axis, kernel, "same") for axis in noise.T]
        return 20 * np.stack(smooth, axis=1)[30:-30]

    @cached_property
    def position(self) -> Floats:
        """(T, 2), of which velocity is the backward difference."""
        return np.cumsum(self.velocity, axis=0) * self.tick_seconds

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """(T, C), spikes per tick."""
        tuning = self.random.normal(scale=0.7, size=(2, self.channels))
        drawn = self.random.poisson(np.exp(self.velocity / 20 @ tuning - 0.5))
        return np.minimum(drawn, 15)

    @cached_property
    def times(self) -> Floats:
        """(T,), of the samples in seconds."""
        return 5.0 + self.tick_seconds * np.arange(self.ticks)

    @cached_property
    def trains(self) -> list[Floats]:
        """Spike times in seconds of each channel, which `read_odoherty`'s ticks count as above."""
        trains = []
        for column in self.counts.T:
            begin = np.repeat(self.times, column) - 2 * self.tick_seconds
            within = self.random.uniform(0.05, 0.95, len(begin)) * self.tick_seconds
            trains.append(np.sort(begin + within))
        return trains

    @property
    def spike_times(self) -> Floats:
        """All spike times, channel after channel."""
        return np.concatenate(self.trains)

    @property
    def units(self) -> NDArray[np.int64]:
        """The channel of each of `spike_times`."""
        return np.repeat(np.arange(self.channels), [len(train) for train in self.trains])

    def cut(self, array: NDArray) -> list[NDArray]:
        """Return an array (T, ...) as one a trial."""
        return np.split(array, self.trials)
