"""What this machine has for the work, and what it lacks: looked at before the work begins."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from aegru_hw.errors import UserError
from aegru_hw.needs.need import Finding, Need
from aegru_hw.needs.places import engine_cache
from aegru_hw.needs.space import (
    ENGINE_BYTES,
    RUN_BYTES,
    Problem,
    check_free,
    check_temporary,
    check_writable,
    yowasp_bytes,
    yowasp_cache,
)
from aegru_hw.needs.table import NEEDS, USUAL, needs_of
from aegru_hw.needs.tools import YOWASP

COLUMNS = ("name", "found", "needed for", "how to get it")


@dataclass(frozen=True)
class Diagnosis:
    """What was found of each need, and a line for all that stands in the way."""

    findings: tuple[Finding, ...]
    problems: tuple[str, ...]


def examine(groups: Iterable[str] = USUAL, folder: Path | None = None) -> Diagnosis:
    """Look for what groups of NEEDS_OF need, and for room in the folders that they write.

    folder: run folder that is there or will be made; None leaves it out.
    Raises UserError for a group that there is not.
    """
    groups = tuple(groups)
    needs = needs_of(groups)
    findings = tuple(need.probe() for need in needs)
    problems = [
        need.missing_text(finding.problem)
        for need, finding in zip(needs, findings, strict=True)
        if finding.problem is not None
    ]
    return Diagnosis(findings, (*problems, *map(str, _problems_of_space(groups, needs, folder))))


def require(groups: Iterable[str]) -> None:
    """Raise one UserError that names every part that is missing or unfit, and how to get it."""
    problems = [
        need.missing_text(finding.problem)
        for need in needs_of(groups)
        if (finding := need.probe()).problem is not None
    ]
    if problems:
        many = f"{len(problems)} parts are" if len(problems) > 1 else "a part is"
        raise UserError(f"{many} missing or unfit: {' | '.join(problems)}")


def diagnosis_text(diagnosis: Diagnosis) -> str:
    """Return a table with a line for each need, and the problems below it."""
    rows = [COLUMNS]
    for finding in diagnosis.findings:
        need = NEEDS[finding.name]
        rows.append((finding.name, _state(finding), need.purpose, need.how))
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    if not diagnosis.problems:
        return "\n".join([*lines, "", "nothing is missing"])
    many = "1 problem" if len(diagnosis.problems) == 1 else f"{len(diagnosis.problems)} problems"
    return "\n".join([*lines, "", f"{many}:", *(f"  {line}" for line in diagnosis.problems)])


def _state(finding: Finding) -> str:
    if not finding.found:
        return "MISSING"
    said = finding.version or "found"
    return said if finding.problem is None else f"{said} UNFIT"


def _problems_of_space(
    groups: tuple[str, ...], needs: tuple[Need, ...], folder: Path | None
) -> list[Problem]:
    checked = [check_temporary()]
    if folder is not None:
        checked.append(
            check_writable(folder) or check_free(folder, RUN_BYTES, "a run, besides its recording")
        )
    if "rtl" in groups:
        cache = engine_cache()
        checked.append(
            check_writable(cache, parents=True)
            or check_free(cache, ENGINE_BYTES, "compiled engines")
        )
    tools = {YOWASP[need.name][0].replace("-", "_") for need in needs if need.name in YOWASP}
    wanted = yowasp_bytes(sorted(tools))
    if wanted:  # a full cache is only read
        checked.append(
            check_writable(yowasp_cache(), parents=True)
            or check_free(yowasp_cache(), wanted, "the synthesis tools' cache (YOWASP_CACHE_DIR)")
        )
    return [problem for problem in checked if problem is not None]
