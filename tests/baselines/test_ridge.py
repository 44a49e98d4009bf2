import numpy as np

from aegru_hw.baselines.ridge import PENALTIES, lagged, ridge
from aegru_hw.decoder.config import make_config
from aegru_hw.decoder.data import Dataset
from aegru_hw.recordings.r2 import r2_score
from tests.support.recordings import QUICK, small_recording


def dataset() -> Dataset:
    return Dataset.from_recording(small_recording(), make_config(overrides=QUICK))


def test_lagged_inputs_are_the_windows_one_by_one() -> None:
    data = dataset()
    ticks = data.test[:7]
    found = lagged(data, ticks)
    for row, tick in zip(found, ticks.tolist(), strict=True):
        windows = [
            data.counts[tick - (data.steps - 1 - step) * data.window] for step in range(data.steps)
        ]
        assert row.tolist() == np.concatenate(windows).tolist()


def normal_equations(x: np.ndarray, y: np.ndarray, penalty: float) -> tuple:
    mean, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale == 0] = 1
    standard = (x - mean) / scale
    weight = np.linalg.solve(
        standard.T @ standard + penalty * np.eye(x.shape[1]), standard.T @ (y - y.mean(axis=0))
    )
    return lambda new: (new - mean) / scale @ weight + y.mean(axis=0)


def test_ridge_is_the_normal_equations_at_the_best_penalty_on_validation() -> None:
    data = dataset()
    truth = data.labels.numpy().astype(float)
    x = {
        part: lagged(data, getattr(data, part)).astype(float)
        for part in ("train", "validation", "test")
    }
    y = {part: truth[getattr(data, part)] for part in x}
    on_validation = [
        r2_score(
            y["validation"], normal_equations(x["train"], y["train"], penalty)(x["validation"])
        ).mean
        for penalty in PENALTIES
    ]
    best = PENALTIES[int(np.argmax(on_validation))]
    both = np.vstack([x["train"], x["validation"]]), np.vstack([y["train"], y["validation"]])
    expected = r2_score(y["test"], normal_equations(*both, best)(x["test"]))
    score = ridge(data)
    np.testing.assert_allclose(score.r2.mean, expected.mean, atol=1e-4)
    inputs = data.channels * data.steps
    assert score.macs == 2 * inputs
    assert score.footprint_bytes == 4 * (2 * inputs + 2 + data.channels)
    assert score.ticks == len(data.test)
