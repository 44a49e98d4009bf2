"""One look for all figures: colours that mean the same everywhere, type, margins."""

import html
from typing import Any

import plotly.graph_objects as go

INK = "#1b2733"
MUTED = "#5b6b7b"
RULE = "#e3e8ee"
REFERENCE = "#a9b4c0"
"""What the decoder is compared with: true velocity, the reference schedule."""
DECODER = "#1f5fbf"
"""What the decoder does: decoded velocity, the engine."""
HIGHLIGHT = "#d9622b"
"""The one thing to look at: the chain that makes the velocity."""
FAINT = "#b9d0ef"

PARTS = ("#1f5fbf", "#2a9d8f", "#e9a23b", "#8a6fb8", "#d9622b", "#7aa6e0", "#6b7c8d", "#b4c34a")
"""Parts of a whole that have no colour of their own."""

WORK = {
    "scan": "#2a9d8f",
    "input": "#8a6fb8",
    "recurrent": "#7aa6e0",
    "cell": "#e9a23b",
}

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_AXIS = {
    "gridcolor": RULE,
    "linecolor": REFERENCE,
    "zerolinecolor": REFERENCE,
    "zeroline": False,
    "ticks": "outside",
    "tickcolor": REFERENCE,
    "ticklen": 4,
    "automargin": True,
    "title": {"font": {"size": 13, "color": MUTED}, "standoff": 10},
    "tickfont": {"size": 12},
}
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "colorway": list(PARTS),
        "margin": {"l": 12, "r": 16, "t": 16, "b": 12, "pad": 2},
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "hoverlabel": {"font": {"family": FONT, "size": 12}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "xanchor": "left",
            "y": 1,
            "yanchor": "bottom",
            "font": {"size": 12},
        },
    }
)


def styled(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """Apply the common look to a figure and return it; height in CSS pixels."""
    figure.update_layout(template=TEMPLATE, height=height, **layout)
    return figure


def fixed_axes(figure: go.Figure) -> go.Figure:
    """Let a finger scroll the page over a figure that need not zoom."""
    figure.update_layout(dragmode=False)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)
    return figure


def label(text: str) -> str:
    """Return text from a file for use in a figure, where Plotly reads some HTML."""
    return html.escape(text, quote=False)
