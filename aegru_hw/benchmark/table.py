"""The benchmark's table: mean and standard error over seeds, by recording and over recordings."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev

from aegru_hw.benchmark.decoders import ROWS
from aegru_hw.benchmark.measure import CaseFacts
from aegru_hw.benchmark.published import Published, published_rows
from aegru_hw.benchmark.rows import Row

FEWEST_RECORDINGS = 3
"""Over so many recordings a standard error is taken."""

Results = dict[str, dict[int, dict[str, Row]]]
"""Of each recording's name, of each seed, each row's result."""


@dataclass(frozen=True)
class Mean:
    """Mean R² (None where one is undefined) and its standard error; None for one result."""

    r2: float | None
    se: float | None


@dataclass(frozen=True)
class OverRecordings(Mean):
    """`se` is over seeds, of the recordings' mean; se_recordings over recordings, of 3 or more."""

    se_recordings: float | None


@dataclass(frozen=True)
class Line(Mean):
    """And the means over seeds of macs, share, footprint and metrics, the sums of the others."""

    macs: float
    footprint_bytes: float
    share: float | None
    ticks: int | None
    mismatches: int | None
    neurobench: dict[str, float] | None


@dataclass(frozen=True)
class RecordingTable:
    """The lines of one recording, by decoder."""

    facts: CaseFacts
    rows: dict[str, Line]


@dataclass(frozen=True)
class Table:
    """Every recording by name, the mean over them by decoder, and what others published."""

    recordings: dict[str, RecordingTable]
    mean: dict[str, OverRecordings]
    published: tuple[Published, ...]


def summarise(
    results: Results, facts: dict[str, CaseFacts], decoders: Sequence[str] = ROWS
) -> Table:
    """Return the table of all results of some decoders.

    The mean over recordings averages them first, seed by seed. Decoders without chance have one
    result.
    """
    recordings = {
        name: RecordingTable(facts[name], {row: _over_seeds(seeds, row) for row in decoders})
        for name, seeds in results.items()
    }
    common = sorted(set.intersection(*(set(seeds) for seeds in results.values())))
    means = {
        row: _over_recordings(
            [[seeds[seed][row].r2 for seed in common] for seeds in results.values()]
        )
        for row in decoders
    }
    return Table(recordings, means, published_rows())


def _over_seeds(seeds: dict[int, dict[str, Row]], row: str) -> Line:
    found = [rows[row] for rows in seeds.values()]
    mean = with_error([result.r2 for result in found])
    metrics = [asdict(result.neurobench) for result in found if result.neurobench is not None]
    return Line(
        r2=mean.r2,
        se=mean.se,
        macs=fmean(result.macs for result in found),
        footprint_bytes=fmean(result.footprint_bytes for result in found),
        share=_mean_of([result.share for result in found]),
        ticks=_sum_of(result.ticks for result in found),
        mismatches=_sum_of(result.mismatches for result in found),
        neurobench={key: fmean(one[key] for one in metrics) for key in metrics[0]}
        if metrics
        else None,
    )


def _over_recordings(r2: list[list[float | None]]) -> OverRecordings:
    """Return the mean of R² by recording and seed, with both of its standard errors."""
    mean = with_error([_mean_of(list(recordings)) for recordings in zip(*r2, strict=True)])
    by_recording = with_error([_mean_of(seeds) for seeds in r2])
    enough = len(r2) >= FEWEST_RECORDINGS
    return OverRecordings(mean.r2, mean.se, by_recording.se if enough else None)


def with_error(r2: list[float | None]) -> Mean:
    """Return mean and standard error; no error where all results are one and the same."""
    known = [value for value in r2 if value is not None]
    if len(known) < len(r2) or len(set(known)) < 2:
        return Mean(_mean_of(r2), None)
    return Mean(fmean(known), stdev(known) / math.sqrt(len(known)))


def _sum_of(values: Iterable[int | None]) -> int | None:
    """Return the sum of what was measured; None where nothing was."""
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _mean_of(r2: list[float | None]) -> float | None:
    """Return the mean, None where one of them is."""
    known = [value for value in r2 if value is not None]
    return fmean(known) if len(known) == len(r2) else None
