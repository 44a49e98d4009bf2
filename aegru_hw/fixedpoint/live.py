"""Live use: one tick's spikes in, one velocity out."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from aegru_hw.fixedpoint.cell import Observer, cell, ignore
from aegru_hw.fixedpoint.decoder import FixedDecoder
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes


class LiveDecoder:
    """The streaming form, one tick a call.

    `step` takes the channel index of each spike of the tick (a channel that fired twice stands
    twice) and returns the velocity (2,) in the recording's unit; `velocity_codes` holds its codes,
    `events` the channels whose window count changed, `macs_effective` what the tick cost.
    """

    def __init__(self, decoder: FixedDecoder) -> None:
        self.decoder = decoder
        self._macs_of_event = decoder.macs_of_event
        self._macs_without_events = decoder.macs_without_events
        self.reset()

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        geometry = self.decoder.geometry
        constants = startup(self.decoder)
        self.tick = 0
        self._history = np.zeros((geometry.window, geometry.channels), dtype=np.int64)
        self._window_counts = np.zeros(geometry.channels, dtype=np.int64)
        self._features = self.decoder.features(self._window_counts)
        self._accumulator = constants.accumulator
        # One ring of `window` ticks for each chain but the last; the first chain's past is h_0 = 0.
        self._rings = np.repeat(constants.states[None, :-1], geometry.window, axis=0)
        self._rest = np.zeros((1, geometry.hidden), dtype=np.int64)
        self.velocity_codes: Codes = self.decoder.velocities(constants.states[-1])
        self.events = np.zeros(0, dtype=np.int64)
        self.macs_effective = 0

    def step(
        self, channels: Iterable[int] | NDArray[np.integer], observe: Observer = ignore
    ) -> NDArray[np.float64]:
        """Decode one tick; ValueError names a channel index that the decoder does not have."""
        self._count(np.asarray(list(channels), dtype=np.int64))
        slot = self.tick % self.decoder.geometry.window
        latents = self.decoder.latents(self._accumulator)
        observe("latent", latents)
        past = np.concatenate([self._rest, self._rings[slot]])
        states = cell(self.decoder, self.decoder.input(latents), past, observe)
        self._rings[slot] = states[:-1]
        self.velocity_codes = self.decoder.velocities(states[-1])
        observe("velocity", self.velocity_codes)
        self.tick += 1
        return self.decoder.physical(self.velocity_codes)

    def _count(self, channels: Codes) -> None:
        """Slide the windows by one tick and update the encoder where a window count changed."""
        geometry = self.decoder.geometry
        refused = channels[(channels < 0) | (channels >= geometry.channels)]
        if refused.size:
            raise ValueError(
                f"channel {refused[0]} is not within 0 to {geometry.channels - 1} of this decoder"
            )
        spikes = np.bincount(channels, minlength=geometry.channels)
        slot = self.tick % geometry.window
        end = self.decoder.feature.address.max_code
        before = np.minimum(self._window_counts, end)
        self._window_counts = self._window_counts + spikes - self._history[slot]
        self._history[slot] = spikes
        after = np.minimum(self._window_counts, end)
        self.events = np.flatnonzero(after != before)
        features = self.decoder.features(after[self.events])
        change = features - self._features[self.events]
        self._features[self.events] = features
        self._accumulator = self._accumulator + self.decoder.encoder.weight[:, self.events] @ change
        self.macs_effective = self._macs_without_events + int(
            self._macs_of_event[self.events].sum()
        )
