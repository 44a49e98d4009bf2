"""Which weights pruning left, matrix by matrix."""

import numpy as np
import plotly.graph_objects as go

from aegru_hw.fixedpoint.parts import Linear
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import fixed_axes, styled

AXES = {
    "encoder": ("W1", "channel", "latent"),
    "input": ("W_ih", "row: reset, update, candidate", "latent"),
    "recurrent": ("W_hh", "row: reset, update, candidate", "state"),
    "readout": ("W2", "state", "axis"),
}
"""Matrix to its name and the meaning of columns and rows as drawn."""

SCALE = [[0.0, "#9dbde8"], [0.35, "#1f5fbf"], [1.0, "#0b2a57"]]


def weights_section(facts: Facts) -> Section:
    decoder = facts.decoder
    rows = tuple(
        (
            Cell(AXES[name][0], note=name),
            cell(linear.weight.size),
            cell(linear.non_zero),
            Cell(f"{1 - linear.non_zero / linear.weight.size:.1%}", "number"),
            cell(linear.weight_type.width, "d", unit=" bits"),
        )
        for name, linear in decoder.matrices.items()
    )
    return Section(
        "weights",
        "Sparsity of the weights",
        f"{decoder.sparsity:.1%} of the weights are zero; the engine neither stores nor multiplies "
        "them, readout excepted.",
        charts=tuple(
            Chart(f"weights-{name}", _figure(name, linear), _caption(name, linear), half=True)
            for name, linear in decoder.matrices.items()
        ),
        tables=(Table(("matrix", "weights", "non-zero", "zero", "width"), rows),),
        notes=("White: zero. The darker, the larger the weight's code.",),
    )


def _caption(name: str, linear: Linear) -> str:
    kept = f"{linear.non_zero:,} of {linear.weight.size:,} weights are non-zero"
    return f"{AXES[name][0]}, {name}: {kept}."


def _figure(name: str, linear: Linear) -> go.Figure:
    # Wide rather than tall: the gates' 3H rows run along the page.
    transposed = name in ("input", "recurrent")
    codes = linear.weight.T if transposed else linear.weight
    _, columns, rows = AXES[name]
    magnitude = np.where(codes == 0, np.nan, np.abs(codes)).astype(np.float32)
    figure = go.Figure(
        go.Heatmap(
            z=magnitude,
            customdata=codes.astype(np.int16),
            colorscale=SCALE,
            zmin=1,
            zmax=max(linear.weight_type.max_code, 2),
            showscale=False,
            hoverongaps=False,
            hovertemplate=f"code %{{customdata}}<extra>{columns.partition(':')[0]} %{{x}}, "
            f"{rows} %{{y}}</extra>",
        )
    )
    frame = {"showgrid": False, "mirror": True, "showline": True}
    figure.update_xaxes(title_text=columns, **frame)
    figure.update_yaxes(title_text=rows, autorange="reversed", **frame)
    if name == "readout":
        figure.update_yaxes(tickvals=[0, 1], ticktext=["x", "y"])
    if transposed:
        hidden = codes.shape[1] // 3
        for boundary in (hidden, 2 * hidden):
            figure.add_vline(x=boundary - 0.5, line={"color": "#d9622b", "width": 1})
    return fixed_axes(styled(figure, 150 if name == "readout" else 250))
