"""What the decoder gave on other recordings than the run's own."""

from aegru_hw.executions.table import REFERENCE
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Section, Table, cell
from aegru_hw.report.sections.accuracy import r2_cells
from aegru_hw.runs.summarise import DIGITS
from aegru_hw.runs.summary import Verification


def other_recordings_section(facts: Facts) -> Section | None:
    """Return the section; None where no other recording was verified."""
    others = facts.summary.other_recordings
    rows = tuple(_row(digest, found) for digest, found in others.items() if found.r2)
    if not rows:
        return None
    return Section(
        "other-recordings",
        "Other recordings",
        "The same decoder over the test split of recordings that it was not trained for.",
        tables=(Table(("recording", "R² mean", "R² x", "R² y", "mismatches", "ticks"), rows),),
        notes=("None of this is part of the figures elsewhere on this page.",),
    )


def _row(digest: str, found: Verification) -> tuple[Cell, ...]:
    r2 = found.r2.get(REFERENCE.name) or next(iter(found.r2.values()))
    count, pairs = sum(found.mismatches.values()), len(found.mismatches)
    mismatches = Cell("not compared", "missing")
    if found.mismatches:
        mismatches = Cell(
            f"{count:,} in {pairs} pair{'' if pairs == 1 else 's'}",
            f"number {'bad' if count else 'good'}",
        )
    return (
        Cell(found.source, note=digest[:DIGITS]),
        *r2_cells(r2),
        mismatches,
        cell(found.ticks_compared),
    )
