"""The energy estimate of an output, beside that of the reference schedule."""

import plotly.graph_objects as go

from aegru_hw.cost.energy import Energy
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import missing
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import PARTS, fixed_axes, label, styled

SCHEDULES = {"reference_dense": "reference, dense", "engine": "engine"}


def energy_section(facts: Facts) -> Section:
    title, energy = "Energy", facts.summary.energy
    if energy is None or not set(SCHEDULES) <= set(energy.per_tick_nj):
        return Section(
            "energy",
            title,
            "There is no energy estimate that holds.",
            badge="estimate",
            missing=missing(facts, "Energy estimate", "rtl"),
        )
    engine, reference = (energy.per_tick_nj[name] for name in ("engine", "reference_dense"))
    ratio = f"{reference / engine:.1f} times less than" if engine > 0 else "beside"
    rows = tuple(
        (
            Cell(name),
            *(cell(_of(energy, one).get(name), ",.3f") for one in ("engine", "reference_dense")),
        )
        for name in _parts(energy)
    )
    rows += ((Cell("sum"), cell(engine, ",.3f"), cell(reference, ",.3f")),)
    return Section(
        "energy",
        title,
        f"Estimate: {engine:,.1f} nJ an output, {ratio} the reference schedule's "
        f"{reference:,.1f} nJ, at the same price of each operation.",
        badge="estimate",
        charts=(
            Chart(
                "energy-chart",
                _figure(energy),
                "Estimate: operations and memory accesses counted by the cost model, times a "
                "published energy per operation. Nothing was measured.",
            ),
        ),
        tables=(
            Table(
                ("part", "engine", "reference, dense"),
                rows,
                "nJ per output, estimate",
            ),
        ),
        notes=(_basis(energy), *energy.assumptions),
    )


def _basis(energy: Energy) -> str:
    source = f" Source: {energy.source.rstrip('.')}." if energy.source else ""
    return (
        f"Technology: {energy.technology or 'not given'} at {energy.voltage:g} V.{source} "
        f"Engine of {energy.lanes} lanes."
    )


def _parts(energy: Energy) -> list[str]:
    names = [*_of(energy, "engine"), *_of(energy, "reference_dense")]
    return list(dict.fromkeys(names))


def _of(energy: Energy, schedule: str) -> dict[str, float]:
    """Return the parts of a schedule."""
    return energy.parts.get(schedule, {})


def _figure(energy: Energy) -> go.Figure:
    figure = go.Figure()
    parts = _parts(energy)
    for index, part in enumerate(parts):
        figure.add_bar(
            orientation="h",
            y=list(SCHEDULES.values()),
            x=[_of(energy, schedule).get(part, 0.0) for schedule in SCHEDULES],
            name=label(part),
            marker={"color": PARTS[index % len(PARTS)]},
            hovertemplate="%{x:,.2f} nJ<extra>%{y}, %{fullData.name}</extra>",
        )
    if not parts:
        totals = [energy.per_tick_nj[schedule] for schedule in SCHEDULES]
        figure.add_bar(orientation="h", y=list(SCHEDULES.values()), x=totals, showlegend=False)
    for schedule, name in SCHEDULES.items():
        total = energy.per_tick_nj[schedule]
        figure.add_annotation(
            x=total, y=name, text=f" {total:,.1f} nJ", showarrow=False, xanchor="left"
        )
    largest = max(energy.per_tick_nj[schedule] for schedule in SCHEDULES)
    figure.update_yaxes(
        categoryorder="array", categoryarray=list(SCHEDULES.values())[::-1], ticks=""
    )
    figure.update_xaxes(title_text="nJ per output (estimate)", range=[0, 1.4 * largest or 1])
    legend = {"y": -0.35, "yanchor": "top", "traceorder": "normal"}
    return fixed_axes(styled(figure, 300, barmode="stack", bargap=0.35, legend=legend))
