"""From geometry to pixels.

A pixel belongs to a shape if its centre does. Boxes and polygons are half-open: a centre
on a left or upper edge is inside, one on a right or lower edge is not, so that shapes
which share an edge share no pixel. Where a polygon crosses itself, a centre is inside if
a ray from it crosses the outline an odd number of times (even-odd). A brush stroke is
closed: a centre at exactly half its width belongs to it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from segcore.drawing.shapes import Box, Brush, Shape
from segcore.objects import EMPTY, Patch, trimmed

_ROUNDING = 1e-9  # so that a centre at exactly half a brush's width is inside


def rasterise(shape: Shape, size: tuple[int, int]) -> Patch:
    """Return the pixels of a shape that lie in a picture.

    Parameters
    ----------
    shape : Box, Polygon or Brush
    size : (height, width)
        Of the picture, in pixels.

    Examples
    --------
    >>> rasterise(Box(0.4, 0, 2.6, 1), (2, 4)).mask
    array([[ True,  True,  True]])
    """
    height, width = size
    x0, y0, x1, y1 = shape.bounds()
    left, right = _cells(x0, x1, width)
    top, bottom = _cells(y0, y1, height)
    if isinstance(shape, Brush):  # closed: one more on each side
        left, top = max(0, left - 1), max(0, top - 1)
        right, bottom = min(width, right + 1), min(height, bottom + 1)
    if left >= right or top >= bottom:
        return EMPTY
    if isinstance(shape, Box):
        return Patch(top, left, np.ones((bottom - top, right - left), bool))
    points = np.array(shape.points) - (left, top)
    window = (bottom - top, right - left)
    if isinstance(shape, Brush):
        return trimmed(Patch(top, left, _stroke(points, shape.width / 2, window)))
    return trimmed(Patch(top, left, _even_odd(points, window)))


def _cells(low: float, high: float, length: int) -> tuple[int, int]:
    """Return the half-open range of pixels whose centres are in [low, high)."""
    return max(0, math.ceil(low - 0.5)), min(length, math.ceil(high - 0.5))


def _even_odd(points: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Fill a polygon column by column: each edge flips everything below it."""
    ends = np.roll(points, -1, axis=0)
    rightwards = (points[:, 0] <= ends[:, 0])[:, None]
    low, high = np.where(rightwards, points, ends), np.where(rightwards, ends, points)
    edge, column = _columns(low[:, 0], high[:, 0], size[1])
    run, rise = (high - low)[edge].T
    y = low[edge, 1] + (column + 0.5 - low[edge, 0]) * rise / run  # exact where y is a centre
    flips = np.zeros((size[0] + 1, size[1]), np.uint8)
    np.bitwise_xor.at(flips, (_row(y, size[0]), column), np.uint8(1))
    for above, here in zip(flips[:-1], flips[1:], strict=True):  # much faster than accumulate
        np.bitwise_xor(above, here, out=here)
    return flips[:-1].astype(bool)


def _stroke(points: NDArray[np.float64], radius: float, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Mark the pixels whose centres are within `radius` of the line through the points.

    Around each of its pieces that is a convex region, two discs and a rectangle: one run of
    pixels a column. Runs are counted where they begin and end, then summed down the rows.
    """
    a, b = (points[:1], points[:1]) if len(points) == 1 else (points[:-1], points[1:])
    radius += _ROUNDING
    piece, column = _columns(
        np.minimum(a, b)[:, 0] - radius, np.maximum(a, b)[:, 0] + radius, size[1]
    )
    x = column + 0.5
    low, high = np.full(len(x), np.inf), np.full(len(x), -np.inf)
    for centre in (a[piece], b[piece]):
        half = _root(radius**2 - (x - centre[:, 0]) ** 2)
        for bound, choose, y in ((low, np.fmin, -half), (high, np.fmax, half)):
            choose(bound, centre[:, 1] + y, out=bound)
    along = b - a
    length = np.hypot(along[:, 0], along[:, 1])
    across = (
        np.stack([-along[:, 1], along[:, 0]], 1) * (radius / np.where(length, length, 1))[:, None]
    )
    for side in (a + across, a - across):
        start, run = side[piece], along[piece, 0]
        place = (x - start[:, 0]) / np.where(run, run, np.nan)
        y = np.where((place >= 0) & (place <= 1), start[:, 1] + place * along[piece, 1], np.nan)
        np.fmin(low, y, out=low)
        np.fmax(high, y, out=high)
    reached = low <= high
    runs = np.zeros((size[0] + 1, size[1]), np.int32)
    np.add.at(runs, (_row(low[reached], size[0]), column[reached]), 1)
    np.add.at(runs, (_row(high[reached], size[0]), column[reached]), -1)
    for above, here in zip(runs[:-1], runs[1:], strict=True):
        np.add(above, here, out=here)
    return runs[:-1] > 0


def _columns(
    low: NDArray[np.float64], high: NDArray[np.float64], width: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return (i, column) for each column whose centre is in the half-open range i."""
    first = np.clip(np.ceil(low - 0.5), 0, width).astype(np.intp)
    last = np.clip(np.ceil(high - 0.5), 0, width).astype(np.intp)
    counts = np.maximum(last - first, 0)
    which = np.repeat(np.arange(len(low)), counts)
    return which, first[which] + np.arange(len(which)) - (counts.cumsum() - counts)[which]


def _row(y: NDArray[np.float64], height: int) -> NDArray[np.intp]:
    """Return the first row whose centre is at or below y, `height` if there is none."""
    return np.clip(np.ceil(y - 0.5), 0, height).astype(np.intp)


def _root(square: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the square root; nan below 0."""
    return np.sqrt(np.where(square >= 0, square, np.nan))
