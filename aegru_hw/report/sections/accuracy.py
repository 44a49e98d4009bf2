"""R² along the chain, from the float network to the hardware."""

import plotly.graph_objects as go

from aegru_hw.report.commands import to_add_firmware, to_add_rtl, to_verify
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Cell, Chart, Missing, Section, Table, cell
from aegru_hw.report.style import DECODER, FAINT, MUTED, fixed_axes, styled

STAGES = {
    "float": ("Float", "float32 network"),
    "pruned": ("Pruned", "smallest weights removed, fine-tuned"),
    "quantised": ("Quantised", "Brevitas, fine-tuned in fixed point"),
    "fixed": ("Fixed", "integer simulator"),
    "firmware": ("Firmware", "hls4ml C++"),
    "rtl": ("RTL", "SystemVerilog engine, Verilator"),
}


def accuracy_section(facts: Facts) -> Section:
    r2 = facts.results.r2
    return Section(
        "accuracy",
        "R² along the chain",
        _message(r2),
        charts=(
            Chart(
                "accuracy-chart",
                _figure(r2),
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
                            tuple(cell(r2[stage][axis], ".4f") for axis in ("mean", "x", "y"))
                            if stage in r2
                            else (Cell("not run", "missing"), cell(None), cell(None))
                        ),
                    )
                    for stage, (name, what) in STAGES.items()
                ),
            ),
        ),
        missing=_missing(facts),
    )


def _message(r2: dict[str, dict[str, float | None]]) -> str:
    before, after = (r2.get(stage, {}).get("mean") for stage in ("float", "fixed"))
    if before is None or after is None:
        return "How much of the hand's movement each stage explains."
    return (
        f"Pruned and in integers the decoder explains {after:.1%} of the velocity's variance; "
        f"the float network explains {before:.1%}."
    )


def _missing(facts: Facts) -> tuple[Missing, ...]:
    additions = {
        "fixed": Missing("Verification", to_verify(facts)),
        "firmware": Missing("Firmware", to_add_firmware(facts)),
        "rtl": Missing("RTL", to_add_rtl(facts)),
    }
    return tuple(entry for stage, entry in additions.items() if stage not in facts.results.r2)


def _figure(r2: dict[str, dict[str, float | None]]) -> go.Figure:
    names = [name for name, _ in STAGES.values()]
    figure = go.Figure()
    for axis, symbol in (("x", "line-ns"), ("y", "line-ns")):
        figure.add_scatter(
            x=[r2.get(stage, {}).get(axis) for stage in STAGES],
            y=names,
            mode="markers",
            name=f"R² {axis}",
            showlegend=False,
            marker={"symbol": symbol, "size": 12, "line": {"color": FAINT, "width": 3}},
            hovertemplate=f"R² {axis} %{{x:.4f}}<extra>%{{y}}</extra>",
        )
    mean = [r2.get(stage, {}).get("mean") for stage in STAGES]
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
    known = [value for values in r2.values() for value in values.values() if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    margin = max(0.15 * (high - low), 0.005)
    for stage, (name, _) in STAGES.items():
        if stage not in r2:
            figure.add_annotation(
                x=(low + high) / 2, y=name, text="not run", showarrow=False, font={"color": MUTED}
            )
    figure.update_yaxes(
        categoryorder="array", categoryarray=names[::-1], range=[-0.6, len(names) - 0.3]
    )
    figure.update_xaxes(
        title_text="R² (dot: mean; bars: x and y)", range=[low - margin, high + margin]
    )
    return fixed_axes(styled(figure, 340))
