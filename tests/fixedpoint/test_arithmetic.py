from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aegru_hw.fixedpoint import FixedType
from aegru_hw.fixedpoint.arithmetic import align, bit_length, requantize, round_shift, saturate
from tests.fixedpoint.scalar import requantized, two_to
from tests.fixedpoint.test_types import exact, types

codes = st.integers(-(2**61), 2**61)
near_tie = st.builds(
    lambda odd, shift, step: (2 * odd + 1) * 2**shift + step,
    st.integers(-(2**20), 2**20),
    st.integers(0, 30),
    st.integers(-1, 1),
)


@exact
@given(codes | near_tie, st.integers(0, 126))
def test_round_shift_right_is_half_to_even(code: int, shift: int) -> None:
    assert int(round_shift(np.array(code), shift)) == round(Fraction(code, 2**shift))


@exact
@given(st.integers(-(2**20), 2**20), st.integers(0, 41))
def test_round_shift_left_is_exact(code: int, shift: int) -> None:
    assert int(round_shift(np.array(code), -shift)) == code * 2**shift


@settings(exact, max_examples=400)
@given(codes | near_tie, st.integers(-63, 63), types)
def test_requantize_is_exact_for_any_type_and_fraction(
    code: int, fraction: int, target: FixedType
) -> None:
    expected = requantized(code * two_to(-fraction), target) / two_to(-target.fraction)
    assert int(requantize(np.array(code), fraction, target)) == expected


@exact
@given(st.lists(st.tuples(codes | near_tie, st.integers(-63, 63)), min_size=1, max_size=20), types)
def test_requantize_takes_one_fraction_each(
    pairs: list[tuple[int, int]], target: FixedType
) -> None:
    several = requantize(
        np.array([code for code, _ in pairs]), np.array([fraction for _, fraction in pairs]), target
    )
    expected = [
        requantized(code * two_to(-fraction), target) / two_to(-target.fraction)
        for code, fraction in pairs
    ]
    assert several.tolist() == expected


def test_requantize_broadcasts_fractions() -> None:
    given_codes, fractions = np.arange(-6, 6).reshape(3, 4), np.array([[1], [2], [3]])
    found = requantize(given_codes, fractions, FixedType(8, 0))
    assert found.tolist() == [
        [round(Fraction(int(code), 2 ** int(fraction[0]))) for code in row]
        for row, fraction in zip(given_codes, fractions, strict=True)
    ]


def test_every_tie_of_a_small_type_goes_to_even() -> None:
    ties = np.arange(-15, 16, 2)
    assert (round_shift(ties, 1) % 2 == 0).all()
    assert (np.abs(2 * round_shift(ties, 1) - ties) == 1).all()


def test_saturate_clips_at_both_ends() -> None:
    assert saturate(np.array([-9, -8, 7, 8]), FixedType(4, 0)).tolist() == [-8, -8, 7, 7]
    assert saturate(np.array([-1, 0, 15, 16]), FixedType(4, 0, signed=False)).tolist() == [
        0,
        0,
        15,
        15,
    ]


@exact
@given(st.integers(-(2**20), 2**20), st.integers(-20, 20), st.integers(0, 40))
def test_align_keeps_the_value(code: int, fraction: int, finer: int) -> None:
    aligned = int(align(np.array(code), fraction, fraction + finer))
    assert aligned * two_to(-fraction - finer) == code * two_to(-fraction)


def test_align_has_room_whatever_the_codes_come_in() -> None:
    assert align(np.array([100, -100], dtype=np.int8), 3, 13).tolist() == [102_400, -102_400]


def test_align_refuses_a_coarser_fraction() -> None:
    with pytest.raises(ValueError, match="coarser 3"):
        align(np.array([1]), 4, 3)


@exact
@given(st.lists(st.integers(0, 2**53 - 1), min_size=1))
def test_bit_length_is_pythons(values: list[int]) -> None:
    assert bit_length(np.array(values)).tolist() == [value.bit_length() for value in values]


@pytest.mark.parametrize("bit", range(53))
def test_bit_length_beside_each_power_of_two(bit: int) -> None:
    values = [2**bit - 1, 2**bit, min(2**bit + 1, 2**53 - 1)]
    assert bit_length(np.array(values)).tolist() == [value.bit_length() for value in values]
