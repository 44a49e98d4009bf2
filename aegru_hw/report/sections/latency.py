"""How long a velocity takes from the end of its tick, over the test split."""

import numpy as np
import plotly.graph_objects as go

from aegru_hw.report.commands import to_place
from aegru_hw.report.facts import EnginePlan, Facts
from aegru_hw.report.section import Cell, Chart, Missing, Section, Table, cell
from aegru_hw.report.style import DECODER, HIGHLIGHT, fixed_axes, styled
from aegru_hw.synthesis.resources import Resources

BINS = 48


def latency_section(facts: Facts) -> Section:
    title, engine = "Latency", facts.engine
    if engine is None:
        return Section("latency", title, f"No engine holds this decoder: {facts.engine_refusal}.")
    seconds = facts.decoder.geometry.output_seconds
    slowest = int(engine.cycles.max())
    least_mhz = slowest / seconds / 1e6
    rows = [_row(facts, target) for target in facts.targets if target.running_mhz is not None]
    return Section(
        "latency",
        title,
        f"From the end of a tick to its velocity: {engine.latency.mean():,.0f} cycles in the mean, "
        f"{engine.latency.max():,} at most. Any clock above {least_mhz:.2g} MHz keeps up with "
        f"an output every {seconds * 1e3:g} ms.",
        badge="" if facts.counted else "prediction",
        charts=(
            Chart(
                "latency-chart",
                _figure(engine),
                f"All {len(engine.latency):,} outputs of the test split, {engine.lanes} lanes. The "
                "spread is of the channels and latents that changed: the states' products were "
                "made before.",
            ),
        ),
        tables=(
            Table(
                (
                    "target",
                    "clock",
                    "mean latency",
                    "largest latency",
                    "longest output",
                    "of an output's time",
                ),
                tuple(rows),
                "At the clocks of the placed designs",
            ),
        )
        if rows
        else (),
        missing=() if rows or facts.is_stale("synth") else (Missing("Synthesis", to_place(facts)),),
    )


def _row(facts: Facts, target: Resources) -> tuple[Cell, ...]:
    mhz, engine = target.running_mhz or 0.0, facts.engines.get(target.lanes)
    times: list[float | None] = [None] * 4
    if engine is not None:
        longest = engine.cycles.max() / mhz
        share = longest / (facts.decoder.geometry.output_seconds * 1e4)
        times = [engine.latency.mean() / mhz, engine.latency.max() / mhz, longest, share]
    units = ((",.1f", " µs"), (",.1f", " µs"), (",.1f", " µs"), (".2g", " %"))
    return (
        Cell(target.target, note=f"{target.lanes} lanes"),
        cell(mhz, ",.1f", unit=" MHz"),
        *(cell(time, form, unit=unit) for time, (form, unit) in zip(times, units, strict=True)),
    )


def _figure(engine: EnginePlan) -> go.Figure:
    latency = engine.latency
    low, high = int(latency.min()), int(latency.max())
    width = max(-(-(high - low + 1) // BINS), 1)
    edges = np.arange(low, high + width + 1, width)
    counts, _ = np.histogram(latency, edges)
    figure = go.Figure()
    figure.add_bar(
        x=edges[:-1] + (width - 1) / 2,
        y=100 * counts / len(latency),
        width=width,
        marker={"color": DECODER, "line": {"width": 0}},
        customdata=np.stack([edges[:-1], edges[1:] - 1, counts], axis=1),
        hovertemplate="%{customdata[2]:,} outputs, %{y:.1f} %<extra>%{customdata[0]:,} to "
        "%{customdata[1]:,} cycles</extra>",
    )
    mean = float(latency.mean())
    figure.add_vline(x=mean, line={"color": HIGHLIGHT, "width": 1.5, "dash": "dot"})
    figure.add_annotation(
        x=mean,
        y=1,
        yref="paper",
        yanchor="bottom",
        text=f"mean {mean:,.0f}",
        showarrow=False,
        font={"color": HIGHLIGHT, "size": 12},
    )
    figure.update_xaxes(title_text="latency (clock cycles)", tickformat=",d")
    figure.update_yaxes(title_text="outputs (%)", rangemode="tozero")
    margin = {"l": 12, "r": 16, "t": 34, "b": 12, "pad": 2}
    return fixed_axes(styled(figure, 300, showlegend=False, bargap=0, margin=margin))
