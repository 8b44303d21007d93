"""Histograms of a few batches as one Plotly figure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from segcore.charts import COLOURS, DASHES, LEGEND_LINE

BINS = 60
HEIGHT = 280


def histograms(batches: Sequence[NDArray[np.floating]], limits: tuple[float, float]) -> go.Figure:
    """Draw how often each value occurs, a line for each batch with a dash of its own.

    Parameters
    ----------
    batches : sequence of float arrays
        Of any shape.
    limits : (low, high)
        Of the x axis; values beyond are left out.
    """
    edges = np.linspace(*limits, BINS + 1)
    lines = []
    for i, batch in enumerate(batches):
        counts, _ = np.histogram(batch, edges)
        line = go.Scatter(
            x=(edges[1:] + edges[:-1]) / 2,
            y=counts / batch.size,
            name=f"Batch {i + 1}",
            mode="lines",
            line={"color": COLOURS[i], "dash": DASHES[i], "width": 2.5, "shape": "hvh"},
            hovertemplate="%{y:.1%}",
        )
        lines.append(line)
    # In one go: each later change of a figure costs Plotly milliseconds.
    layout = go.Layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 56 + LEGEND_LINE},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        dragmode=False,
        xaxis={"title": {"text": "Activation"}, "fixedrange": True, "range": list(limits)},
        yaxis={"tickformat": ".0%", "fixedrange": True, "rangemode": "tozero"},
    )
    return go.Figure(lines, layout)
