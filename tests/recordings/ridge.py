"""A ridge decoder, the linear yardstick of the tests."""

import numpy as np


def lagged(counts: np.ndarray, wanted: np.ndarray, lag: int, lags: int) -> np.ndarray:
    """Return counts now and `lags` - 1 times `lag` ticks earlier, and a constant, (n, features)."""
    ticks = np.flatnonzero(wanted)
    columns = [counts[ticks - lag * back] for back in range(lags)]
    columns.append(np.ones((len(ticks), 1), counts.dtype))
    return np.concatenate(columns, axis=1).astype(np.float32)


def ridge_r2(
    train: np.ndarray, labels: np.ndarray, test: np.ndarray, truth: np.ndarray, penalty: float
) -> np.ndarray:
    """Return R² of x and y on the test part of a ridge regression fitted to the training part."""
    mean, scale = labels.mean(axis=0), labels.std(axis=0)
    gram = (train.T @ train).astype(np.float64)
    gram[np.diag_indices(len(gram) - 1)] += penalty
    weights = np.linalg.solve(gram, train.T.astype(np.float64) @ ((labels - mean) / scale))
    residual = (truth - mean) / scale - test @ weights
    spread = (truth - truth.mean(axis=0)) / scale
    return 1 - (residual**2).sum(axis=0) / (spread**2).sum(axis=0)
