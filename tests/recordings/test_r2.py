import json
from dataclasses import asdict

import numpy as np
import pytest

from aegru_hw.errors import UserError
from aegru_hw.recordings.r2 import R2, r2_score


def moving(kind: type = np.float64) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(500, 2)).astype(kind)


def test_r2_is_its_definition() -> None:
    true = np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]])
    decoded = true + np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 3.0]])
    # The spread of x is 4 + 0 + 4, that of y 1 + 1 + 4.
    score = r2_score(true, decoded)
    assert (score.x, score.y) == (1 - 1 / 8, 1 - 9 / 6)
    assert score.mean == (score.x + score.y) / 2


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -1e30])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_constant_axis_has_none(kind: type, value: float, axis: int) -> None:
    """The mean of equal numbers is another number, so that their spread is not 0."""
    true = moving(kind)
    true[:, axis] = value
    score = r2_score(true, moving(kind))
    constant, other = (score.x, score.y)[:: 1 - 2 * axis]
    assert constant is None
    assert score.mean is None
    assert other == 1.0


def test_where_nothing_moves_nothing_is_defined() -> None:
    assert r2_score(np.full((7, 2), 0.1), moving()[:7]) == R2(None, None, None)
    assert r2_score([[1.0, 2.0]], [[1.0, 2.0]]) == R2(None, None, None)


@pytest.mark.parametrize(("offset", "error"), [(0.0, 1e-6), (1e4, 1e-3)])
def test_float32_far_from_zero_is_scored_in_float64(offset: float, error: float) -> None:
    true = moving() + offset
    decoded = true + 0.1
    exact = r2_score(true, decoded)
    rounded = r2_score(true.astype(np.float32), decoded.astype(np.float32))
    assert exact.mean is not None
    assert rounded.mean == pytest.approx(exact.mean, abs=error)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["true", "decoded"])
def test_what_is_not_finite_is_refused(name: str, value: float) -> None:
    arrays = {"true": moving(), "decoded": moving()}
    arrays[name][17, 1] = value
    with pytest.raises(UserError) as caught:
        r2_score(*arrays.values())
    assert str(caught.value) == (
        f"{name} velocity is {value} at tick 17, axis y; R² needs finite numbers"
    )


@pytest.mark.parametrize(
    "shapes", [((3, 2), (4, 2)), ((3,), (3,)), ((3, 3), (3, 3)), ((0, 2),) * 2]
)
def test_other_shapes_are_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(UserError, match="R² needs two of one shape"):
        r2_score(*[np.zeros(shape) for shape in shapes])


def test_it_prints_what_is_constant() -> None:
    assert str(R2(0.5, 0.25, 0.75)) == "R² 0.5000 (x 0.2500, y 0.7500)"
    assert str(R2(None, None, -0.5)) == "R² undefined (x is constant, y -0.5000)"


def test_its_json_is_null_where_undefined() -> None:
    assert json.dumps(asdict(R2(None, 0.5, None))) == '{"mean": null, "x": 0.5, "y": null}'
