import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.labels import LabelScaling, constant_axes


def test_scaling_uses_training_ticks_only() -> None:
    velocity = np.array([[1.0, 10.0], [3.0, 30.0], [1e9, -1e9]])
    scaling = LabelScaling.from_training(velocity, np.array([True, True, False]))
    assert scaling.mean.tolist() == [2.0, 20.0]
    assert scaling.scale.tolist() == [1.0, 10.0]
    assert scaling.normalise(velocity)[:2].tolist() == [[-1.0, -1.0], [1.0, 1.0]]
    assert scaling.denormalise(np.array([[0.5, -2.0]])).tolist() == [[2.5, 0.0]]
    by_index = LabelScaling.from_training(velocity, np.array([0, 1]))
    assert by_index.mean.tolist() == scaling.mean.tolist()


def test_scaling_refuses() -> None:
    velocity = np.array([[1.0, 5.0], [3.0, 5.0]])
    with pytest.raises(UserError, match="velocity y never changes"):
        LabelScaling.from_training(velocity, np.array([True, True]))
    with pytest.raises(UserError, match="no training tick"):
        LabelScaling.from_training(velocity, np.array([False, False]))
    with pytest.raises(UserError, match="label mean"):
        LabelScaling(np.array([0.0, np.nan]), np.ones(2))
    with pytest.raises(UserError, match="not positive"):
        LabelScaling(np.zeros(2), np.array([1.0, 0.0]))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, -3.7, 1e6, 1e-30, 1e30])
def test_a_repeated_number_is_constant(value: float, kind: type) -> None:
    velocity = np.full((1001, 2), value, dtype=kind)
    assert constant_axes(velocity).tolist() == [True, True]
    with pytest.raises(UserError, match="velocity x never changes"):
        LabelScaling.from_training(velocity, np.arange(1001))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.1, -3.7, 1e6])
def test_an_axis_that_only_rounds_is_constant(offset: float, kind: type) -> None:
    velocity = np.full((1000, 2), offset, dtype=kind)
    velocity[::3, 1] = np.nextafter(kind(offset), kind(np.inf))
    assert constant_axes(velocity).tolist() == [True, True]


@pytest.mark.parametrize(
    ("offset", "motion", "kind"),
    [
        (0.0, 1e-30, np.float64),
        (0.0, 1e-30, np.float32),
        (1e6, 1.0, np.float32),  # float32 has 1/16 there
        (1e6, 1e-6, np.float64),
        (-1e9, 1e-3, np.float64),
        (0, 1, np.int64),
    ],
)
def test_motion_beside_a_large_offset_is_motion(offset: float, motion: float, kind: type) -> None:
    velocity = np.full((1000, 2), offset, dtype=kind)
    velocity[::2, 0] += kind(motion)
    velocity[::2, 0] += kind(motion)
    assert constant_axes(velocity).tolist() == [False, True]
