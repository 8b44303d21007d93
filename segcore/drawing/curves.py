"""Paths of lines and quadratic curves as few points, within fractions of a pixel."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from segcore.drawing.shapes import Bounds, Point

TOLERANCE = 0.05
_MAX_CHORDS = 64


def flatten(path: Sequence[Sequence[Any]], tolerance: float = TOLERANCE) -> list[Point]:
    """Return the points of a path of SVG commands M, L, Q and Z.

    Parameters
    ----------
    path : sequence of [command, number, ...]
        Absolute coordinates.
    tolerance : float
        How far a chord may be from its curve, in the path's own unit.

    Raises
    ------
    ValueError
        If a command is another one or lacks numbers.

    Examples
    --------
    >>> flatten([["M", 0, 0], ["Q", 1, 0, 1, 1], ["Z"]], tolerance=0.5)
    [(0.0, 0.0), (1.0, 1.0)]
    """
    points: list[Point] = []
    for command, *values in path:
        numbers = [float(value) for value in values]
        name = str(command).upper()
        if name in ("M", "L") and len(numbers) == 2:
            points.append((numbers[0], numbers[1]))
        elif name == "Q" and len(numbers) == 4 and points:
            points += _chords(
                points[-1], (numbers[0], numbers[1]), (numbers[2], numbers[3]), tolerance
            )
        elif name != "Z":
            raise ValueError(f"The path holds {command!r} {numbers}; accepted are M, L, Q and Z.")
    return points


def simplified(points: Sequence[Point], tolerance: float) -> list[Point]:
    """Return the points without those that lie within `tolerance` of the line they leave.

    The first and the last point stay, in between it is Douglas and Peucker's rule: the
    farthest point from the line between two that stay also stays, if it is too far from it.

    References
    ----------
    D. Douglas, T. Peucker. Algorithms for the reduction of the number of points required to
    represent a digitized line or its caricature. Cartographica 10(2), 1973.

    Examples
    --------
    >>> simplified([(0, 0), (1, 0.1), (2, 0), (2, 2)], tolerance=0.25)
    [(0, 0), (2, 0), (2, 2)]
    """
    places = np.asarray(points, float)
    stays = np.zeros(len(points), bool)
    stays[[0, -1]] = True
    spans = [(0, len(points) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        off = _distances(places[first + 1 : last], places[first], places[last])
        farthest = int(off.argmax())
        if off[farthest] > tolerance:
            middle = first + 1 + farthest
            stays[middle] = True
            spans += [(first, middle), (middle, last)]
    return [point for point, kept in zip(points, stays, strict=True) if kept]


def _distances(points: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return how far points are from the piece of a line between two others."""
    along = end - start
    length = float(along @ along)
    share = np.clip((points - start) @ along / length, 0, 1) if length else np.zeros(len(points))
    return np.hypot(*(points - start - share[:, None] * along).T)


def extent(path: Sequence[Sequence[Any]]) -> Bounds:
    """Return x_min, y_min, x_max, y_max of such a path, curves measured exactly."""
    x, y = [], []
    here = (0.0, 0.0)
    for _, *values in path:
        numbers = [float(value) for value in values]
        if not numbers:
            continue
        end = (numbers[-2], numbers[-1])
        x.append(end[0])
        y.append(end[1])
        if len(numbers) == 4:
            for axis, found in ((0, x), (1, y)):
                found += _turn(here[axis], numbers[axis], end[axis])
        here = end
    return min(x), min(y), max(x), max(y)


def _chords(start: Point, control: Point, end: Point, tolerance: float) -> list[Point]:
    bend = math.dist(
        (start[0] + end[0], start[1] + end[1]), (2 * control[0], 2 * control[1])
    )  # n chords are within bend / (4 n²) of the curve
    count = min(_MAX_CHORDS, max(1, math.ceil(math.sqrt(bend / (4 * tolerance)))))
    points = []
    for i in range(1, count + 1):
        t = i / count
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        points.append(
            (
                a * start[0] + b * control[0] + c * end[0],
                a * start[1] + b * control[1] + c * end[1],
            )
        )
    return points


def _turn(start: float, control: float, end: float) -> list[float]:
    """Return where a quadratic curve turns back along an axis, if it does."""
    bend = start - 2 * control + end
    t = (start - control) / bend if bend else -1.0
    if not 0 < t < 1:
        return []
    return [(1 - t) ** 2 * start + 2 * t * (1 - t) * control + t * t * end]
