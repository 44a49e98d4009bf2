"""The benchmark's table: mean and standard error over seeds, by recording and over recordings."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import fmean, stdev

from aegru_hw.benchmark.measure import ROWS, CaseFacts
from aegru_hw.benchmark.published import Published, published_rows
from aegru_hw.benchmark.rows import Row

Results = dict[str, dict[int, dict[str, Row]]]
"""Of each recording's name, of each seed, each row's result."""


@dataclass(frozen=True)
class Mean:
    """Mean R² (None where one is undefined) and its standard error; None for one result."""

    r2: float | None
    se: float | None


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
    mean: dict[str, Mean]
    published: tuple[Published, ...]


def summarise(results: Results, facts: dict[str, CaseFacts]) -> Table:
    """Return the table of all results.

    The mean over recordings averages them first, seed by seed. Decoders without chance have one
    result.
    """
    recordings = {
        name: RecordingTable(facts[name], {row: _over_seeds(seeds, row) for row in ROWS})
        for name, seeds in results.items()
    }
    return Table(recordings, _over_recordings(results), published_rows())


def _over_seeds(seeds: dict[int, dict[str, Row]], row: str) -> Line:
    found = [rows[row] for rows in seeds.values()]
    mean = _with_error([result.r2 for result in found])
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


def _over_recordings(results: Results) -> dict[str, Mean]:
    common = sorted(set.intersection(*(set(seeds) for seeds in results.values())))
    return {
        row: _with_error(
            [_mean_of([seeds[seed][row].r2 for seeds in results.values()]) for seed in common]
        )
        for row in ROWS
    }


def _with_error(r2: list[float | None]) -> Mean:
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


def table_text(table: Table, seeds: int) -> str:
    """Return the table as lines for people."""
    lines = [f"test R², mean and standard error of {seeds} seeds"]
    for name, recording in table.recordings.items():
        facts = recording.facts
        lines += [
            "",
            f"{name}: {facts.channels} channels, {facts.tick_seconds * 1000:g} ms ticks",
            _heading(),
        ]
        lines += [_line(row, values) for row, values in recording.rows.items()]
    lines += ["", f"mean of {len(table.recordings)} recordings"]
    lines += [f"{row:34} {_r2(values)}" for row, values in table.mean.items()]
    lines += ["", "published, mean of six other recordings (Zenodo record 583331)"]
    for other in table.published:
        note = "" if other.note is None else f"  ({other.note})"
        lines.append(f"{other.name:34} {other.r2:.3f}{note}; {other.source}")
    return "\n".join(lines)


def _heading() -> str:
    columns = f"{'R²':>6} {'±':>6} {'MACs':>8} {'of dense':>8} {'bytes':>7}"
    return f"{'':34} {columns} {'NB dense':>8} {'NB MACs':>8} {'mismatches':>10}"


def _line(row: str, line: Line) -> str:
    share = " " * 8 if line.share is None else f"{line.share:8.1%}"
    cells = f"{_r2(line)} {line.macs:8,.0f} {share} {line.footprint_bytes:7,.0f}"
    if line.neurobench is not None:
        cells += f" {line.neurobench['dense']:8,.0f} {line.neurobench['effective_macs']:8,.0f}"
    if line.mismatches is not None:
        cells += f" {line.mismatches:10}"
    return f"{row:34} {cells}".rstrip()


def _r2(values: Mean) -> str:
    error = " " * 6 if values.se is None else f"{values.se:6.4f}"
    return f"{'none':>6} {error}" if values.r2 is None else f"{values.r2:6.4f} {error}"
