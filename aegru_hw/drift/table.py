"""The drift's table: means over seeds by session and column, over sessions, and their ratios."""

from collections.abc import Sequence
from dataclasses import dataclass

from aegru_hw.benchmark.table import Mean, Results, with_error
from aegru_hw.drift.columns import ANEW, NOTHING, RECALIBRATED, STATISTICS, UNCHANGED


@dataclass(frozen=True)
class Comparison:
    """A column beside another, over the sessions: difference and ratio of the mean R², and in how
    many of the sessions it is above."""

    column: str
    other: str
    difference: float
    ratio: float
    above: int
    sessions: int


@dataclass(frozen=True)
class DriftTable:
    """R² by session and column, mean over seeds; mean over sessions with its standard error.

    mismatches: summed over all decoders; None where none was compared.
    """

    sessions: dict[str, dict[str, Mean]]
    mean: dict[str, Mean]
    comparisons: tuple[Comparison, ...]
    mismatches: int | None
    decoders: int


def summarise(results: Results, columns: Sequence[str]) -> DriftTable:
    """Return the table of all results."""
    sessions = {
        name: {
            column: with_error([rows[column].r2 for rows in seeds.values()]) for column in columns
        }
        for name, seeds in results.items()
    }
    mean = {column: with_error([row[column].r2 for row in sessions.values()]) for column in columns}
    counts = [
        row.mismatches
        for seeds in results.values()
        for rows in seeds.values()
        for name, row in rows.items()
        if name in columns and row.mismatches is not None
    ]
    pairs = [(STATISTICS, UNCHANGED)]
    pairs += [(column, other) for column in RECALIBRATED for other in (*NOTHING, ANEW)]
    found = [_comparison(sessions, *pair) for pair in pairs if set(pair) <= set(columns)]
    return DriftTable(
        sessions,
        mean,
        tuple(one for one in found if one is not None),
        sum(counts) if counts else None,
        len(counts),
    )


def _comparison(sessions: dict[str, dict[str, Mean]], column: str, other: str) -> Comparison | None:
    both = [
        (mine, theirs)
        for row in sessions.values()
        if (mine := row[column].r2) is not None and (theirs := row[other].r2) is not None
    ]
    if not both:
        return None
    mine, theirs = (sum(values) / len(both) for values in zip(*both, strict=True))
    ratio = mine / theirs if theirs > 0 else float("nan")
    above = sum(one > two for one, two in both)
    return Comparison(column, other, mine - theirs, ratio, above, len(both))
