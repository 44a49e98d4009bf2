"""Multiply-accumulates: from the reference schedule to what the streaming form multiplies."""

import plotly.graph_objects as go

from aegru_hw.executions.table import BY_NAME
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import missing
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import DECODER, FAINT, REFERENCE, fixed_axes, styled

FOUR = {
    "reference_dense": ("reference, dense", "all N steps anew for every output (NeuroBench's)"),
    "reference_effective": ("reference, effective", "the same, zero weights left out"),
    "streaming_dense": ("streaming, dense", "one cell per chain and tick"),
    "streaming_effective": ("streaming, effective", "the same, non-zero weights and events only"),
}


def work_section(facts: Facts) -> Section:
    macs = facts.summary.macs
    rows = [
        (Cell(label, note=what), cell(macs.get(key)), _share(macs, key))
        for key, (label, what) in FOUR.items()
    ]
    rows += [
        (Cell(f"{_label(key)} counters", note="multiplied"), cell(macs[key]), _share(macs, key))
        for key in macs
        if key not in FOUR
    ]
    table = Table(("schedule", "MACs per output", "share"), tuple(rows))
    if not set(FOUR) <= set(macs) or not macs["reference_dense"]:
        return Section(
            "work",
            "Multiply-accumulates",
            "Counted when the executions are verified.",
            tables=(table,),
            missing=missing(facts, "MACs per output", "fixed", "streaming"),
        )
    saved = 1 - macs["streaming_effective"] / macs["reference_dense"]
    return Section(
        "work",
        "Multiply-accumulates",
        f"{saved:.1%} fewer MACs per output than the reference schedule, with the same bits.",
        charts=(
            Chart(
                "work-chart",
                _figure(facts),
                "Mean over the test split. Pruning, reuse between outputs and skipping what did "
                "not change are each exact: none alters a bit of the output.",
            ),
        ),
        tables=(table, _rate_table(facts)),
    )


def _rate_table(facts: Facts) -> Table:
    """Return what an output takes, and what those of a second take."""
    geometry, energy, cycles = facts.decoder.geometry, facts.summary.energy, facts.summary.cycles
    often = 1 / geometry.output_seconds
    nanojoules = None if energy is None else energy.per_tick_nj.get("engine")
    quantities = {
        "MACs, streaming, effective": (facts.summary.macs["streaming_effective"], ",.0f"),
        "cycles that the RTL counted": (None if cycles is None else cycles.per_tick_mean, ",.0f"),
        "energy of the engine (nJ, estimate)": (nanojoules, ",.1f"),
    }
    rows = tuple(
        (Cell(name), cell(value, form), cell(None if value is None else often * value, form))
        for name, (value, form) in quantities.items()
    )
    ticks = "every tick" if geometry.every == 1 else f"every {geometry.every} ticks"
    return Table(("", "per output", "per second"), rows, f"An output {ticks}, {often:g} a second")


def _label(key: str) -> str:
    """Return the label of the execution that counted."""
    return BY_NAME[key].label if key in BY_NAME else key


def _share(macs: dict[str, float], key: str) -> Cell:
    whole = macs.get("reference_dense")
    value = macs.get(key)
    return cell(None) if not whole or value is None else Cell(f"{value / whole:.1%}", "number")


def _figure(facts: Facts) -> go.Figure:
    macs, decoder = facts.summary.macs, facts.decoder
    non_zero = decoder.macs_without_events + decoder.encoder.non_zero
    steps = [
        ("reference<br>dense", "absolute", macs["reference_dense"]),
        ("zero<br>weights", "relative", macs["reference_effective"] - macs["reference_dense"]),
        ("reference<br>effective", "total", macs["reference_effective"]),
        ("reuse of<br>earlier ticks", "relative", non_zero - macs["reference_effective"]),
        ("unchanged<br>channels", "relative", macs["streaming_effective"] - non_zero),
        ("streaming<br>effective", "total", macs["streaming_effective"]),
    ]
    figure = go.Figure(
        go.Waterfall(
            orientation="h",
            y=[name for name, _, _ in steps],
            x=[value for _, _, value in steps],
            measure=[measure for _, measure, _ in steps],
            decreasing={"marker": {"color": FAINT}},
            increasing={"marker": {"color": REFERENCE}},
            totals={"marker": {"color": DECODER}},
            connector={"line": {"color": REFERENCE, "width": 1}},
            hovertemplate="%{delta:,.0f} MACs<extra>%{y}</extra>",
        )
    )
    # The numbers stand beside the bars' right ends, where no step's name can be under them.
    level = 0.0
    for name, measure, value in steps:
        before, level = level, level + value if measure == "relative" else value
        right = max(before, level) if measure == "relative" else level
        text = f"{value:,.0f}".replace("-", "−") if round(value) else "0"
        figure.add_annotation(x=right, y=name, text=f" {text}", showarrow=False, xanchor="left")
    figure.update_yaxes(autorange="reversed", ticks="")
    figure.update_xaxes(
        title_text="MACs per output", range=[0, 1.34 * macs["reference_dense"]], tickformat=",d"
    )
    return fixed_axes(styled(figure, 360, showlegend=False))
