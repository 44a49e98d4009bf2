"""Counting mismatches: every pair, every tick, either code."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aegru_hw.executions.compare import differing_ticks, mismatches

CODES = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12)


def test_every_pair_has_its_count() -> None:
    zeros = np.zeros((5, 2), dtype=np.int64)
    one, two = zeros.copy(), zeros.copy()
    one[1, 0] = 1
    two[1, 0] = 1
    two[4] = (2, -2)
    assert mismatches({"fixed": zeros, "live": one, "rtl": two}) == {
        "live_vs_fixed": 1,
        "rtl_vs_fixed": 2,
        "rtl_vs_live": 1,
    }
    assert mismatches({"fixed": zeros}) == {}


@given(CODES, CODES)
def test_a_tick_counts_once_however_it_differs(first, second) -> None:
    ticks = min(len(first), len(second))
    a, b = np.array(first[:ticks]), np.array(second[:ticks])
    expected = sum(x != y for x, y in zip(first[:ticks], second[:ticks], strict=True))
    assert differing_ticks(a, b) == differing_ticks(b, a) == expected


def test_other_numbers_of_ticks_are_no_comparison() -> None:
    with pytest.raises(ValueError, match="beside"):
        differing_ticks(np.zeros((4, 2), np.int64), np.zeros((5, 2), np.int64))
