"""Multiply-accumulates: from the reference schedule to what the streaming form multiplies."""

import plotly.graph_objects as go

from aegru_hw.executions.table import BY_NAME
from aegru_hw.fixedpoint import FixedDecoder
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import missing
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import DECODER, FAINT, REFERENCE, fixed_axes, styled

FOUR = {
    "reference_dense": ("reference, dense", "all N steps anew for every output (NeuroBench's)"),
    "reference_effective": ("reference, effective", "the same, zero weights left out"),
    "streaming_dense": ("streaming, dense", "one cell per chain and tick"),
    "streaming_effective": ("streaming, effective", "non-zero weights times what changed"),
}
OPERANDS = {"encoder": "channels", "input": "latents", "recurrent": "past states"}
"""What each matrix is multiplied with; the readout's states are all multiplied."""


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
        tables=(table, _matrix_table(facts), _rate_table(facts)),
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


def _non_zero(decoder: FixedDecoder) -> dict[str, int]:
    """Return by matrix the MACs of an output for which everything changed."""
    chains = decoder.geometry.steps - 1
    return {
        name: linear.non_zero * (chains if name == "recurrent" else 1)
        for name, linear in decoder.matrices.items()
    }


def _effective(facts: Facts) -> dict[str, float]:
    """Return by matrix the MACs of an output, the mean over the test split."""
    macs = facts.changes.macs(facts.decoder)
    return {name: float(of_output.mean()) for name, of_output in macs.items()}


def _matrix_table(facts: Facts) -> Table:
    changes = facts.changes
    flags = {"encoder": changes.channels, "input": changes.latents, "recurrent": changes.states}
    everything, effective = _non_zero(facts.decoder), _effective(facts)
    rows = []
    for name, macs in effective.items():
        changed = flags.get(name)
        share = None if changed is None or not changed.size else 100 * float(changed.mean())
        rows.append(
            (
                Cell(name, note=OPERANDS.get(name, "all states")),
                cell(share, ".1f", unit=" %"),
                cell(everything[name]),
                cell(macs),
            )
        )
    head = ("matrix", "operands that changed", "MACs if all did", "MACs")
    return Table(
        head, tuple(rows), "By matrix, from one output to the next: mean over the test split"
    )


def _figure(facts: Facts) -> go.Figure:
    macs, everything, effective = facts.summary.macs, _non_zero(facts.decoder), _effective(facts)
    unchanged = {name: effective[name] - everything[name] for name in OPERANDS}
    reuse = sum(everything.values()) - macs["reference_effective"]
    steps = [
        ("reference<br>dense", "absolute", macs["reference_dense"]),
        ("zero<br>weights", "relative", macs["reference_effective"] - macs["reference_dense"]),
        ("reference<br>effective", "total", macs["reference_effective"]),
        ("reuse of<br>earlier ticks", "relative", reuse),
        ("unchanged<br>channels", "relative", unchanged["encoder"]),
        ("unchanged<br>latents", "relative", unchanged["input"]),
        ("unchanged<br>states", "relative", unchanged["recurrent"]),
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
    return fixed_axes(styled(figure, 440, showlegend=False))
