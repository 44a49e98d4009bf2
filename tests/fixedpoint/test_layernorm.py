from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedType
from aegru_hw.fixedpoint.layernorm import (
    RSQRT_TYPE,
    LayerNorm,
    epsilon_code,
    moments,
    rsqrt_address,
    rsqrt_intervals,
    rsqrt_table,
)
from tests.fixedpoint.scalar import layer_norm, normalised, two_to

exact = settings(deadline=None, derandomize=True, max_examples=100)
MIXED = FixedType(12, 9)
STATE = FixedType(8, 5)


def norm_of(hidden: int, seed: int = 0, epsilon: int | None = None) -> LayerNorm:
    generator = np.random.default_rng(seed)
    code = epsilon_code(1e-5, hidden, MIXED.fraction) if epsilon is None else epsilon
    return LayerNorm(
        scale=generator.integers(-128, 128, hidden),
        scale_type=FixedType(8, 6),
        bias=generator.integers(-8000, 8000, hidden),
        epsilon=code,
        rsqrt=rsqrt_table(),
        normalised=FixedType(12, 8),
    )


def states_of(hidden: int, seed: int, ticks: int = 50) -> np.ndarray:
    """Return mixed states from tiny to saturated, and with a few extreme ones."""
    generator = np.random.default_rng(seed)
    reach = 2.0 ** generator.uniform(0, 12, (ticks, 1))
    random = MIXED.nearest(generator.normal(size=(ticks, hidden)) * reach * MIXED.resolution)
    one_high, alternating = np.zeros((2, hidden), dtype=np.int64)
    one_high[0], alternating[:] = MIXED.max_code, MIXED.min_code
    alternating[::2] = MIXED.max_code
    constant = [np.full(hidden, code) for code in (0, 1, -1, MIXED.min_code, MIXED.max_code)]
    return np.vstack([random, one_high, -one_high - 1, alternating, -alternating - 1, *constant])


@exact
@given(st.integers(1, 64), st.integers(0, 2**32), st.sampled_from([None, 1, 2, 7, 10**9]))
def test_normalise_and_affine_equal_exact_rationals(
    hidden: int, seed: int, epsilon: int | None
) -> None:
    norm, states = norm_of(hidden, seed, epsilon), states_of(hidden, seed, ticks=10)
    codes = norm.normalise(states)
    assert codes.tolist() == [normalised(norm, state) for state in states.tolist()]
    found = norm.affine(codes, STATE)
    for state, row in zip(states.tolist(), found.tolist(), strict=True):
        values = [Fraction(code, 2**MIXED.fraction) for code in state]
        assert [code * two_to(-STATE.fraction) for code in row] == layer_norm(
            norm, values, MIXED, STATE
        )


def test_normalise_stays_close_to_float() -> None:
    """1/sqrt is within 1/128 of the middle of its interval, and n within half a code more."""
    hidden = 32
    norm, states = norm_of(hidden), states_of(hidden, seed=3, ticks=400)
    values = MIXED.value(states)
    epsilon = norm.epsilon / hidden**2 * 4.0**-MIXED.fraction
    expected = (values - values.mean(axis=1, keepdims=True)) / np.sqrt(
        values.var(axis=1, keepdims=True) + epsilon
    )
    error = np.abs(norm.normalised.value(norm.normalise(states)) - expected)
    assert (error <= 0.0082 * np.abs(expected) + norm.normalised.resolution / 2).all()


@exact
@given(st.integers(1, 512), st.integers(0, 2**32), st.integers(1, 100))
def test_variance_is_never_zero(hidden: int, seed: int, epsilon: int) -> None:
    states = states_of(hidden, seed, ticks=5)
    _, variance = moments(states, epsilon)
    assert (variance >= epsilon).all()
    assert (variance[-5:] == epsilon).all()


def test_moments_are_the_definition() -> None:
    deviation, variance = moments(np.array([[1, 2, 6], [-4, 0, 4]]), 5)
    assert deviation.tolist() == [[-6, -3, 9], [-12, 0, 12]]
    assert variance.tolist() == [3 * 41 - 81 + 5, 3 * 32 + 5]


def test_rsqrt_address_covers_every_code() -> None:
    addresses = set()
    for leading in range(5, 52):
        variance = (np.arange(32, 64, dtype=np.int64) << 47) >> (52 - leading)
        found, exponent = rsqrt_address(variance)
        assert (exponent == leading // 2).all()
        addresses |= set(found.tolist())
        assert found.tolist() == list(range(32 * (leading % 2), 32 * (leading % 2) + 32))
    assert addresses == set(range(64))


@exact
@given(st.integers(1, 2**53 - 1))
def test_rsqrt_address_holds_its_variance(variance: int) -> None:
    """V = v·4^e lies in the interval that the address stands for."""
    (address,), (exponent,) = rsqrt_address(np.array([variance]))
    low, high = (Fraction(float(bound[address])) for bound in rsqrt_intervals())
    assert low <= Fraction(variance, 4 ** int(exponent)) < high


def test_rsqrt_intervals_tile_one_to_four() -> None:
    low, high = rsqrt_intervals()
    assert (low[0], high[-1]) == (1.0, 4.0)
    assert (low[1:] == high[:-1]).all()


def test_rsqrt_table_is_correctly_rounded_and_falls() -> None:
    low, high = rsqrt_intervals()
    codes = rsqrt_table()
    for code, middle in zip(codes.tolist(), ((low + high) / 2).tolist(), strict=True):
        square = Fraction(4**RSQRT_TYPE.fraction) / Fraction(middle)
        assert Fraction(2 * code - 1, 2) ** 2 < square < Fraction(2 * code + 1, 2) ** 2
    assert (np.diff(codes) < 0).all()
    assert RSQRT_TYPE.holds(codes)


@pytest.mark.parametrize(
    ("epsilon", "hidden", "fraction", "code"),
    [(1e-5, 32, 9, round(1e-5 * 1024 * 4**9)), (1e-5, 2, 4, 1), (0.0, 32, 9, 1), (0.5, 2, 1, 8)],
)
def test_epsilon_code_is_in_units_of_the_variance(
    epsilon: float, hidden: int, fraction: int, code: int
) -> None:
    assert epsilon_code(epsilon, hidden, fraction) == code
