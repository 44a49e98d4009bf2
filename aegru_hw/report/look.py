"""A recording as a page to look at: spikes, rates, velocity, segments."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from aegru_hw.errors import UserError
from aegru_hw.files import atomic_path
from aegru_hw.recordings.likely import check_plausible
from aegru_hw.recordings.plausibility import remarks
from aegru_hw.recordings.recording import Recording
from aegru_hw.report.bounded import LARGEST, text
from aegru_hw.report.overview import Overview, Tile
from aegru_hw.report.page import lay_out
from aegru_hw.report.section import Cell, Chart, Section, Table, cell
from aegru_hw.report.style import DECODER, HIGHLIGHT, PARTS, REFERENCE, label, styled

Floats = NDArray[np.float64]

RASTER_SECONDS = 10.0
MOST_CELLS = 400_000
"""Cells of a map of channels by time."""

MOST_COLUMNS = 1500
MOST_MARKS = 200
"""Boundaries that are drawn; more would hide what they divide."""

MOST_LISTED = 40
_SPIKES = [[0, "#ffffff"], [1e-9, "#b9d0ef"], [1, "#1b2733"]]
_RATES = [[0, "#ffffff"], [0.5, "#7aa6e0"], [1, "#14305f"]]


def plot_recording(recording: Recording, said: Iterable[str] = ()) -> str:
    """Return one HTML page of a recording that needs no network.

    It shows a stretch of the longest segment spike by spike with its velocity, the rates of all
    channels over the whole recording and on average, the range of the velocity over time, and the
    segments. `said` are sentences of the reader that made the recording; what is odd about it
    stands beside them at the head. Text from files is escaped.
    """
    return lay_out(
        _head(recording, said),
        (_raster(recording), _rates(recording), _velocity(recording), _segments(recording)),
        kind="recording",
        title="recording",
    )


def write_look(recording: Recording, path: Path, said: Iterable[str] = ()) -> None:
    """Write the page of a recording, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(plot_recording(recording, said), encoding="utf-8")


def _head(recording: Recording, said: Iterable[str]) -> Overview:
    odd: list[str] = []
    try:
        check_plausible(recording, odd.append)
    except UserError as error:
        odd.append(str(error))
    rates = _mean_rates(recording)
    silent = int((rates == 0).sum())
    return Overview(
        title=text(recording.source),
        run="",
        facts=(
            f"{recording.channels:,} channels",
            f"{recording.ticks:,} ticks of {recording.tick_seconds * 1e3:g} ms",
            _counted(len(recording.segment_starts), "segment"),
            _counted(len(recording.reach_starts), "reach", "es"),
        ),
        tiles=(
            Tile(_lasting(recording.seconds), "of spikes and movement"),
            Tile(f"{rates.mean():.3g}", "spikes/s a channel on average"),
            Tile(f"{silent:,}", f"of {recording.channels:,} channels never fire"),
        ),
        remarks=tuple(text(one) for one in dict.fromkeys((*said, *remarks(recording), *odd))),
        stale=(),
    )


def _raster(recording: Recording) -> Section:
    lengths = np.diff(recording.segments, axis=1)[:, 0]
    begin = int(recording.segments[int(np.argmax(lengths)), 0])
    most = min(MOST_COLUMNS * 2, max(MOST_CELLS // recording.channels, 3))
    ticks = min(int(lengths.max()), max(int(RASTER_SECONDS / recording.tick_seconds), 3), most)
    stretch = slice(begin, begin + ticks)
    time = np.arange(begin, begin + ticks) * recording.tick_seconds
    figure = make_subplots(
        rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.04
    )
    figure.add_trace(
        go.Heatmap(
            x=time,
            y=np.arange(recording.channels),
            z=np.minimum(recording.counts[stretch], 255).astype(np.uint8).T,
            colorscale=_SPIKES,
            zmin=0,
            zmax=max(int(recording.counts[stretch].max()), 1),
            showscale=False,
            hovertemplate="%{x:.3f} s, channel %{y}: %{z}<extra></extra>",
        ),
        row=1,
        col=1,
    )
    for axis, colour in ((0, DECODER), (1, HIGHLIGHT)):
        figure.add_trace(
            go.Scatter(
                x=time,
                y=_shown(recording.velocity[stretch, axis]),
                name=f"velocity {'xy'[axis]}",
                line={"color": colour, "width": 1.2},
            ),
            row=2,
            col=1,
        )
    figure.update_yaxes(title_text="channel", row=1, col=1)
    figure.update_yaxes(title_text="velocity", row=2, col=1)
    figure.update_xaxes(title_text="time in s", row=2, col=1)
    marks = recording.reach_starts[
        (recording.reach_starts > begin) & (recording.reach_starts < begin + ticks)
    ]
    _mark(figure, marks * recording.tick_seconds)
    caption = (
        f"{_lasting(ticks * recording.tick_seconds)} of the longest segment: spikes of each "
        "channel and tick, darker for more, and the velocity; dotted lines begin reaches."
    )
    return Section(
        "spikes",
        "Spikes",
        f"{int(recording.counts.sum(dtype=np.int64)):,} spikes, at most "
        f"{int(recording.counts.max())} in a tick of a channel",
        charts=(Chart("raster", styled(figure, 560), caption, zooms=True),),
    )


def _rates(recording: Recording) -> Section:
    rates = _mean_rates(recording)
    columns = min(600, recording.ticks, max(MOST_CELLS // recording.channels, 1))
    starts = _bins(recording.ticks, columns)
    lengths = np.diff(np.append(starts, recording.ticks))
    sums = np.add.reduceat(recording.counts, starts, axis=0, dtype=np.int64)
    over_time = (sums / (lengths * recording.tick_seconds)[:, None]).astype(np.float32)
    most = float(np.quantile(over_time, 0.995)) or float(over_time.max()) or 1.0
    activity = go.Figure(
        go.Heatmap(
            x=starts * recording.tick_seconds,
            y=np.arange(recording.channels),
            z=over_time.T,
            colorscale=_RATES,
            zmin=0,
            zmax=most,
            colorbar={"title": {"text": "spikes/s"}, "thickness": 12},
            hovertemplate="%{x:.1f} s, channel %{y}: %{z:.1f} spikes/s<extra></extra>",
        )
    )
    activity.update_xaxes(title_text="time in s")
    activity.update_yaxes(title_text="channel")
    names = [label(text(name)) for name in recording.channel_names]
    bars = go.Figure(
        go.Bar(
            x=np.arange(recording.channels),
            y=rates,
            customdata=names,
            marker={"color": DECODER, "line": {"width": 0}},
            hovertemplate="%{customdata}: %{y:.2f} spikes/s<extra></extra>",
        )
    )
    bars.update_xaxes(title_text="channel")
    bars.update_yaxes(title_text="spikes/s")
    return Section(
        "rates",
        "Rates",
        f"{rates.min():.3g} to {rates.max():.3g} spikes/s a channel",
        charts=(
            Chart(
                "activity",
                styled(activity, 420),
                f"Rate of each channel in {_lasting(float(lengths[0]) * recording.tick_seconds)} "
                "at a time: a channel that comes or goes is a broken row.",
                zooms=True,
            ),
            Chart("channels", styled(bars, 300), "Mean rate of each channel.", zooms=True),
        ),
    )


def _velocity(recording: Recording) -> Section:
    starts = _bins(recording.ticks, min(MOST_COLUMNS, recording.ticks))
    time = starts * recording.tick_seconds
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    rows = []
    for axis, colour in ((0, DECODER), (1, HIGHLIGHT)):
        values = _shown(recording.velocity[:, axis])
        least = np.minimum.reduceat(values, starts)
        most = np.maximum.reduceat(values, starts)
        line = {"color": colour, "width": 0.8}
        figure.add_trace(go.Scatter(x=time, y=least, line=line, name="least"), axis + 1, 1)
        figure.add_trace(
            go.Scatter(x=time, y=most, line=line, fill="tonexty", name="most"), axis + 1, 1
        )
        figure.update_yaxes(title_text=f"velocity {'xy'[axis]}", row=axis + 1, col=1)
        numbers = (float(values.min()), float(np.median(values)), float(values.max()))
        rows.append(
            (
                Cell(f"velocity {'xy'[axis]}"),
                *(cell(number, ",.4g") for number in (*numbers, float(values.std()))),
            )
        )
    figure.update_xaxes(title_text="time in s", row=2, col=1)
    figure.update_layout(showlegend=False)
    _mark(figure, recording.segment_starts[1:] * recording.tick_seconds)
    speed = np.hypot(*_shown(recording.velocity).T)
    hist = _histogram(speed, 80, PARTS[1])
    hist.update_xaxes(title_text="speed")
    hist.update_yaxes(title_text="ticks", type="log")
    return Section(
        "velocity",
        "Velocity",
        f"The median speed is {np.median(speed):.4g}, the highest {speed.max():.4g}, in the "
        "source's own unit",
        charts=(
            Chart(
                "movement",
                styled(figure, 420),
                "Least and most velocity over the recording; dotted lines begin segments.",
                zooms=True,
            ),
            Chart("speeds", styled(hist, 280), "How often each speed occurs."),
        ),
        tables=(Table(("", "least", "median", "most", "standard deviation"), tuple(rows)),),
    )


def _segments(recording: Recording) -> Section:
    lengths = np.diff(recording.segments, axis=1)[:, 0] * recording.tick_seconds
    charts = []
    for key, what, lasting in (
        ("segments_lengths", "segments", lengths),
        ("reaches_lengths", "reaches", np.diff(recording.reaches)[:, 0] * recording.tick_seconds),
    ):
        if len(lasting) > 1:
            figure = _histogram(lasting, 40, PARTS[0])
            figure.update_xaxes(title_text="seconds")
            figure.update_yaxes(title_text=what)
            charts.append(Chart(key, styled(figure, 260), f"How long the {what} are.", half=True))
    listed = tuple(
        (
            Cell(f"segment {number}"),
            cell(float(start * recording.tick_seconds), ",.2f"),
            cell(float(lengths[number]), ",.2f"),
        )
        for number, start in enumerate(recording.segment_starts[:MOST_LISTED])
    )
    caption = f"The first {len(listed)} segments, in s" if len(listed) < len(lengths) else "In s"
    return Section(
        "segments",
        "Segments",
        f"{_counted(len(lengths), 'segment')} of {lengths.min():.4g} to {lengths.max():.4g} s; "
        f"{_counted(len(recording.reach_starts), 'reach', 'es')}",
        charts=tuple(charts),
        tables=(Table(("", "begins", "lasts"), listed, caption, folded=len(listed) > 8),),
    )


def _mark(figure: go.Figure, times: NDArray[Any]) -> None:
    """Draw dotted lines through all rows of a figure; none where they would be too many."""
    if 0 < len(times) <= MOST_MARKS:
        line = {"color": REFERENCE, "width": 1, "dash": "dot"}
        figure.update_layout(
            shapes=[
                {
                    "type": "line",
                    "x0": float(time),
                    "x1": float(time),
                    "xref": "x",
                    "y0": 0,
                    "y1": 1,
                    "yref": "paper",
                    "line": line,
                }
                for time in times
            ]
        )


def _histogram(values: NDArray[Any], bars: int, colour: str) -> go.Figure:
    """Return how many values (N,) lie in each of so many equal ranges."""
    least = float(values.min())
    width = (float(values.max()) - least) / bars or 1.0
    places = np.minimum(((values - least) / width).astype(np.int64), bars - 1)
    heights = np.bincount(places, minlength=bars)
    middles = least + width * (np.arange(bars) + 0.5)
    return go.Figure(go.Bar(x=middles, y=heights, marker={"color": colour}))


def _mean_rates(recording: Recording) -> Floats:
    """Return spikes/s of each channel, (C,)."""
    return np.asarray(recording.counts.sum(axis=0, dtype=np.int64) / recording.seconds)


def _bins(ticks: int, columns: int) -> NDArray[np.int64]:
    """Return the first tick of each of so many columns of nearly equal width."""
    return np.unique(np.arange(columns, dtype=np.int64) * ticks // columns)


def _shown(values: Floats) -> Floats:
    return np.clip(values, -LARGEST, LARGEST)


def _lasting(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.1f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _counted(number: int, one: str, plural: str = "s") -> str:
    return f"{number:,} {one}{'' if number == 1 else plural}"
