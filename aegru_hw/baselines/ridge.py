"""Ridge regression on lagged window counts: the Wiener filter."""

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from aegru_hw.baselines.score import BaselineScore, float_bytes
from aegru_hw.decoder.data import Dataset
from aegru_hw.recordings.r2 import r2_score

PENALTIES = tuple(10.0**power for power in range(-1, 6))


def ridge(dataset: Dataset) -> BaselineScore:
    """Fit velocity on the counts of the N windows that AEGRU sees, C·N inputs.

    The penalty is the best on validation; then both splits are fitted, as AEGRU's fine-tuning
    does.
    """
    truth = dataset.labels.numpy()
    train = lagged(dataset, dataset.train)
    held_out = lagged(dataset, dataset.validation)

    def validation_r2(penalty: float) -> float:
        model = _fitted(train, truth[dataset.train.numpy()], penalty)
        r2 = r2_score(truth[dataset.validation.numpy()], model.predict(held_out)).mean
        return -math.inf if r2 is None else r2  # undefined for every penalty: the first is taken

    best = max(PENALTIES, key=validation_r2)
    both = dataset.train_and_validation(1)
    model = _fitted(lagged(dataset, both), truth[both.numpy()], best)
    inputs = dataset.channels * dataset.steps
    decoded = model.predict(lagged(dataset, dataset.test))
    return BaselineScore(
        r2=r2_score(truth[dataset.test.numpy()], decoded),
        macs=2 * inputs,
        footprint_bytes=float_bytes(2 * (inputs + 1), dataset.channels),
        ticks=len(decoded),
    )


def lagged(dataset: Dataset, ticks: Tensor) -> NDArray[np.float32]:
    """Return the window counts (n, N·C) of the N windows before each tick."""
    counts = dataset.counts[dataset.history(ticks).flatten()].numpy()
    return counts.reshape(len(ticks), -1).astype(np.float32)


def _fitted(x: NDArray[np.float32], y: NDArray[np.float32], penalty: float) -> Pipeline:
    # The scaler folds into weights and bias: it costs nothing when the decoder runs.
    return make_pipeline(StandardScaler(), Ridge(alpha=penalty)).fit(x, y)
