"""The Brevitas network over a stream, as the window form sees it."""

import numpy as np
import pytest

from aegru_hw.executions.brevitas import _window_counts


@pytest.mark.parametrize("window", [1, 2, 5])
def test_window_counts_follow_silence(window) -> None:
    counts = np.random.default_rng(window).integers(0, 300, (9, 3))
    silent = 2 * window
    found = _window_counts(counts, window, silent)
    padded = np.concatenate([np.zeros((silent, 3), dtype=np.int64), counts])
    for tick in range(len(padded)):
        expected = padded[max(tick - window + 1, 0) : tick + 1].sum(axis=0)
        np.testing.assert_array_equal(found[tick], expected)


def test_window_counts_saturate_where_features_have_long_done() -> None:
    found = _window_counts(np.full((4, 1), 20_000), 3, 3)
    assert found.max() == np.iinfo(np.int16).max
