"""The sections of the report, in the order of the page."""

from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Section
from aegru_hw.report.sections.accuracy import accuracy_section
from aegru_hw.report.sections.decoding import decoding_section
from aegru_hw.report.sections.energy import energy_section
from aegru_hw.report.sections.latency import latency_section
from aegru_hw.report.sections.provenance import provenance_section
from aegru_hw.report.sections.resources import resources_section
from aegru_hw.report.sections.timeline import timeline_section
from aegru_hw.report.sections.verification import verification_section
from aegru_hw.report.sections.weights import weights_section
from aegru_hw.report.sections.work import work_section

SECTIONS = (
    decoding_section,
    accuracy_section,
    verification_section,
    work_section,
    timeline_section,
    latency_section,
    weights_section,
    resources_section,
    energy_section,
    provenance_section,
)


def make_sections(facts: Facts) -> list[Section]:
    """Return every section of a run's report."""
    return [make(facts) for make in SECTIONS]
