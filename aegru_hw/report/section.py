"""What a section of the report is made of; the page's template lays it out."""

from dataclasses import dataclass

import plotly.graph_objects as go


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    kind: classes of style.css, such as "number", "good", "bad", "missing".
    note: a line in small print below the text.
    """

    text: str
    kind: str = ""
    note: str = ""


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row heads the row.

    head: the heading row, empty for a list of names and values.
    folded: shown only once its caption is clicked, and in print.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    folded: bool = False

    @property
    def alignment(self) -> tuple[str, ...]:
        """Each column's class: "right" where it holds numbers, "centre", or none."""
        return tuple(
            _alignment([cell.kind for cell in column]) for column in zip(*self.rows, strict=True)
        )


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure with the sentence below it.

    key: its id in the page. zooms: a drag over it magnifies.
    half: two of them stand side by side where there is room.
    """

    key: str
    figure: go.Figure
    caption: str
    zooms: bool = False
    half: bool = False


@dataclass(frozen=True)
class Missing:
    """What was not run, and the commands that run it. how: "not run", or left out on request."""

    what: str
    commands: tuple[str, ...]
    how: str = "not run"


@dataclass(frozen=True, eq=False)
class Section:
    """One section of the page.

    message: the sentence that the charts and tables bear out.
    badge: "estimate" or "prediction" where the numbers are not measured; else empty.
    commands: lines of a shell, shown as such.
    """

    key: str
    title: str
    message: str
    badge: str = ""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()
    commands: tuple[str, ...] = ()


def _alignment(kinds: list[str]) -> str:
    if any("number" in kind for kind in kinds):
        return "right"
    return "centre" if any("centre" in kind for kind in kinds) else ""


def cell(value: float | None, form: str = ",.0f", *, unit: str = "") -> Cell:
    """Return a number's cell; a dash where there is none."""
    if value is None:
        return Cell("–", "missing")
    return Cell(f"{value:{form}}{unit}", "number")
