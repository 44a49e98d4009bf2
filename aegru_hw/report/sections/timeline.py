"""Where the cycles of an output go: what each unit does when, and how busy the lanes are."""

import numpy as np
import plotly.graph_objects as go

from aegru_hw.report.facts import EnginePlan, Facts
from aegru_hw.report.lacking import lack, missing
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import DECODER, FAINT, HIGHLIGHT, INK, WORK, fixed_axes, styled
from aegru_hw.rtl.cycles import Phase

UNITS = {"lanes": "lanes", "cell": "cell unit"}
WORK_NAMES = {
    "scan": "scan, encoder",
    "input": "latents, input product",
    "recurrent": "states, recurrent products",
    "cell": "cells",
}


def timeline_section(facts: Facts) -> Section:
    title = "Where the cycles of an output go"
    engine = facts.engine
    if engine is None:
        return Section("timeline", title, f"No engine holds this decoder: {facts.engine_refusal}.")
    # The output in the middle when all are ordered by length: one that did happen.
    middle = int(np.argsort(engine.cycles, kind="stable")[len(engine.cycles) // 2])
    costs = engine.costs
    phases = costs.phases(middle)
    total, velocity = int(engine.cycles[middle]), int(engine.latency[middle])
    notes = []
    if not engine.generated:
        notes.append(
            f"The run has no engine that holds: {engine.lanes} lanes are assumed, and the cycles "
            "are the cost model's prediction for them."
        )
    return Section(
        "timeline",
        title,
        f"The velocity is out after {velocity:,} of {total:,} cycles{_what_follows(costs.steps)}. "
        f"The lanes multiply in {costs.utilisation:.0%} of their cycles.",
        badge="" if facts.counted else "prediction",
        charts=(
            Chart(
                "timeline-chart",
                _timeline(phases, velocity, total),
                f"The test split's median output on {engine.lanes} lanes. The cell that makes the "
                "velocity comes first; the others begin while those before are still on their way.",
            ),
            Chart(
                "utilisation-chart",
                _utilisation(engine),
                "Share of the lanes' cycles that multiply, by phase, over the test split. The "
                "scan compares counts and fetches columns in cycles that multiply nothing.",
            ),
        ),
        tables=(_phase_table(phases, total), _counter_table(facts, engine)),
        notes=tuple(notes),
        missing=missing(facts, "RTL", "rtl"),
    )


def _what_follows(steps: int) -> str:
    if steps == 1:
        return ""
    return (
        "; the other chains follow while nothing waits for them, then the recurrent products of "
        "the next output, whose states are a window old"
    )


def _name(phase: Phase) -> str:
    if phase.work == "cell":
        return f"g<sub>{phase.chain}</sub>"
    return {"scan": "scan", "input": "W<sub>ih</sub>·Δz", "recurrent": "W<sub>hh</sub>·Δg"}[
        phase.work
    ]


def _rows(phases: list[Phase]) -> list[int]:
    """Return the row that each phase is drawn in: 0 for the lanes, others where cells overlap."""
    rows, ends = [], list[int]()
    for phase in phases:
        if phase.unit == "lanes":
            rows.append(0)
            continue
        row = next((row for row, end in enumerate(ends) if end <= phase.begin), len(ends))
        ends[row : row + 1] = [phase.end]
        rows.append(1 + row)
    return rows


def _timeline(phases: list[Phase], velocity: int, total: int) -> go.Figure:
    figure = go.Figure()
    last = max(phase.chain for phase in phases)
    row_of = dict(zip(phases, _rows(phases), strict=True))
    most = max(row_of.values())
    for work, name in WORK_NAMES.items():
        chosen = [phase for phase in phases if phase.work == work and phase.end > phase.begin]
        if not chosen:
            continue
        colours = [
            HIGHLIGHT if (phase.unit, phase.chain) == ("cell", last) else WORK[work]
            for phase in chosen
        ]
        figure.add_bar(
            orientation="h",
            base=[phase.begin for phase in chosen],
            x=[phase.end - phase.begin for phase in chosen],
            y=[row_of[phase] for phase in chosen],
            name=name,
            marker={"color": colours, "line": {"color": "#ffffff", "width": 1.5}},
            showlegend=False,
            text=[_name(phase) for phase in chosen],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            customdata=[[phase.begin, phase.end] for phase in chosen],
            hovertemplate="cycles %{customdata[0]:,} to %{customdata[1]:,} (%{x:,})"
            "<extra>%{text}</extra>",
        )
        # The legend shows the work's colour, whichever bar comes first.
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="markers",
            name=name,
            marker={"symbol": "square", "size": 11, "color": WORK[work]},
        )
    figure.add_vline(x=velocity, line={"color": INK, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=velocity,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"velocity out: {velocity:,}",
        showarrow=False,
        font={"color": INK, "size": 12},
    )
    figure.update_yaxes(
        tickvals=[0, (1 + most) / 2],
        ticktext=[UNITS["lanes"], UNITS["cell"]],
        range=[most + 0.6, -0.6],
        ticks="",
    )
    figure.update_xaxes(
        title_text="clock cycles from the end of the output's last tick",
        range=[0, 1.005 * total],
        tickformat=",d",
    )
    return fixed_axes(
        styled(
            figure,
            200 + 45 * most,
            barmode="overlay",
            bargap=0.25,
            uniformtext={"minsize": 10, "mode": "hide"},
            legend={"y": -0.42, "yanchor": "top"},
            margin={"l": 12, "r": 16, "t": 34, "b": 12, "pad": 2},
        )
    )


def _utilisation(engine: EnginePlan) -> go.Figure:
    shares = {
        "whole output": engine.costs.utilisation,
        "scan, encoder": engine.costs.phase_utilisation["encoder"],
        "input product": engine.costs.phase_utilisation["input"],
        "recurrent products": engine.costs.phase_utilisation["recurrent"],
    }
    names, values = list(shares), [100 * share for share in shares.values()]
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=values,
        y=names,
        marker={"color": [DECODER] + [FAINT] * (len(names) - 1)},
        text=[f"{value:.1f} %" for value in values],
        textposition="auto",
        cliponaxis=False,
        hovertemplate="%{x:.2f} %<extra>%{y}</extra>",
    )
    figure.update_yaxes(autorange="reversed", ticks="")
    figure.update_xaxes(title_text="lane cycles that multiply (%)", range=[0, 100])
    return fixed_axes(styled(figure, 240, showlegend=False, bargap=0.3))


def _phase_table(phases: list[Phase], total: int) -> Table:
    rows = []
    for phase in phases:
        name = f"cell g{phase.chain}" if phase.work == "cell" else WORK_NAMES[phase.work]
        length = phase.end - phase.begin
        rows.append(
            (
                Cell(name),
                Cell(UNITS[phase.unit]),
                cell(phase.begin),
                cell(phase.end),
                cell(length),
                Cell(f"{length / total:.1%}", "number"),
            )
        )
    head = ("phase", "unit", "from cycle", "to cycle", "cycles", "of all")
    return Table(head, tuple(rows), "All phases of that output", folded=True)


def _counter_table(facts: Facts, engine: EnginePlan) -> Table:
    measured = facts.summary.cycles
    rows = []
    for name, values, field in (
        ("cycles per output", engine.cycles, "per_tick"),
        ("cycles to the velocity", engine.latency, "latency"),
    ):
        rtl = (
            (Cell(lack(facts, "rtl") or "–", "missing"), cell(None))
            if measured is None
            else (
                cell(getattr(measured, f"{field}_mean"), ",.1f"),
                cell(getattr(measured, f"{field}_max")),
            )
        )
        rows.append((Cell(name), cell(values.mean(), ",.1f"), cell(values.max()), *rtl))
    lanes = "" if measured is None else f", {measured.lanes} lanes"
    return Table(
        ("", f"model, {engine.lanes} lanes: mean", "largest", f"RTL{lanes}: mean", "largest"),
        tuple(rows),
        "Over the test split",
    )
