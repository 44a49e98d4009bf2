"""Which executions were compared, and in how many ticks they differ."""

from aegru_hw.report.commands import to_add_firmware, to_add_rtl, to_verify
from aegru_hw.report.facts import Facts
from aegru_hw.report.results import Results
from aegru_hw.report.section import Cell, Missing, Section, Table, cell

EXECUTIONS = {
    "window": ("Simulator", "window form: the definition, numpy"),
    "qat": ("Brevitas", "quantised network in eval mode, PyTorch"),
    "streaming": ("Streaming", "streaming form, numpy"),
    "step": ("Live", "step by step, as a program calls it"),
    "firmware": ("Firmware", "hls4ml C++, compiled here"),
    "rtl": ("RTL", "SystemVerilog engine, compiled with Verilator"),
}
PAIRS = {
    "qat": "qat_vs_fixed",
    "streaming": "streaming_vs_window",
    "step": "step_vs_window",
    "firmware": "firmware_vs_fixed",
    "rtl": "rtl_vs_fixed",
}
"""Execution to the mismatches that it has against the window form."""


def verification_section(facts: Facts) -> Section:
    results = facts.results
    compared = results.ticks_compared
    commands = {
        "firmware": ("Firmware", to_add_firmware(facts)),
        "rtl": ("RTL", to_add_rtl(facts)),
    }
    missing = {
        Missing(*commands.get(execution, ("Verification", to_verify(facts))))
        for execution, pair in PAIRS.items()
        if pair not in results.mismatches
    }
    notes = [
        "A tick counts as a mismatch where either velocity code differs in any bit; there is no "
        "tolerance. Bold: compared directly. Pale: follows, both being equal to the simulator."
    ]
    notes += [
        f"{pair.replace('_', ' ')}: {count:,} mismatching ticks"
        for pair, count in results.mismatches.items()
        if pair not in PAIRS.values()
    ]
    if results.cycles is not None:
        verdict = (
            "equal to the cost model on every tick"
            if results.cycles.predicted_equal
            else "NOT equal to the cost model"
        )
        notes.append(f"The RTL's counters of cycles and MACs are {verdict}.")
    return Section(
        "verification",
        "Verification",
        _message(results),
        tables=(
            Table(
                ("", *(label for label, _ in EXECUTIONS.values())),
                tuple(
                    (Cell(label), *(_cell(results, row, column) for column in EXECUTIONS))
                    for row, (label, _) in EXECUTIONS.items()
                ),
                f"Ticks in which the velocity codes differ, of {compared or 0:,} compared",
            ),
            Table(
                ("execution", "mismatches", "ticks compared"),
                tuple(
                    (
                        Cell(EXECUTIONS[execution][0], note=EXECUTIONS[execution][1]),
                        _cell(results, execution, "window"),
                        cell(compared if pair in results.mismatches else None),
                    )
                    for execution, pair in PAIRS.items()
                ),
                "Against the simulator's window form",
            ),
        ),
        notes=tuple(notes),
        missing=tuple(sorted(missing, key=lambda entry: entry.what)),
    )


def _message(results: Results) -> str:
    if not results.mismatches or results.ticks_compared is None:
        return "Nothing was compared yet."
    pairs, compared = len(results.mismatches), results.ticks_compared
    if results.mismatching:
        return (
            f"{results.mismatching:,} mismatching ticks over {pairs} pairs of executions: "
            "the only acceptable number is 0."
        )
    return f"0 mismatches in {pairs} pairs of executions, over {compared:,} ticks each."


def _cell(results: Results, row: str, column: str) -> Cell:
    if row == column:
        return Cell("·", "same centre")
    counts = [
        0 if execution == "window" else results.mismatches.get(PAIRS[execution])
        for execution in (row, column)
    ]
    if any(count is None for count in counts):
        return Cell("not run", "missing centre")
    if "window" in (row, column):
        count = max(count or 0 for count in counts)
        return Cell(f"{count:,}", "bad centre" if count else "good centre")
    return Cell("?", "missing centre") if any(counts) else Cell("0", "implied centre")
