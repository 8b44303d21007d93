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
    """
    figure = go.Figure()
    for i, (name, values) in enumerate(zip(NAMES, zip(*losses, strict=True), strict=True)):
        figure.add_scatter(
            x=100 * places if logarithmic else places,
            y=values,
            name=name,
            mode="lines",
            line={"color": COLOURS[i], "dash": DASHES[i], "width": 2.5},
            hovertemplate="%{y:.4f}",
        )
    if now is not None:
        figure.add_vline(
            x=100 * now if logarithmic else now, line={"color": "#808080", "width": 1.5}
        )
    axis: dict = {"title": {"text": title}, "fixedrange": True}
    if logarithmic:
        axis |= {"type": "log", "tickvals": [0.1, 1, 10, 50], "ticksuffix": " %"}
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 8, "b": 56 + 2 * LEGEND_LINE},
        legend={"orientation": "h", "yref": "container", "y": 0, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        dragmode=False,
        xaxis=axis,
        yaxis={"rangemode": "tozero", "tickformat": "~g", "fixedrange": True},
    )
    return figure
