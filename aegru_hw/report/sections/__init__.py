"""The sections of the report, in the order of the page."""

from collections.abc import Callable

from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Section
from aegru_hw.report.sections.accuracy import accuracy_section
from aegru_hw.report.sections.decoding import decoding_section
from aegru_hw.report.sections.energy import energy_section
from aegru_hw.report.sections.latency import latency_section
from aegru_hw.report.sections.other_recordings import other_recordings_section
from aegru_hw.report.sections.provenance import provenance_section
from aegru_hw.report.sections.resources import resources_section
from aegru_hw.report.sections.timeline import timeline_section
from aegru_hw.report.sections.verification import verification_section
from aegru_hw.report.sections.weights import weights_section
from aegru_hw.report.sections.work import work_section

SECTIONS: tuple[Callable[[Facts], Section | None], ...] = (
    decoding_section,
    accuracy_section,
    verification_section,
    other_recordings_section,
    work_section,
    timeline_section,
    latency_section,
    weights_section,
    resources_section,
    energy_section,
    provenance_section,
)


def make_sections(facts: Facts) -> list[Section]:
    """Return the sections of a run's report."""
    return [section for make in SECTIONS if (section := make(facts)) is not None]
