"""Small grids of numbers as Plotly heat maps."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

FONT = (8, 14)  # smallest and largest size of a number, pixels
CHARACTER = 0.6  # a character's width, in font sizes
FILLED = 0.9  # how much of a cell's width a number may take
MARK = "#d55e00"  # from Okabe and Ito's colour-blind-safe palette
MARGIN = 4  # pixels, so that a mark at the border is not cut


def grid(
    values: NDArray[np.float64],
    low: float,
    high: float,
    mark: tuple[slice, slice] | None = None,
    side: int = 250,
) -> go.Figure:
    """Draw a grid, each cell with its number where that can be read.

    Parameters
    ----------
    values : (height, width) float
        nan leaves a cell empty.
    low, high : float
        The values of the darkest and the lightest colour.
    mark : pair of slices, optional
        Rows and columns to draw a frame around.
    side : int
        Height of the figure, pixels.

    Returns
    -------
    plotly.graph_objects.Figure
        Its background is left to the page's theme.
    """
    height, width = values.shape
    text, font = _numbers(values, side / max(height, width))
    heat = go.Heatmap(
        z=values,
        text=text,
        texttemplate="%{text}" if text else None,
        textfont={"size": font},
        colorscale="Cividis",
        zmin=low,
        zmax=high if high > low else low + 1,
        showscale=False,
        xgap=1 if text else 0,
        ygap=1 if text else 0,
        hoverongaps=False,
        hovertemplate="row %{y}, column %{x}: %{z:.3g}<extra></extra>",
        x0=1,
        y0=1,
    )
    frames = [_frame(np.s_[0:height, 0:width], "rgba(128, 128, 128, 0.6)", 1)]
    if mark is not None:
        frames.append(_frame(mark, MARK, 4))
    hidden = {"visible": False, "fixedrange": True, "constrain": "domain"}
    # In one go: each later change of a figure costs Plotly milliseconds.
    layout = go.Layout(
        height=side,
        margin={"l": MARGIN, "r": MARGIN, "t": MARGIN, "b": MARGIN, "pad": 0},
        xaxis={**hidden, "range": [0.45, width + 0.55]},
        yaxis={**hidden, "range": [height + 0.55, 0.45], "scaleanchor": "x"},
        dragmode=False,
        shapes=frames,
    )
    return go.Figure(heat, layout)


def short(value: float) -> str:
    """Return a number in few characters: two decimals below 1, one below 10; nothing for nan.

    Examples
    --------
    >>> [short(value) for value in (2.0, 0.125, -4.77, 13.4, -0.001, float("nan"))]
    ['2', '0.12', '−4.8', '13', '0', '']
    """
    if np.isnan(value):
        return ""
    size = abs(value)
    text = f"{size:.{2 if size < 1 else 1 if size < 10 else 0}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if value < 0 and text != "0" else text


def _numbers(values: NDArray[np.float64], cell: float) -> tuple[list[list[str]] | None, int | None]:
    """Return the texts and their size if they can be read in cells of so many pixels."""
    smallest, largest = FONT
    if cell * FILLED < 2 * CHARACTER * smallest:
        return None, None
    text = [[short(value) for value in row] for row in values]
    longest = max(2, *(len(word) for row in text for word in row))
    size = int(cell * FILLED / (CHARACTER * longest))
    return (text, min(size, largest)) if size >= smallest else (None, None)


def _frame(place: tuple[slice, slice], colour: str, width: int) -> dict:
    rows, columns = place
    return {
        "type": "rect",
        "x0": columns.start + 0.5,
        "x1": columns.stop + 0.5,
        "y0": rows.start + 0.5,
        "y1": rows.stop + 0.5,
        "line": {"color": colour, "width": width},
    }
