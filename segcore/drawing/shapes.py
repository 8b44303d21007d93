"""Shapes that people draw: boxes, polygons (also freehand regions) and brush strokes.

Coordinates are continuous pixels: x to the right, y down, the picture's top left corner
at (0, 0); the pixel in row r and column c fills the square from (c, r) to (c + 1, r + 1).
Shapes may leave the picture; rasterising clips them (`segcore.drawing.raster`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from segcore.drawing.errors import DrawingError

Point = tuple[float, float]
Bounds = tuple[float, float, float, float]
MAX_POINTS = 20_000
MAX_COORDINATE = 1e6


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle; its corners are put in order.

    Examples
    --------
    >>> Box(5, 1, 2, 3).bounds()
    (2.0, 1.0, 5.0, 3.0)
    """

    x_min: float
    y_min: float
    x_max: float
    y_max: float

    def __post_init__(self) -> None:
        """Order the corners."""
        x, y = (
            sorted((float(self.x_min), float(self.x_max))),
            sorted((float(self.y_min), float(self.y_max))),
        )
        _check_numbers((*x, *y))
        for name, value in zip(("x_min", "x_max", "y_min", "y_max"), (*x, *y), strict=True):
            object.__setattr__(self, name, value)

    def bounds(self) -> Bounds:
        """Return x_min, y_min, x_max, y_max."""
        return self.x_min, self.y_min, self.x_max, self.y_max

    def outline(self) -> tuple[Point, ...]:
        """Return the four corners, clockwise on the screen."""
        x0, y0, x1, y1 = self.bounds()
        return (x0, y0), (x1, y0), (x1, y1), (x0, y1)

    def fitted(self, bounds: Bounds) -> Box:
        """Return the shape moved and stretched into other bounds."""
        return Box(*bounds)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed region, its last point joined to its first; even-odd where it crosses itself.

    Attributes
    ----------
    points : tuple of (x, y)
        At least three, at most `MAX_POINTS`.
    freehand : bool
        Whether it was drawn in one go rather than corner by corner.
    """

    points: tuple[Point, ...]
    freehand: bool = False

    def __post_init__(self) -> None:
        """Check the points."""
        object.__setattr__(self, "points", _points(self.points, 3, "A polygon"))

    def bounds(self) -> Bounds:
        """Return x_min, y_min, x_max, y_max."""
        return _extent(self.points)

    def outline(self) -> tuple[Point, ...]:
        """Return the corners."""
        return self.points

    def fitted(self, bounds: Bounds) -> Polygon:
        """Return the shape moved and stretched into other bounds."""
        return replace(self, points=_fit(self.points, self.bounds(), bounds))


@dataclass(frozen=True, slots=True)
class Brush:
    """A stroke: everything within half a width of a line; one point makes a disc.

    Attributes
    ----------
    points : tuple of (x, y)
    width : float
        In pixels, above 0.
    """

    points: tuple[Point, ...]
    width: float

    def __post_init__(self) -> None:
        """Check the points and the width."""
        object.__setattr__(self, "points", _points(self.points, 1, "A brush stroke"))
        object.__setattr__(self, "width", float(self.width))
        if not 0 < self.width <= MAX_COORDINATE:
            raise DrawingError(f"A brush is {self.width} wide; give it a width above 0.")

    def bounds(self) -> Bounds:
        """Return x_min, y_min, x_max, y_max of what the stroke covers."""
        x0, y0, x1, y1 = _extent(self.points)
        half = self.width / 2
        return x0 - half, y0 - half, x1 + half, y1 + half

    def outline(self) -> tuple[Point, ...]:
        """Return the points of the line in the middle."""
        return self.points

    def fitted(self, bounds: Bounds) -> Brush:
        """Return the stroke moved and stretched so that what it covers has other bounds."""
        half = self.width / 2
        x0, y0, x1, y1 = bounds
        inner = (x0 + half, y0 + half, max(x0 + half, x1 - half), max(y0 + half, y1 - half))
        return replace(self, points=_fit(self.points, _extent(self.points), inner))


Shape = Box | Polygon | Brush


def rounded(shape: Shape, digits: int = 2) -> Shape:
    """Return the shape on a grid of 10^-digits pixels: what an address can carry exactly."""
    if isinstance(shape, Box):
        return Box(*(round(value, digits) for value in shape.bounds()))
    points = tuple((round(x, digits), round(y, digits)) for x, y in shape.points)
    if isinstance(shape, Brush):
        return Brush(points, max(round(shape.width, digits), 10.0**-digits))
    return replace(shape, points=points)


def _points(points: object, least: int, what: str) -> tuple[Point, ...]:
    try:
        pairs = tuple((float(x), float(y)) for x, y in points)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise DrawingError(
            f"{what} is a list of points [x, y]; given was another thing."
        ) from error
    if not least <= len(pairs) <= MAX_POINTS:
        raise DrawingError(f"{what} has {len(pairs)} points; accepted are {least} to {MAX_POINTS}.")
    _check_numbers(value for pair in pairs for value in pair)
    return pairs


def _check_numbers(values) -> None:
    for value in values:
        if not (math.isfinite(value) and abs(value) <= MAX_COORDINATE):
            raise DrawingError(
                f"A coordinate is {value}; accepted are numbers up to {MAX_COORDINATE:,.0f}."
            )


def _extent(points: tuple[Point, ...]) -> Bounds:
    x, y = zip(*points, strict=True)
    return min(x), min(y), max(x), max(y)


def _fit(points: tuple[Point, ...], old: Bounds, new: Bounds) -> tuple[Point, ...]:
    """Map the bounds `old` to `new`; where `old` has no extent, only move."""

    def along(value: float, axis: int) -> float:
        length = old[axis + 2] - old[axis]
        scale = (new[axis + 2] - new[axis]) / length if length else 1.0
        return new[axis] + (value - old[axis]) * scale

    return tuple((along(x, 0), along(y, 1)) for x, y in points)
