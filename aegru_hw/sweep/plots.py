"""The plots of a sweep: one HTML page that needs nothing else."""

import html
from pathlib import Path
from typing import Any

import plotly.graph_objects as go

from aegru_hw.files import atomic_path
from aegru_hw.sweep.study import Trial

RATE = "pruning.rate"
WINDOW, STEPS = "window.seconds", "window.steps"
RATE_BINS = 12
R2_TITLE = "R² on the validation split"
MACS_TITLE = "MACs per tick, streaming form, effective"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sweep of {source}</title>
<style>body {{ font-family: system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }}
figure {{ margin: 2rem 0; }} figcaption {{ color: #5b6b7b; }}</style></head>
<body><h1>Sweep of {source}</h1>
<p>{count} trials. The test split was not looked at.</p>
{figures}
</body></html>
"""


def write_plots(path: Path, trials: list[Trial], source: str) -> None:
    """Write the plots of finished trials as one self-contained HTML page.

    R² against MACs with the Pareto front; where the pruning rate was varied R² against it; where
    window and steps were varied the heat map of R² over both.
    """
    figures = [
        (
            pareto_figure(trials),
            "Each point is a trial; the line joins those that no other beats in both.",
        )
    ]
    if RATE in trials[0].values:
        figures.append((rate_figure(trials), "The line is the best trial near each rate."))
    if WINDOW in trials[0].values and STEPS in trials[0].values:
        figures.append((window_figure(trials), "The best trial of each cell; none where empty."))
    parts = []
    for number, (figure, caption) in enumerate(figures):
        plot = figure.to_html(full_html=False, include_plotlyjs=number == 0)
        parts.append(f"<figure>{plot}<figcaption>{caption}</figcaption></figure>")
    page = _PAGE.format(source=html.escape(source), count=len(trials), figures="\n".join(parts))
    with atomic_path(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def pareto_figure(trials: list[Trial]) -> go.Figure:
    """Return R² against MACs, the front joined by a line."""
    front = sorted((trial for trial in trials if trial.on_front), key=lambda trial: trial.macs)
    others = [trial for trial in trials if not trial.on_front]
    figure = go.Figure()
    figure.add_trace(_points(others, [trial.macs for trial in others], "trials", "#a9b4c0"))
    line = _points(front, [trial.macs for trial in front], "Pareto front", "#1f5fbf")
    line.mode = "lines+markers"
    line.line.shape = "hv"
    figure.add_trace(line)
    return _titled(figure, MACS_TITLE, R2_TITLE)


def rate_figure(trials: list[Trial]) -> go.Figure:
    """Return R² against pruning rate, with a line through the best trial near each rate."""
    bins: dict[int, Trial] = {}
    for trial in trials:
        at = int(trial.values[RATE] * RATE_BINS)
        if at not in bins or trial.r2 > bins[at].r2:
            bins[at] = trial
    best = sorted(bins.values(), key=lambda trial: float(trial.values[RATE]))
    figure = go.Figure()
    figure.add_trace(_points(trials, [trial.values[RATE] for trial in trials], "trials", "#a9b4c0"))
    line = _points(best, [trial.values[RATE] for trial in best], "best", "#1f5fbf")
    line.mode = "lines+markers"
    figure.add_trace(line)
    return _titled(figure, "pruning rate", R2_TITLE)


def window_figure(trials: list[Trial]) -> go.Figure:
    """Return the heat map of the best R² over window (rows) and steps (columns)."""
    best: dict[tuple[float, int], float] = {}
    for trial in trials:
        cell = float(trial.values[WINDOW]), int(trial.values[STEPS])
        best[cell] = max(trial.r2, best.get(cell, trial.r2))
    windows = sorted({window for window, _ in best})
    steps = sorted({count for _, count in best})
    figure = go.Figure(
        go.Heatmap(
            x=[str(count) for count in steps],
            y=[f"{1000 * window:g}" for window in windows],
            z=[[best.get((window, count)) for count in steps] for window in windows],
            texttemplate="%{z:.3f}",
            colorscale="Blues",
            colorbar={"title": "R²"},
        )
    )
    figure.update_xaxes(type="category")
    figure.update_yaxes(type="category")
    return _titled(figure, "steps", "window in ms")


def _points(trials: list[Trial], x: list[Any], name: str, colour: str) -> go.Scatter:
    texts = [
        f"trial {trial.number}<br>"
        + "<br>".join(
            html.escape(f"{key} = {_shown(value)}") for key, value in trial.values.items()
        )
        for trial in trials
    ]
    return go.Scatter(
        x=x,
        y=[trial.r2 for trial in trials],
        mode="markers",
        name=name,
        text=texts,
        marker={"color": colour, "size": 8},
        hovertemplate="%{text}<br>R² %{y:.4f}, %{x:,.4g}<extra></extra>",
    )


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _titled(figure: go.Figure, x: str, y: str) -> go.Figure:
    figure.update_layout(template="simple_white", height=480, margin={"t": 24})
    figure.update_xaxes(title=x)
    figure.update_yaxes(title=y)
    return figure
