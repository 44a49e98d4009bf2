from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedType
from aegru_hw.fixedpoint.types import width_for
from tests.fixedpoint.scalar import requantized, two_to

exact = settings(deadline=None, derandomize=True, max_examples=200)
signed_types = st.builds(FixedType, st.integers(1, 63), st.integers(-63, 63))
unsigned_types = st.builds(FixedType, st.integers(1, 62), st.integers(-63, 63), st.just(False))
types = signed_types | unsigned_types


@exact
@given(types)
def test_range_is_that_of_ap_fixed(kind: FixedType) -> None:
    assert kind.max_code - kind.min_code + 1 == 2**kind.width
    assert kind.min_code == (-kind.max_code - 1 if kind.signed else 0)
    assert kind.integer + kind.fraction == kind.width
    assert kind.resolution == 2.0**-kind.fraction
    assert kind.holds(np.array([kind.min_code, kind.max_code]))
    assert not kind.holds(np.array([kind.max_code + 1]))
    assert not kind.holds(np.array([kind.min_code - 1]))


@pytest.mark.parametrize("signed", [True, False])
def test_codes_are_all_codes_in_order(signed: bool) -> None:
    kind = FixedType(5, 2, signed)
    assert kind.codes.tolist() == list(range(kind.min_code, kind.max_code + 1))
    assert kind.value(kind.codes).tolist() == [code / 4 for code in kind.codes.tolist()]


@exact
@given(types, st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
def test_nearest_rounds_half_to_even_and_saturates(kind: FixedType, value: float) -> None:
    # Beyond 2^900, scaling by the fraction would overflow a double.
    value = float(np.clip(value, -(2.0**900), 2.0**900))
    expected = requantized(Fraction(value), kind) / two_to(-kind.fraction)
    assert int(kind.nearest(np.array([value]))[0]) == expected


def test_nearest_of_ties_is_even() -> None:
    kind = FixedType(8, 0)
    assert kind.nearest([0.5, 1.5, 2.5, -0.5, -1.5, -2.5]).tolist() == [0, 2, 2, 0, -2, -2]


def test_nearest_saturates_infinity_and_refuses_nan() -> None:
    kind = FixedType(63, 0)
    assert kind.nearest([np.inf, -np.inf]).tolist() == [kind.max_code, kind.min_code]
    with pytest.raises(ValueError, match="NaN"):
        kind.nearest([1.0, np.nan])


@pytest.mark.parametrize(
    ("width", "fraction", "signed"),
    [(0, 0, True), (64, 0, True), (63, 0, False), (-1, 0, True), (8, 64, True), (8, -64, True)],
)
def test_width_and_fraction_out_of_range_are_refused(
    width: int, fraction: int, signed: bool
) -> None:
    with pytest.raises(ValueError, match=r"not within"):
        FixedType(width, fraction, signed)


def test_text_is_the_hls_type() -> None:
    assert str(FixedType(8, 3)) == "ap_fixed<8,5>"
    assert str(FixedType(8, 8, signed=False)) == "ap_ufixed<8,0>"


@exact
@given(st.integers(-(2**61), 2**61), st.integers(-(2**61), 2**61))
def test_width_for_is_the_least_that_holds_both(one: int, other: int) -> None:
    low, high = sorted((one, other))
    width = width_for(low, high)
    assert FixedType(width, 0).holds(np.array([low, high]))
    assert width == 1 or not FixedType(width - 1, 0).holds(np.array([low, high]))


@pytest.mark.parametrize(
    ("low", "high", "width"), [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-2, 1, 2), (-3, 0, 3), (3, 4, 4)]
)
def test_width_for_small_ranges(low: int, high: int, width: int) -> None:
    assert width_for(low, high) == width
