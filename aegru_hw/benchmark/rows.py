"""What the benchmark finds of one decoder on one recording with one seed."""

from dataclasses import dataclass

from aegru_hw.baselines import BaselineScore
from aegru_hw.cost.neurobench import Metrics
from aegru_hw.recordings.r2 import R2


@dataclass(frozen=True)
class Row:
    """One result; one file of the benchmark's folder.

    r2, r2_x, r2_y: over the test split; None where undefined.
    macs: of one output; share: over the dense ones of the reference schedule.
    footprint_bytes: of the parameters and the input's buffer.
    ticks: scored; mismatches: those in which two executions differ, over all pairs.
    all_macs: by schedule; neurobench: NeuroBench's counts.

    What is not measured of a decoder is None.
    """

    r2: float | None
    r2_x: float | None
    r2_y: float | None
    macs: float
    footprint_bytes: int
    share: float | None = None
    ticks: int | None = None
    mismatches: int | None = None
    all_macs: dict[str, float] | None = None
    neurobench: Metrics | None = None

    @classmethod
    def of_baseline(cls, score: BaselineScore) -> "Row":
        """Return the row of a decoder that is none of AEGRU's."""
        return cls(*axes(score.r2), score.macs, score.footprint_bytes, ticks=score.ticks)


def axes(r2: R2) -> tuple[float | None, float | None, float | None]:
    """Return R² as a row begins: mean, x, y."""
    return r2.mean, r2.x, r2.y
