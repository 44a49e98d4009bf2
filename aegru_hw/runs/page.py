"""report.html as a result: it holds while the summary that it shows does."""

import hashlib
from dataclasses import dataclass, replace

from aegru_hw.errors import UserError
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.summary import Summary
from aegru_hw.runs.transaction import Transaction
from aegru_hw.strict_json import read_json, to_json, write_json

RESULT = "results/report.json"


@dataclass(frozen=True)
class Page:
    """What a page was made of: RUN/results/report.json. summary: its digest."""

    summary: str


def keep_page(page: str, summary: Summary, change: Transaction) -> None:
    """Write report.html, and what it shows, as a part of a transaction."""
    change.path("report.html").write_text(page, encoding="utf-8")
    write_json(Page(_digest(summary)), change.path(RESULT))


def page_holds(run: RunFolder, summary: Summary) -> bool:
    """Tell whether there is a page, and it shows the run as it is."""
    try:
        shown = read_json(run.path / RESULT, Page)
    except UserError:
        return False
    return run.report.is_file() and shown.summary == _digest(summary)


def _digest(summary: Summary) -> str:
    # Commands name the run by the path that it was opened with.
    stale = tuple(replace(entry, command="") for entry in summary.stale)
    return hashlib.sha256(to_json(replace(summary, stale=stale)).encode()).hexdigest()
