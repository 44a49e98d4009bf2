"""Which executions were compared, and in how many ticks they differ."""

from aegru_hw.executions import table
from aegru_hw.executions.compare import pair_name
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import LEFT_OUT, lack, lacking_cell, missing_executions
from aegru_hw.report.section import Cell, Section, Table, cell
from aegru_hw.runs.summary import Summary


def verification_section(facts: Facts) -> Section:
    summary, executions, reference = facts.summary, facts.executions, table.REFERENCE.name
    names = [execution.name for execution in executions]
    return Section(
        "verification",
        "Verification",
        _message(summary),
        tables=(
            Table(
                ("", *(facts.label(execution) for execution in executions)),
                tuple(
                    (Cell(facts.label(row)), *(_cell(facts, row.name, column) for column in names))
                    for row in executions
                ),
                "Ticks in which the velocity codes differ, every pair compared; of "
                f"{summary.ticks_compared or 0:,} ticks",
            ),
            Table(
                ("execution", f"mismatches against {table.REFERENCE.label}", "ticks compared"),
                tuple(
                    (
                        Cell(facts.label(execution), note=execution.what),
                        _cell(facts, reference, execution.name),
                        cell(
                            summary.ticks_compared
                            if pair_name(reference, execution.name) in summary.mismatches
                            else None
                        ),
                    )
                    for execution in executions
                    if execution.name != reference
                ),
                "The executions",
            ),
        ),
        notes=tuple(_notes(facts)),
        missing=missing_executions(facts),
    )


def _message(summary: Summary) -> str:
    if not summary.mismatches or summary.ticks_compared is None:
        return "Nothing that holds was compared yet."
    pairs, compared = len(summary.mismatches), summary.ticks_compared
    if count := sum(summary.mismatches.values()):
        return (
            f"{count:,} mismatching ticks over {pairs} pairs of executions: "
            "the only acceptable number is 0."
        )
    if not summary.exact:
        return "The velocities are the same, but the engine's counters are not the cost model's."
    return f"0 mismatches in {pairs} pairs of executions, over {compared:,} ticks each."


def _notes(facts: Facts) -> list[str]:
    notes = [
        "A tick counts as a mismatch where either velocity code differs in any bit; there is no "
        "tolerance."
    ]
    left_out = [one.label for one in facts.executions if lack(facts, one.name) == LEFT_OUT]
    if left_out:
        notes.append(f"Left out on request (--without): {', '.join(left_out)}.")
    if facts.summary.cycles is not None:
        verdict = (
            "equal to the cost model on every tick"
            if facts.summary.cycles.predicted_equal
            else "NOT equal to the cost model"
        )
        notes.append(f"The RTL's counters of cycles and MACs are {verdict}.")
    return notes


def _cell(facts: Facts, row: str, column: str) -> Cell:
    if row == column:
        return Cell("·", "same centre")
    order = [execution.name for execution in table.EXECUTIONS]
    first, second = sorted((row, column), key=order.index)
    count = facts.summary.mismatches.get(pair_name(first, second))
    if count is None:
        return lacking_cell(facts, row, column)
    return Cell(f"{count:,}", "bad centre" if count else "good centre")
