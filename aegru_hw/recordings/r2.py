"""The coefficient of determination of decoded velocity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.errors import UserError
from aegru_hw.fixedpoint.labels import constant_axes


@dataclass(frozen=True)
class R2:
    """R² of x, of y and their mean; None where it is undefined, because an axis is constant.

    mean: None where either is.
    """

    mean: float | None
    x: float | None
    y: float | None

    def __str__(self) -> str:
        axes = ", ".join(f"{axis} {_shown(getattr(self, axis))}" for axis in "xy")
        return f"R² {'undefined' if self.mean is None else f'{self.mean:.4f}'} ({axes})"


def r2_score(velocity: ArrayLike, decoded: ArrayLike) -> R2:
    """Return R² for true and decoded velocity, (n, 2) each.

    R² = 1 - sum (v - v')² / sum (v - mean v)² over all n ticks, in float64; None for an axis whose
    true velocity is constant up to rounding (`constant_axes`).

    Raises UserError for other shapes, and naming the first tick and axis that is not finite.
    """
    true, found = np.asarray(velocity), np.asarray(decoded)
    for name, array in (("true", true), ("decoded", found)):
        _check(name, array, true.shape)
    constant = constant_axes(true)
    true = true.astype(np.float64)
    residual = ((true - found) ** 2).sum(axis=0)
    spread = ((true - true.mean(axis=0)) ** 2).sum(axis=0)
    x, y = (
        None if constant[axis] else float(1 - residual[axis] / spread[axis]) for axis in range(2)
    )
    return R2(None if x is None or y is None else (x + y) / 2, x, y)


def _check(name: str, array: NDArray[np.generic], shape: tuple[int, ...]) -> None:
    if array.ndim != 2 or array.shape[1] != 2 or not len(array) or array.shape != shape:
        raise UserError(
            f"{name} velocity has shape {array.shape}; R² needs two of one shape (ticks, 2)"
        )
    finite = np.isfinite(array)
    if not finite.all():
        tick, axis = np.unravel_index(int(np.argmin(finite)), array.shape)
        raise UserError(
            f"{name} velocity is {array[tick, axis]} at tick {tick}, axis {'xy'[axis]}; R² needs "
            "finite numbers"
        )


def _shown(value: float | None) -> str:
    return "is constant" if value is None else f"{value:.4f}"
