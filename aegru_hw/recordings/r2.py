"""The coefficient of determination of decoded velocity."""

import numpy as np
from numpy.typing import NDArray


def r2_score(velocity: NDArray[np.floating], decoded: NDArray[np.floating]) -> dict[str, float]:
    """Return R² of x, of y and their mean, for true and decoded velocity (n, 2).

    R² = 1 - sum (v - v')² / sum (v - mean v)² over all n ticks; NaN for an axis that never moves.
    """
    residual = ((velocity - decoded) ** 2).sum(axis=0, dtype=np.float64)
    spread = ((velocity - velocity.mean(axis=0)) ** 2).sum(axis=0, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        x, y = np.where(spread > 0, 1 - residual / spread, np.nan)
    return {"mean": float(x + y) / 2, "x": float(x), "y": float(y)}
