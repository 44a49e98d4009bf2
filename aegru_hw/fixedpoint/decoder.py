"""FixedDecoder: the one artefact that every execution reads."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.fixedpoint.artefact import read_decoder, save_decoder
from aegru_hw.fixedpoint.content import digest_of
from aegru_hw.fixedpoint.geometry import Geometry
from aegru_hw.fixedpoint.parameters import Parameters
from aegru_hw.fixedpoint.rate import at_output_rate
from aegru_hw.fixedpoint.streaming_form import run_streaming_form

__all__ = ["FixedDecoder", "Geometry", "load_decoder"]

SHOWN_DIGEST = 12

GATES, VELOCITY_AXES = 3, 2
"""Gates of a GRU cell (reset, update, candidate); components of a velocity (x, y)."""


@dataclass(frozen=True, eq=False, repr=False)
class FixedDecoder(Parameters):
    """A quantised AEGRU decoder: `Parameters`, to be decoded with, compared, saved and loaded.

    Two decoders are equal where their whole content is, provenance included.
    """

    @property
    def digest(self) -> str:
        """SHA-256 of the content in hexadecimal, the `sha256` that decoder.h5 carries."""
        return digest_of(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FixedDecoder):
            return NotImplemented
        return self is other or self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __repr__(self) -> str:
        sizes = self.geometry
        widths = sorted({linear.weight_type.width for linear in self.matrices.values()})
        facts = (
            f"{sizes.channels} channels",
            f"{sizes.tick_seconds * 1000:g} ms ticks",
            f"window {sizes.window}",
            f"steps {sizes.steps}",
            *([f"every {sizes.every}"] if sizes.every > 1 else []),
            f"latent {sizes.latent}",
            f"hidden {sizes.hidden}",
            f"{'/'.join(map(str, widths))}-bit weights",
            "LayerNorm" if self.norm is not None else "no norm",
            f"sparsity {self.sparsity:.3f}",
            self.digest[:SHOWN_DIGEST],
        )
        return f"FixedDecoder({', '.join(facts)})"

    def decode(self, counts: ArrayLike) -> NDArray[np.float64]:
        """Return the velocity (T // every, 2) in the recording's unit for counts (T, C) of a
        segment, after silence: one row for each `geometry.every` ticks.

        counts: spikes per tick and channel, whole numbers from 0 to 65535; UserError names the
            first that is none. Decoded by the streaming form.

        >>> decoder = FixedDecoder.load("my_run/decoder.h5")
        >>> decoder
        FixedDecoder(96 channels, 4 ms ticks, window 20, steps 5, latent 32, ...)
        >>> counts = np.zeros((250, 96))
        >>> counts[100, 17] = 2  # two spikes of channel 17 in tick 100
        >>> decoder.decode(counts).shape
        (250, 2)
        >>> counts[100, 17] = -1
        >>> decoder.decode(counts)
        Traceback (most recent call last):
            ...
        aegru_hw.errors.UserError: count -1.0 at tick 100, channel 17 is not a spike count; ...
        """
        return self.physical(run_streaming_form(*at_output_rate(self, counts)).velocity)

    def save(self, path: str | Path) -> None:
        """Write decoder.h5 as `save_decoder` does."""
        save_decoder(self, path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Return the decoder of a decoder.h5; UserError where it holds no sound one."""
        return cls(**vars(read_decoder(path)))


def load_decoder(path: str | Path) -> FixedDecoder:
    """Return the decoder of a decoder.h5; UserError where it holds no sound one."""
    return FixedDecoder.load(path)
