"""table.json of a sweep over lanes: a row for each target and number of lanes."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from aegru_hw.synthesis.resources import Use

TABLE = "table.json"
PLACED, ESTIMATED, DOES_NOT_FIT, FAILED = "placed", "estimated", "does not fit", "failed"
"""Status of a row; estimated: by the synthesis alone."""


@dataclass(frozen=True)
class Spread:
    """Mean and largest of a quantity over the scored ticks."""

    mean: float
    max: float

    @classmethod
    def of(cls, values: NDArray[np.int64]) -> Self:
        """Return the spread of a quantity of (T,) ticks, at least one."""
        return cls(float(values.mean()), float(values.max()))

    def over(self, divisor: float) -> "Spread":
        """Return the spread of the quantity divided by a number, such as cycles by MHz."""
        return Spread(self.mean / divisor, self.max / divisor)


@dataclass(frozen=True)
class LaneRow:
    """One engine of the sweep; None where a value is not known.

    says: the tool's line where the engine does not fit or a tool failed.
    clock_mhz, fmax_mhz, timing_met, running_mhz, resources: as in `Resources`.
    cycles, latency_cycles, latency_us: by the cost model, the last at running_mhz.
    energy_nj: of a tick, an estimate (aegru_hw/cost/energy.py).
    """

    target: str
    lanes: int
    status: str
    says: str | None
    clock_mhz: float | None
    fmax_mhz: float | None
    timing_met: bool | None
    running_mhz: float | None
    resources: dict[str, Use] | None
    cycles: Spread
    latency_cycles: Spread
    latency_us: Spread | None
    energy_nj: float


@dataclass(frozen=True)
class LaneTable:
    """What table.json holds. ticks: how many were scored."""

    ticks: int
    rows: tuple[LaneRow, ...]

    @property
    def failed(self) -> tuple[LaneRow, ...]:
        """The rows of which a tool failed."""
        return tuple(row for row in self.rows if row.status == FAILED)
