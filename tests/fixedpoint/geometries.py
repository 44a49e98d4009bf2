"""Hypothesis strategies: decoders of any geometry, and streams of spike counts for them."""

from dataclasses import dataclass

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.fixedpoint.made_up import random_counts, random_decoder

exact = settings(deadline=None, derandomize=True, max_examples=60)


@dataclass(frozen=True)
class Stream:
    """A decoder and spike counts (T, C) for it."""

    decoder: FixedDecoder
    counts: np.ndarray


@st.composite
def decoders(draw: st.DrawFn, most_units: int = 12) -> FixedDecoder:
    sizes = st.integers(1, most_units)
    return random_decoder(
        draw(st.integers(0, 2**32)),
        channels=draw(st.integers(1, 24)),
        latent=draw(sizes),
        hidden=draw(sizes),
        window=draw(st.integers(1, 25)),
        steps=draw(st.integers(1, 6)),
        weight_bits=draw(st.sampled_from([8, 6, 4])),
        sparsity=draw(st.sampled_from([0.0, 0.5, 0.95])),
        norm=draw(st.booleans()),
        spread=draw(st.sampled_from([0.3, 1.0, 3.0])),
    )


@st.composite
def streams(draw: st.DrawFn, most_units: int = 12, most_ticks: int = 160) -> Stream:
    """Streams from none to `most_ticks` ticks, so that many are shorter than the history."""
    decoder = draw(decoders(most_units))
    rate, maximum = draw(st.sampled_from([(0.02, 1), (0.3, 3), (5.0, 255), (300.0, 255)]))
    counts = random_counts(
        draw(st.integers(0, 2**32)),
        draw(st.integers(0, most_ticks)),
        decoder.geometry.channels,
        rate=rate,
        maximum=maximum,
    )
    return Stream(decoder, counts)


def spikes(row: np.ndarray) -> np.ndarray:
    """Return the channel of each spike of one tick."""
    return np.repeat(np.arange(len(row)), row)
