"""The report of a run: one HTML page that shows everything, and says what was not run."""

from aegru_hw.report.page import write_report

__all__ = ["write_report"]
