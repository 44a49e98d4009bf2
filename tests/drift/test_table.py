"""The drift's table: means, standard errors, comparisons, and its page."""

import pytest

from aegru_hw.benchmark.rows import Row
from aegru_hw.drift.columns import ANEW, SAYS, STATISTICS, UNCHANGED
from aegru_hw.drift.columns import COLUMNS as COLUMNS_OF_ALL
from aegru_hw.drift.page import write_page
from aegru_hw.drift.table import summarise
from aegru_hw.drift.text import table_text


def row(r2: float | None, mismatches: int | None = 0) -> Row:
    return Row(r2, r2, r2, macs=1.0, footprint_bytes=0, mismatches=mismatches)


COLUMN = "recalibrated, 2 min"
RESULTS = {
    "monday<b>": {
        0: {UNCHANGED: row(0.1), STATISTICS: row(0.3), COLUMN: row(0.6), ANEW: row(0.7, None)},
        1: {UNCHANGED: row(0.3), STATISTICS: row(0.1), COLUMN: row(0.8), ANEW: row(0.9, None)},
    },
    "tuesday": {
        0: {UNCHANGED: row(-2.0), STATISTICS: row(0.5), COLUMN: row(0.7, 3), ANEW: row(0.8, None)},
        1: {UNCHANGED: row(-1.0), STATISTICS: row(0.5), COLUMN: row(0.7), ANEW: row(0.8, None)},
    },
}
COLUMNS = (UNCHANGED, STATISTICS, COLUMN, ANEW)


def test_means_and_comparisons() -> None:
    table = summarise(RESULTS, COLUMNS)
    assert table.sessions["monday<b>"][UNCHANGED].r2 == pytest.approx(0.2)
    assert table.sessions["monday<b>"][UNCHANGED].se == pytest.approx(0.1)
    assert table.mean[COLUMN].r2 == pytest.approx(0.7)
    statistics, anew = table.comparisons
    assert (statistics.above, statistics.sessions) == (1, 2)
    assert (anew.column, anew.other) == (COLUMN, ANEW)
    assert anew.difference == pytest.approx(-0.1)
    assert anew.ratio == pytest.approx(0.7 / 0.8)
    assert (table.mismatches, table.decoders) == (3, 12)


def test_text_and_page(tmp_path) -> None:
    table = summarise(RESULTS, COLUMNS)
    text = table_text(table, 2)
    assert "recalibrated, 2 min / anew, session: -0.1000, 87.5%, above it in 0 of 2" in text
    assert "3 mismatches of executions over 12 decoders" in text
    page = write_page(tmp_path / "drift", table, tmp_path / "run", 2).read_text(encoding="utf-8")
    assert "monday<b>" not in page
    assert "1: monday&lt;b&gt;" in page
    assert "2 seeds" in page
    assert "1 seed" not in table_text(table, 2)
    assert table_text(table, 1).startswith("test R² of 8-bit decoders, 1 seed\n")


def test_what_the_columns_say() -> None:
    assert set(SAYS) == set(COLUMNS_OF_ALL)
    assert SAYS[COLUMN] == "the same, recalibrated on the first 2 labelled minutes"
    assert SAYS["recalibrated, 1 min"] == "the same, recalibrated on the first labelled minute"
