"""The report of a run, as the tests look at it."""

from aegru_hw.report import write_report
from aegru_hw.report.facts import Facts, gather
from aegru_hw.runs.folder import RunFolder
from aegru_hw.runs.summarise import summarise
from tests.report.html_page import Page

SECTIONS = [
    "decoding",
    "accuracy",
    "verification",
    "work",
    "timeline",
    "latency",
    "weights",
    "resources",
    "energy",
    "provenance",
]
HOSTILE = "<script>hacked = 1</script><img src=x onerror='hacked = 1'>\"&"


def page_of(run: RunFolder) -> Page:
    """Return the page that a run's report is, which has to be sound."""
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert page.open_elements == []
    return page


def facts_of(run: RunFolder) -> Facts:
    """Return what the page of a run shows."""
    return gather(run, summarise(run))
