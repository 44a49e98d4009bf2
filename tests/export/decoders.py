"""Decoders whose types are at the edges of what exported code has to take."""

from dataclasses import replace

from aegru_hw.fixedpoint import FixedDecoder, FixedType
from aegru_hw.fixedpoint.made_up import random_decoder


def small(seed: int = 1, **options: object) -> FixedDecoder:
    """Return a small decoder, of other sizes where they are given."""
    sizes = {"channels": 7, "latent": 5, "hidden": 6, "window": 6, "steps": 3}
    return random_decoder(seed, **(sizes | options))


def with_rate(decoder: FixedDecoder, every: int) -> FixedDecoder:
    return replace(decoder, geometry=replace(decoder.geometry, every=every))


def edges() -> dict[str, FixedDecoder]:
    """Return decoders by what is at an edge in them."""
    plain, bare = small(), small(2, norm=False)
    return {
        "one step, one tick, one unit": small(
            channels=1, latent=1, hidden=1, window=1, steps=1, sparsity=0.0
        ),
        "no weights": small(sparsity=1.0),
        "every third tick": with_rate(small(3), 3),
        "every sixth tick, no norm": with_rate(bare, 6),
        "velocity finer than its sums": replace(plain, velocity=FixedType(24, 40)),
        "velocity far coarser": replace(plain, velocity=FixedType(6, -40)),
        "coarse mixed state": replace(bare, mixed_state=FixedType(10, 3), state=FixedType(16, 12)),
        "wide mixed state": replace(plain, mixed_state=FixedType(24, 20)),
        "wide units": replace(
            plain,
            mixed_state=FixedType(20, 17),
            recurrent_candidate=FixedType(24, 20),
            latent=FixedType(12, 8),
        ),
        "many units": small(hidden=100, latent=300, channels=3),
        "saturated": small(spread=6.0),
    }
