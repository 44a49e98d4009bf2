"""The drift as one page, in the report's style."""

from pathlib import Path

import plotly.graph_objects as go

from aegru_hw.drift.columns import SAYS
from aegru_hw.drift.table import DriftTable
from aegru_hw.files import atomic_path
from aegru_hw.report.overview import Overview, Tile
from aegru_hw.report.page import lay_out
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import PARTS, label, styled

PAGE = "drift.html"
LOWEST = -0.2
"""R² is drawn down to this: an old decoder's may be far below 0."""


def write_page(folder: Path, table: DriftTable, run: Path, seeds: int) -> Path:
    """Write DRIFT/drift.html, one file that needs no network, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / PAGE
    sections = (_over_days(table), _comparisons(table))
    with atomic_path(path) as temporary:
        page = lay_out(_head(table, run, seeds), sections, kind="drift", title="drift")
        temporary.write_text(page, encoding="utf-8")
    return path


def _head(table: DriftTable, run: Path, seeds: int) -> Overview:
    tiles = [
        Tile(f"{mean.r2:.3f}", column) for column, mean in table.mean.items() if mean.r2 is not None
    ]
    if table.mismatches is not None:
        kind = "bad" if table.mismatches else "good"
        tiles.append(Tile(f"{table.mismatches:,}", f"mismatches, {table.decoders} decoders", kind))
    return Overview(
        title=f"{len(table.sessions)} sessions",
        run=run.name,
        facts=(
            f"{seeds} seed{'' if seeds == 1 else 's'}",
            "8-bit decoders; those that are not trained from nothing load into one bitstream",
        ),
        tiles=tuple(tiles),
        remarks=(),
        stale=(),
    )


def _over_days(table: DriftTable) -> Section:
    figure = go.Figure()
    numbers = list(range(1, len(table.sessions) + 1))
    names = [label(name) for name in table.sessions]
    for index, column in enumerate(table.mean):
        means = [row[column] for row in table.sessions.values()]
        shown = [None if one.r2 is None else max(one.r2, LOWEST) for one in means]
        errors = [one.se or 0.0 for one in means]
        figure.add_trace(
            go.Scatter(
                x=numbers,
                y=shown,
                customdata=[[name, one.r2] for name, one in zip(names, means, strict=True)],
                hovertemplate="%{customdata[0]}<br>R² %{customdata[1]:.3f}",
                name=column,
                mode="lines+markers",
                line={"color": PARTS[index % len(PARTS)], "width": 1.5},
                error_y={"type": "data", "array": errors, "visible": any(errors)},
            )
        )
    figure.update_yaxes(title_text="R² on the test split", range=[LOWEST - 0.02, 0.9])
    edges = [0.5, len(numbers) + 0.5]
    figure.update_xaxes(title_text="session, in the order of days", tickformat="d", range=edges)
    rows = tuple(
        (
            Cell(f"{number}: {name}"),
            *(cell(row[column].r2, ".4f") for column in table.mean),
        )
        for number, (name, row) in zip(numbers, table.sessions.items(), strict=True)
    )
    ends = tuple(
        (Cell(what), *(cell(getattr(mean, key), ".4f") for mean in table.mean.values()))
        for what, key in (("mean", "r2"), ("standard error", "se"))
    )
    return Section(
        "days",
        "Over the days",
        "Each point is a session's test split, decoded by the 8-bit decoder",
        charts=(Chart("r2", styled(figure, 460), f"R² below {LOWEST:g} is drawn there.", True),),
        tables=(
            Table(
                ("", *table.mean),
                (*rows, *ends),
                "R² of every session",
                folded=len(rows) > 12,
            ),
            Table((), tuple((Cell(column), Cell(SAYS[column])) for column in table.mean)),
        ),
    )


def _comparisons(table: DriftTable) -> Section:
    rows = tuple(
        (
            Cell(f"{one.column} beside {one.other}"),
            cell(one.difference, "+.4f"),
            cell(one.ratio, ".1%"),
            Cell(f"{one.above} of {one.sessions}", "number"),
        )
        for one in table.comparisons
    )
    head = ("", "difference", "ratio", "sessions above")
    tables = (Table(head, rows, "Means over the sessions"),) if rows else ()
    return Section("beside", "Side by side", "What each way is worth", tables=tables)
