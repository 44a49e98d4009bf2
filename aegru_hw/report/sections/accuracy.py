"""R² along the chain, from the float network to the hardware."""

import plotly.graph_objects as go

from aegru_hw.executions import table
from aegru_hw.recordings.r2 import R2
from aegru_hw.report.facts import Facts
from aegru_hw.report.lacking import NOT_RUN, lack, missing_executions
from aegru_hw.report.section import Cell, Chart, Section, Table
from aegru_hw.report.style import DECODER, FAINT, MUTED, fixed_axes, label, styled

TRAINED = {
    "float": ("Float", "float32 network"),
    "pruned": ("Pruned", "smallest weights removed, fine-tuned"),
    "quantised": ("Quantised", "Brevitas, fine-tuned in fixed point"),
}
"""The stages of training; the executions of the decoder follow."""

RESULT_OF = {"float": "training", "pruned": "quantisation", "quantised": "quantisation"}
ROW_PIXELS, AXIS_PIXELS = 44, 64


def accuracy_section(facts: Facts) -> Section:
    r2, stages = facts.summary.r2, _stages(facts)
    return Section(
        "accuracy",
        "R² along the chain",
        _message(r2),
        charts=(
            Chart(
                "accuracy-chart",
                _figure(facts),
                "Coefficient of determination over the whole test split, from training to "
                "hardware. The axis does not begin at 0.",
            ),
        ),
        tables=(
            Table(
                ("stage", "R² mean", "R² x", "R² y"),
                tuple(
                    (
                        Cell(name, note=what),
                        *(
                            r2_cells(r2[stage])
                            if stage in r2
                            else (Cell(_lack(facts, stage), "missing"), *[Cell("–", "missing")] * 2)
                        ),
                    )
                    for stage, (name, what) in stages.items()
                ),
            ),
        ),
        notes=_notes(facts),
        missing=missing_executions(facts),
    )


def _notes(facts: Facts) -> tuple[str, ...]:
    every = facts.decoder.geometry.every
    if every == 1:
        return ()
    return (
        f"Training is scored at every tick of the test split, the executions at their outputs, "
        f"every {every} ticks.",
    )


def r2_cells(r2: R2) -> tuple[Cell, ...]:
    """Return the cells of mean, x and y."""
    return tuple(
        Cell("undefined", "missing number") if value is None else Cell(f"{value:.4f}", "number")
        for value in (r2.mean, r2.x, r2.y)
    )


def _stages(facts: Facts) -> dict[str, tuple[str, str]]:
    """Return label and description of all that has an R², by its name in the summary."""
    return TRAINED | {
        execution.name: (facts.label(execution), execution.what) for execution in facts.executions
    }


def _lack(facts: Facts, stage: str) -> str:
    """Return why a stage has no R²."""
    if stage in TRAINED:
        return "stale" if facts.is_stale(RESULT_OF[stage]) else NOT_RUN
    return str(lack(facts, stage))


def _message(r2: dict[str, R2]) -> str:
    before, after = r2.get("float"), r2.get(table.REFERENCE.name)
    if before is None or after is None or before.mean is None or after.mean is None:
        return "How much of the hand's movement each stage explains."
    return (
        f"Pruned and in integers the decoder explains {after.mean:.1%} of the velocity's variance; "
        f"the float network explains {before.mean:.1%}."
    )


def _figure(facts: Facts) -> go.Figure:
    r2, stages = facts.summary.r2, _stages(facts)
    names = [label(name) for name, _ in stages.values()]
    found = [r2.get(stage) for stage in stages]
    figure = go.Figure()
    for axis in ("x", "y"):
        figure.add_scatter(
            x=[None if one is None else getattr(one, axis) for one in found],
            y=names,
            mode="markers",
            name=f"R² {axis}",
            showlegend=False,
            marker={"symbol": "line-ns", "size": 12, "line": {"color": FAINT, "width": 3}},
            hovertemplate=f"R² {axis} %{{x:.4f}}<extra>%{{y}}</extra>",
        )
    mean = [None if one is None else one.mean for one in found]
    figure.add_scatter(
        x=mean,
        y=names,
        mode="markers+text",
        name="mean of x and y",
        showlegend=False,
        text=["" if value is None else f"{value:.4f}" for value in mean],
        textposition="top center",
        marker={"size": 12, "color": DECODER},
        hovertemplate="R² %{x:.4f}<extra>%{y}</extra>",
    )
    known = [
        value
        for one in found
        if one is not None
        for value in (one.mean, one.x, one.y)
        if value is not None
    ]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    margin = max(0.15 * (high - low), 0.005)
    for stage, name, value in zip(stages, names, mean, strict=True):
        if value is None:
            figure.add_annotation(
                x=(low + high) / 2,
                y=name,
                text="undefined" if stage in r2 else _lack(facts, stage),
                showarrow=False,
                font={"color": MUTED},
            )
    figure.update_yaxes(
        categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(names) - 0.3]
    )
    figure.update_xaxes(
        title_text="R² (dot: mean; bars: x and y)", range=[low - margin, high + margin]
    )
    return fixed_axes(styled(figure, AXIS_PIXELS + ROW_PIXELS * len(names)))
