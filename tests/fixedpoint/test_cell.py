from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedDecoder, FixedType, LiveDecoder
from aegru_hw.fixedpoint.cell import cell
from aegru_hw.fixedpoint.made_up import random_decoder
from tests.fixedpoint import scalar
from tests.fixedpoint.geometries import decoders, exact
from tests.fixedpoint.scalar import two_to

TENSORS = [
    "latent",
    "recurrent_product",
    "reset",
    "update",
    "recurrent_candidate",
    "candidate",
    "mixed_state",
    "normalised",
    "state",
    "velocity",
]


def values(codes: np.ndarray, kind: FixedType) -> list[Fraction]:
    return [code * two_to(-kind.fraction) for code in codes.tolist()]


@settings(exact, max_examples=100)
@given(decoders(), st.integers(0, 2**32))
def test_cell_equals_exact_rationals(decoder: FixedDecoder, seed: int) -> None:
    generator = np.random.default_rng(seed)
    geometry, latent, state = decoder.geometry, decoder.latent, decoder.state
    latents = generator.integers(latent.min_code, latent.max_code, (3, geometry.latent))
    states = generator.integers(state.min_code, state.max_code, (3, geometry.hidden))
    found = cell(decoder, decoder.input(latents), states)
    for latent_row, state_row, next_row in zip(latents, states, found, strict=True):
        expected = scalar.cell(decoder, values(latent_row, latent), values(state_row, state))
        assert values(next_row, state) == expected


@pytest.mark.parametrize("norm", [True, False])
def test_cell_broadcasts_one_input_product_over_chains(norm: bool) -> None:
    decoder = random_decoder(3, channels=4, latent=5, hidden=6, norm=norm)
    generator = np.random.default_rng(4)
    product = decoder.input(generator.integers(-128, 128, 5))
    states = generator.integers(-128, 128, (7, 6))
    found = cell(decoder, product, states)
    assert found.tolist() == [cell(decoder, product, state).tolist() for state in states]


@pytest.mark.parametrize("norm", [True, False])
def test_observer_sees_each_tensor_in_order(norm: bool) -> None:
    decoder = random_decoder(3, channels=4, latent=5, hidden=6, steps=3, norm=norm)
    seen: list[tuple[str, tuple[int, ...]]] = []
    live = LiveDecoder(decoder)
    live.step([1, 2], lambda name, codes: seen.append((name, codes.shape)))
    asked = [name for name in TENSORS if norm or name != "normalised"]
    shapes = {"latent": (5,), "recurrent_product": (3, 18), "velocity": (2,)}
    assert seen == [(name, shapes.get(name, (3, 6))) for name in asked]
