"""Curves of losses as Plotly figures."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go
from numpy.typing import NDArray

from segcore.charts import COLOURS, DASHES, LEGEND_LINE
from segcore.unet.loss_terms import Losses

NAMES = ("Cross-entropy", "Dice loss", "Weighted sum", "Focal loss")
HEIGHT = 340


def curves(
    places: NDArray,
    losses: Sequence[Losses],
    title: str,
    now: float | None = None,
    logarithmic: bool = False,
    thin: tuple[str, Sequence[Losses]] | None = None,
) -> go.Figure:
    """Draw losses against what changes them, each with a colour and a dash of its own.

    Parameters
    ----------
    places : (n,) numbers
        Of the x axis.
    losses : sequence of n Losses
    title : str
        Of the x axis.
    now : float, optional
        Where to draw a vertical line: the scene as it is set.
    logarithmic : bool
        Of the x axis, whose places are then shares of 1, shown in percent.
    thin : (str, sequence of n Losses), optional
        What to add to the names, and losses to compare: of these, cross-entropy and Dice loss
        are drawn as thin lines, in the colours and dashes of the others.
    """
    scale = 100 if logarithmic else 1

    def line(i: int, values: Sequence[float], name: str, width: float) -> go.Scatter:
        return go.Scatter(
            x=scale * places,
            y=values,
            name=name,
            mode="lines",
            line={"color": COLOURS[i], "dash": DASHES[i], "width": width},
            hovertemplate="%{y:.4f}",
        )

    lines = [
        line(i, values, name, 2.5)
        for i, (name, values) in enumerate(zip(NAMES, zip(*losses, strict=True), strict=True))
    ]
    if thin is not None:
        words, compared = thin
        for i, values in enumerate(list(zip(*compared, strict=True))[:2]):
            lines.append(line(i, values, f"{NAMES[i]}, {words}", 1))
    more = LEGEND_LINE * 2 * (thin is not None)
    axis: dict = {"title": {"text": title}, "fixedrange": True}
    if logarithmic:
        axis |= {"type": "log", "tickvals": [0.1, 1, 10, 50], "ticksuffix": " %"}
    # In one go: each later change of a figure costs Plotly milliseconds.
    layout = go.Layout(
        height=HEIGHT + more,
        margin={"l": 8, "r": 8, "t": 8, "b": 56 + 2 * LEGEND_LINE + more},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        dragmode=False,
        xaxis=axis,
        yaxis={"rangemode": "tozero", "tickformat": "~g", "fixedrange": True},
        shapes=[] if now is None else [_upright(scale * now)],
    )
    return go.Figure(lines, layout)


def _upright(place: float) -> dict:
    """Return a vertical line through the whole figure."""
    ends = {"x0": place, "x1": place, "y0": 0, "y1": 1, "yref": "y domain"}
    return {"type": "line", **ends, "line": {"color": "#808080", "width": 1.5}}
