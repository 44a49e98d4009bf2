"""Live use: one tick's spikes in, one velocity out."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.fixedpoint.cell import Observer, cell, ignore
from aegru_hw.fixedpoint.counts import counts_of_tick, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder, load_decoder
from aegru_hw.fixedpoint.rate import per_output
from aegru_hw.fixedpoint.startup import startup
from aegru_hw.fixedpoint.types import Codes


class LiveDecoder:
    """The streaming form, one tick a call.

    `step` takes the channel index of each spike of the tick, `step_counts` the number of spikes of
    each channel; both return the velocity (2,) in the recording's unit. A decoder with an output
    every K ticks computes in each K-th call and holds its velocity in between, at first that of
    silence; `is_output` tells whether the last call computed it. After each call `velocity_codes`
    holds the codes, `events` the channels whose window count changed, and `macs_effective` what the
    tick cost, both nothing where nothing was computed. A refused call changes nothing. Every
    product is kept from output to output, and only what changed is multiplied: changes.py says
    which equation that is.
    """

    def __init__(self, decoder: FixedDecoder) -> None:
        self.decoder = decoder
        self._per_output = per_output(decoder)
        self._macs_of_channel = decoder.encoder.column_sizes
        self._macs_of_latent = decoder.input.column_sizes
        self._macs_of_state = decoder.recurrent.column_sizes
        self._macs_of_readout = decoder.readout.non_zero
        self.reset()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return a live decoder of a decoder.h5; UserError where it holds no sound one."""
        return cls(load_decoder(path))

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        geometry = self._per_output.geometry
        constants = startup(self.decoder)
        self.tick = 0
        self.is_output = False
        self._slot = 0
        self._waiting = np.zeros(geometry.channels, dtype=np.int64)
        self._history = np.zeros((geometry.window, geometry.channels), dtype=np.int64)
        self._window_counts = np.zeros(geometry.channels, dtype=np.int64)
        self._features = self.decoder.features(self._window_counts)
        self._accumulator = constants.accumulator
        self._latents = self.decoder.latents(constants.accumulator)
        self._input_product = self.decoder.input(self._latents)
        # One ring of `window` ticks for each chain but the last; the first chain's past is h_0 = 0.
        self._rings = np.repeat(constants.states[None, :-1], geometry.window, axis=0)
        self._past = np.concatenate(
            [np.zeros((1, geometry.hidden), dtype=np.int64), constants.states[:-1]]
        )
        self._recurrent_products = self.decoder.recurrent(self._past)
        self.velocity_codes: Codes = self.decoder.velocities(constants.states[-1])
        self.events = np.zeros(0, dtype=np.int64)
        self.macs_effective = 0

    def step(
        self, channels: Iterable[int] | NDArray[np.integer], observe: Observer = ignore
    ) -> NDArray[np.float64]:
        """Decode one tick from the channel of each spike; one that fired twice stands twice.

        Returns the velocity (2,), held between two outputs.

        Raises UserError for what is no whole number, also where its value is whole, and for a
        channel that the decoder does not have.

        >>> live = LiveDecoder.load("my_run/decoder.h5")
        >>> live.step([3, 17, 17]).shape  # channel 3 fired once, 17 twice
        (2,)
        >>> live.step([96])
        Traceback (most recent call last):
            ...
        aegru_hw.errors.UserError: channel 96 is not within 0 to 95 of this decoder
        """
        limit = self.decoder.geometry.channels
        spikes = np.bincount(spike_channels(channels, limit), minlength=limit)
        return self._advance(spikes, observe)

    def step_counts(self, counts: ArrayLike, observe: Observer = ignore) -> NDArray[np.float64]:
        """Decode one tick from the spike counts (C,) of all channels.

        Raises UserError for another shape and for a count that is no whole number from 0 to 65535.

        >>> one, other = (LiveDecoder.load("my_run/decoder.h5") for _ in range(2))
        >>> counts = [0] * 96
        >>> counts[17] = 2
        >>> bool((one.step_counts(counts) == other.step([17, 17])).all())
        True
        """
        spikes = counts_of_tick(counts, self.decoder.geometry.channels)
        return self._advance(spikes.astype(np.int64), observe)

    def _advance(self, spikes: Codes, observe: Observer) -> NDArray[np.float64]:
        """Take a tick's spikes (C,); compute where they are the last of an output's."""
        self._waiting = self._waiting + spikes
        self.tick += 1
        self.is_output = self.tick % self.decoder.geometry.every == 0
        if self.is_output:
            spikes, self._waiting = self._waiting, np.zeros_like(self._waiting)
            self._compute(spikes, observe)
        else:
            self.events, self.macs_effective = self.events[:0], 0
        return self.decoder.physical(self.velocity_codes)

    def _compute(self, spikes: Codes, observe: Observer) -> None:
        """Make the next output, of the spikes (C,) since the last one."""
        decoder = self.decoder
        self.macs_effective = self._macs_of_readout
        self._count(spikes)
        latents = decoder.latents(self._accumulator)
        observe("latent", latents)
        change = latents - self._latents
        self._latents = latents
        self._input_product = self._input_product + decoder.input.weight @ change
        self.macs_effective += int(self._macs_of_latent[change != 0].sum())
        states = cell(
            decoder,
            self._input_product,
            self._past,
            observe,
            recurrent_product=self._recurrent_products,
        )
        self.velocity_codes = decoder.velocities(states[-1])
        observe("velocity", self.velocity_codes)
        self._rings[self._slot] = states[:-1]
        self._slot = (self._slot + 1) % self._per_output.geometry.window
        self._multiply_states()

    def _multiply_states(self) -> None:
        """Update the recurrent products for the next output, whose past states are a window old."""
        decoder = self.decoder
        past = self._rings[self._slot]
        change = past - self._past[1:]
        self._past[1:] = past
        self._recurrent_products[1:] += change @ decoder.recurrent.weight.T
        self.macs_effective += int((change != 0).sum(axis=0) @ self._macs_of_state)

    def _count(self, spikes: Codes) -> None:
        """Slide the windows by an output and update the encoder where a window count changed."""
        end = self.decoder.feature.address.max_code
        before = np.minimum(self._window_counts, end)
        self._window_counts = self._window_counts + spikes - self._history[self._slot]
        self._history[self._slot] = spikes
        after = np.minimum(self._window_counts, end)
        self.events = np.flatnonzero(after != before)
        features = self.decoder.features(after[self.events])
        change = features - self._features[self.events]
        self._features[self.events] = features
        self._accumulator = self._accumulator + self.decoder.encoder.weight[:, self.events] @ change
        self.macs_effective += int(self._macs_of_channel[self.events].sum())


def run_live(
    decoder: FixedDecoder, counts: NDArray[np.integer], *, progress: bool = False
) -> Codes:
    """Return the codes (T // every, 2) of the outputs of `LiveDecoder.step` for counts (T, C)."""
    live = LiveDecoder(decoder)
    channels = np.arange(decoder.geometry.channels)
    velocity: list[Codes] = []
    ticks: Iterable[NDArray[np.integer]] = counts
    if progress:
        from tqdm import tqdm  # whoever decodes live has no use for it

        ticks = tqdm(counts, desc="step", unit="tick", file=sys.stderr, leave=False)
    for spikes in ticks:
        live.step(np.repeat(channels, spikes))
        if live.is_output:
            velocity.append(live.velocity_codes)
    return np.array(velocity, dtype=np.int64).reshape(-1, 2)
