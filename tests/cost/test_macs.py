"""Multiply-accumulates of both schedules, for the paper's geometry."""

import pytest

from aegru_hw.cost.macs import reference_dense, streaming_dense
from aegru_hw.fixedpoint import Geometry


@pytest.mark.parametrize(
    ("channels", "reference", "streaming"), [(96, 46_144, 18_496), (192, 61_504, 21_568)]
)
def test_dense_macs_of_both_schedules(channels, reference, streaming) -> None:
    geometry = Geometry(channels, 32, 32, 20, 5, 0.004)
    assert reference_dense(geometry) == reference
    assert streaming_dense(geometry) == streaming
