"""Live use of the exported C: one tick's spikes in, one velocity out, in microseconds."""

import ctypes
import warnings
from array import array
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.errors import UserError
from aegru_hw.export.library import load_library
from aegru_hw.fixedpoint.counts import counts_of_tick, spike_channels
from aegru_hw.fixedpoint.decoder import FixedDecoder, load_decoder
from aegru_hw.fixedpoint.live import LiveDecoder
from aegru_hw.fixedpoint.types import Codes


class CompiledDecoder:
    """`LiveDecoder` in C: the same velocities for the same calls, and the same refusals.

    `tick`, `is_output` and `velocity_codes` are as there; `events` and `macs_effective` there are
    none. Making one compiles the exported C, which takes about a second.

    Raises UserError where there is no C compiler, and for a decoder that 64 bits do not hold.
    """

    def __init__(self, decoder: FixedDecoder) -> None:
        self.decoder = decoder
        self._channels = decoder.geometry.channels
        self._library = load_library(decoder)
        self._step = self._library.aegru_step
        self._state = (ctypes.c_int64 * (self._library.aegru_decoder_bytes() // 8 + 1))()
        address = ctypes.addressof(self._state)
        self._pointer = ctypes.c_void_p(address)
        codes = self._library.aegru_velocity(self._pointer) - address
        self._codes = np.frombuffer(self._state, dtype=np.int32, count=2, offset=codes)
        self._resolution = decoder.velocity.resolution
        self.reset()

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return a compiled decoder of a decoder.h5; UserError where it holds no sound one."""
        return cls(load_decoder(path))

    def reset(self) -> None:
        """Go back to the start-up state: silence for ever."""
        self._library.aegru_init(self._pointer)
        self.tick = 0
        self.is_output = False

    @property
    def velocity_codes(self) -> Codes:
        """Codes (2,) of the last output."""
        return self._codes.astype(np.int64)

    def step(self, channels: Iterable[int] | NDArray[np.integer]) -> NDArray[np.float64]:
        """Decode one tick from the channel of each spike; one that fired twice stands twice.

        Returns the velocity (2,), held between two outputs. Raises UserError as
        `LiveDecoder.step` does; then nothing is changed.
        """
        if type(channels) is list and all(type(one) is int for one in channels):
            with suppress(OverflowError):
                given = array("q", channels)
                found = self._step(self._pointer, given.buffer_info()[0], len(given))
                if found >= 0:
                    return self._ended(found)
            # The check below names the channel that there is not.
        checked = spike_channels(channels, self._channels).astype(np.int64)
        found = self._step(self._pointer, checked.ctypes.data, len(checked))
        return self._ended(found)

    def step_counts(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Decode one tick from the spike counts (C,) of all channels.

        Raises UserError as `LiveDecoder.step_counts` does; then nothing is changed.
        """
        spikes = counts_of_tick(counts, self._channels)
        given = np.ascontiguousarray(spikes, dtype=np.uint16)
        return self._ended(self._library.aegru_step_counts(self._pointer, given.ctypes.data))

    def _ended(self, found: int) -> NDArray[np.float64]:
        self.tick += 1
        self.is_output = found == 1
        velocity = np.multiply(self._codes, self._resolution, dtype=np.float64)
        return self.decoder.labels.denormalise(velocity)


def load_live(path: str | Path) -> CompiledDecoder | LiveDecoder:
    """Return a decoder for live use of a decoder.h5: compiled, or in Python where that cannot be.

    Warns, in one line, of the latter. Raises UserError where the file holds no sound decoder.
    """
    decoder = load_decoder(path)
    try:
        return CompiledDecoder(decoder)
    except UserError as error:
        warnings.warn(f"decoding in Python, which is slower: {error}", stacklevel=2)
        return LiveDecoder(decoder)


def run_compiled(decoder: FixedDecoder, counts: NDArray[np.integer]) -> Codes:
    """Return the codes (T // every, 2) of the outputs of the exported C for counts (T, C)."""
    return outputs_of(CompiledDecoder(decoder), counts)


def outputs_of(compiled: CompiledDecoder, counts: NDArray[np.integer]) -> Codes:
    """Return the codes (O, 2) of the outputs of counts (T, C), from where a decoder is."""
    velocity: list[Codes] = []
    for spikes in counts:
        compiled.step_counts(spikes)
        if compiled.is_output:
            velocity.append(compiled.velocity_codes)
    return np.array(velocity, dtype=np.int64).reshape(-1, 2)
