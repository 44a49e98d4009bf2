"""Decoded beside true velocity, on the first stretch of the test split."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from aegru_hw.recordings.r2 import r2_score
from aegru_hw.report.facts import Facts
from aegru_hw.report.section import Chart, Section
from aegru_hw.report.style import DECODER, REFERENCE, styled

STRETCH_SECONDS = 60.0
STRETCH_OUTPUTS = 5000


def decoding_section(facts: Facts) -> Section:
    geometry = facts.decoder.geometry
    length = min(STRETCH_OUTPUTS, max(int(STRETCH_SECONDS / geometry.output_seconds), 2))
    ticks = facts.test.ticks[:length]
    truth, decoded = facts.test.truth[:length], facts.test.decoded[:length]
    r2 = r2_score(truth, decoded)
    shown = f"{len(ticks) * geometry.output_seconds:,.0f} s"
    score = "R² undefined there" if r2.mean is None else f"R² {r2.mean:.3f} there"
    unseen = ", which no training saw" if facts.summary.recording is not None else ""
    return Section(
        "decoding",
        "Decoded against true velocity",
        f"The first {shown} of the test split{unseen}: {score}.",
        charts=(
            Chart(
                "decoding-chart",
                _figure(
                    ticks * geometry.tick_seconds,
                    truth,
                    decoded,
                    np.flatnonzero(np.diff(ticks) > geometry.every),
                ),
                "Velocity in the recording's unit, decoded by the fixed-point decoder. Drag over "
                "a stretch to magnify it; double-click or double-tap to see all again.",
                zooms=True,
            ),
        ),
    )


def _figure(
    seconds: NDArray[np.floating],
    truth: NDArray[np.floating],
    decoded: NDArray[np.floating],
    breaks: NDArray[np.int64],
) -> go.Figure:
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for row, axis in enumerate("xy"):
        for name, values, colour, width in (
            ("true", truth, REFERENCE, 2.5),
            ("decoded", decoded, DECODER, 1.4),
        ):
            figure.add_scatter(
                x=np.insert(seconds, breaks + 1, np.nan),
                y=np.insert(values[:, row].astype(np.float32), breaks + 1, np.nan),
                name=name,
                legendgroup=name,
                showlegend=row == 0,
                line={"color": colour, "width": width},
                hovertemplate=f"%{{y:.3g}}<extra>{axis}, {name}</extra>",
                row=row + 1,
                col=1,
            )
        figure.update_yaxes(title_text=f"velocity {axis}", fixedrange=True, row=row + 1, col=1)
    figure.update_xaxes(title_text="time in the recording (s)", row=2, col=1)
    return styled(figure, 460, hovermode="x", dragmode="zoom")
