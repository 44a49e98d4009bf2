"""The scaling between normalised and physical velocity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aegru_hw.errors import UserError

ROUNDINGS = 16
"""Units in the last place, of the largest magnitude, that an axis may span without moving."""


@dataclass(frozen=True, eq=False)
class LabelScaling:
    """Mean and scale of the velocity, (2,) each, of the training ticks only."""

    mean: NDArray[np.float64]
    scale: NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("mean", "scale"):
            value = np.asarray(getattr(self, name), dtype=np.float64)
            if value.shape != (2,) or not np.isfinite(value).all():
                raise UserError(f"label {name} {value} is not two finite numbers")
            object.__setattr__(self, name, value)
        if not (self.scale > 0).all():
            raise UserError(f"label scale {self.scale} is not positive")

    @classmethod
    def from_training(
        cls, velocity: NDArray[np.float64], train: NDArray[np.bool_] | NDArray[np.integer]
    ) -> "LabelScaling":
        """Take mean and standard deviation over the training ticks (mask or index)."""
        labels = velocity[train]
        if len(labels) == 0:
            raise UserError("no training tick to scale the velocity by; give a longer recording")
        constant = constant_axes(labels)
        if constant.any():
            axis = "xy"[int(np.argmax(constant))]
            raise UserError(
                f"velocity {axis} never changes in the training split; give one that moves"
            )
        return cls(labels.mean(axis=0), labels.std(axis=0))

    def normalise(self, velocity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (velocity - mean) / scale, (n, 2)."""
        return (velocity - self.mean) / self.scale

    def denormalise(self, labels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return labels * scale + mean, (n, 2)."""
        return labels * self.scale + self.mean


def constant_axes(velocity: ArrayLike) -> NDArray[np.bool_]:
    """Tell of velocity (n, 2), n >= 1, which axes are constant, (2,): up to rounding in its type.

    The range tells it, not the variance: the mean of equal numbers may differ from them by a
    rounding error, and then the variance is not 0. A float32 axis rounds more coarsely than a
    float64 one, and either the more coarsely the farther from 0 it lies.
    """
    array = np.asarray(velocity)
    kind = array.dtype if array.dtype.kind == "f" else np.dtype(np.float64)
    span = np.ptp(array.astype(np.float64), axis=0)
    return np.asarray(span <= ROUNDINGS * float(np.finfo(kind).eps) * np.abs(array).max(axis=0))
