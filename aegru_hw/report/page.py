"""The page: sections laid out by a template, with all that they need inside one file."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from aegru_hw.report.facts import Facts, gather
from aegru_hw.report.overview import Overview, overview
from aegru_hw.report.section import Section
from aegru_hw.report.sections import make_sections
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.page import keep_page
from aegru_hw.runs.summarise import summarise


def write_report(run: RunFolder) -> Path:
    """Write RUN/report.html, one file that needs no network, and return its path.

    Raises UserError where the run holds no decoder, for a damaged decoder or recording, and where
    another process holds the run.
    """
    with run.transaction() as change:
        summary = summarise(run)
        keep_page(render(gather(run, summary)), summary, change)
    return run.report


def render(facts: Facts) -> str:
    """Return the page of a run's facts. Text from files is escaped throughout."""
    return lay_out(overview(facts), make_sections(facts))


def lay_out(
    head: Overview,
    sections: Sequence[Section],
    *,
    kind: str = "report",
    title: str = "decoder report",
) -> str:
    """Return a page of a head and sections. Text from files is escaped throughout.

    kind: what the line above the title says that it is; title: the same in the window's title.
    """
    environment = Environment(
        loader=PackageLoader("aegru_hw.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        kind=kind,
        title=title,
        overview=head,
        sections=sections,
        missing=list(dict.fromkeys(entry for section in sections for entry in section.missing)),
        figures=figures_json(sections),
        plotlyjs=get_plotlyjs(),
    )


def figures_json(sections: Iterable[Section]) -> str:
    """Return all figures as JSON that no text in them can lead out of a script element."""
    figures = {
        chart.key: {"zooms": chart.zooms, **json.loads(chart.figure.to_json())}
        for section in sections
        for chart in section.charts
    }
    text = json.dumps(figures, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
