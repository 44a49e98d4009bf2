"""Firing rates in Hz that are not taken for counts."""

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings.rates import spike_counts_of

COUNTS = np.random.default_rng(0).integers(0, 12, (50, 4))


@pytest.mark.parametrize("tick", [0.05, 0.03, 0.004])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rates_become_counts(tick, dtype) -> None:
    rates = (COUNTS / tick).astype(dtype)
    assert np.array_equal(spike_counts_of(rates, tick, rates=True), COUNTS)
    with pytest.raises(UserError, match="--rates"):
        spike_counts_of(rates, tick, rates=None)


@pytest.mark.parametrize("bits", [0x7FF4000000000000, 0x7FF0000000000000, 0xFFF8000000000000])
def test_what_is_not_finite_is_left_to_the_recording(bits: int) -> None:
    values = np.array([[bits, 0]], dtype=np.uint64).view(np.float64)
    assert spike_counts_of(values, 0.05, rates=None) is values


def test_nearly_ten() -> None:
    rates = np.array([[9.999999999999858 / 0.05]])
    assert spike_counts_of(rates, 0.05, rates=True).tolist() == [[10]]


def test_counts_stay_counts() -> None:
    for values in (COUNTS, np.zeros((5, 2)), COUNTS > 3):
        assert spike_counts_of(values, 0.05, rates=None) is values
    assert spike_counts_of(COUNTS * 20, 0.05, rates=False).max() == 20 * COUNTS.max()


def test_smoothed_rates_are_refused() -> None:
    smooth = COUNTS / 0.05 + 0.3
    with pytest.raises(UserError, match="smoothed"):
        spike_counts_of(smooth, 0.05, rates=None)
    with pytest.raises(UserError, match="smoothed rates cannot be turned into counts"):
        spike_counts_of(smooth, 0.05, rates=True)
