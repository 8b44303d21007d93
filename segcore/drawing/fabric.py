"""Between drawings and the JSON of streamlit-drawable-canvas 0.13, which is Fabric.js 7's.

What kind a shape is, and whose, is carried by the colour of its line: Fabric keeps no
other mark of ours. An object's place is where its origin (a corner or the centre) lies;
moved, scaled and turned objects keep their points and change left, top, scale, angle,
skew and flip. The rectangle tool puts the outer edge of the line where the pointer is,
so half a line's width is taken back: a box is what was dragged, not what is painted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcore.drawing.curves import TOLERANCE, extent, flatten, simplified
from segcore.drawing.drawing import PREDICTION, TARGET, Drawing, Mark
from segcore.drawing.shapes import Box, Brush, Polygon, Shape

LINE = 2  # width of outlines, in pixels of the canvas
STEADY = 0.25  # pixels of the canvas: no hand is, and fewer points fit into an address
TOOLS = ("box", "polygon", "freehand", "brush", "eraser")
_INK = {TARGET: "0, 114, 178", PREDICTION: "214, 40, 57"}
_ERASED = {TARGET: "226, 240, 255", PREDICTION: "255, 230, 230"}
_ALPHA = {"box": "1", "polygon": "0.99", "freehand": "0.98", "brush": "0.6"}
_ORIGIN = {"left": -0.5, "top": -0.5, "center": 0.0, "right": 0.5, "bottom": 0.5}


class Style(NamedTuple):
    """Colours of a tool: CSS for line and fill."""

    line: str
    fill: str


def style(side: str, tool: str) -> Style:
    """Return the colours of one of `TOOLS` on a side."""
    if tool == "eraser":
        return Style(f"rgba({_ERASED[side]}, 0.85)", "")
    return Style(f"rgba({_INK[side]}, {_ALPHA[tool]})", f"rgba({_INK[side]}, 0.3)")


_BY_LINE = {
    style(side, tool).line.replace(" ", ""): (side, tool)
    for side in (TARGET, PREDICTION)
    for tool in TOOLS
}


# === To the canvas ===


def to_canvas(drawing: Drawing, scale: float) -> dict[str, Any]:
    """Return the canvas' `initial_drawing`; `scale` is canvas pixels per picture pixel."""
    return {"objects": [_object(mark, scale) for mark in drawing.marks]}


def tool_of(mark: Mark) -> str:
    """Return the one of `TOOLS` that draws such a mark."""
    if isinstance(mark.shape, Brush):
        return "eraser" if mark.erase else "brush"
    if isinstance(mark.shape, Polygon):
        return "freehand" if mark.shape.freehand else "polygon"
    return "box"


def _object(mark: Mark, scale: float) -> dict[str, Any]:
    tool = tool_of(mark)
    line, fill = style(mark.side, tool)
    shape = mark.shape
    common = {
        "stroke": line,
        "strokeWidth": LINE,
        "fill": fill,
        "angle": 0,
        "scaleX": 1,
        "scaleY": 1,
        "strokeUniform": True,
    }
    if isinstance(shape, Box):
        x0, y0, x1, y1 = (value * scale for value in shape.bounds())
        place = {"left": x0, "top": y0, "width": x1 - x0, "height": y1 - y0}
        return {"type": "Rect", **common, **place, "originX": "left", "originY": "top"}
    points = [(x * scale, y * scale) for x, y in shape.points]
    x, y = zip(*points, strict=True)
    centre = {
        "left": (min(x) + max(x)) / 2,
        "top": (min(y) + max(y)) / 2,
        "originX": "center",
        "originY": "center",
    }
    if isinstance(shape, Brush):
        points = points if len(points) > 1 else points * 2
        path = [["L" if i else "M", *point] for i, point in enumerate(points)]
        round_line = {"strokeLineCap": "round", "strokeLineJoin": "round", "strokeUniform": False}
        width = {"strokeWidth": shape.width * scale, "fill": None}
        return {"type": "Path", "path": path, **common, **centre, **round_line, **width}
    corners = [{"x": px, "y": py} for px, py in points]
    return {"type": "Polygon", "points": corners, **common, **centre}


# === From the canvas ===


def from_canvas(data: Any, scale: float, before: Drawing) -> Drawing:
    """Return the drawing that the canvas shows.

    Parameters
    ----------
    data : dict
        The canvas' `json_data`. Objects that no tool of ours draws are left out, and new
        ones without extent, which a click without a drag leaves.
    scale : float
        Canvas pixels per picture pixel.
    before : Drawing
        What was drawn before: a mark that did not change stays exactly as it was, one
        that did keeps its score.
    """
    objects = data.get("objects") if isinstance(data, dict) else None
    entries = objects if isinstance(objects, list) else []
    with np.errstate(all="ignore"):  # numbers that are not finite make no shape
        found = [_mark(entry, scale) for entry in entries]
    tolerance = 0.02 / scale + 1e-3
    marks = [
        mark
        for mark in found
        if mark and (_has_extent(mark.shape) or _is_among(mark, before.marks, tolerance))
    ]
    return Drawing(tuple(_recognised(marks, before, tolerance, STEADY / scale)))


def _recognised(
    marks: Sequence[Mark], before: Drawing, tolerance: float, steady: float
) -> list[Mark]:
    old = list(before.marks)
    same_length = len(marks) == len(old)
    result = []
    for i, mark in enumerate(marks):
        known = next((o for o in old if _is_among(mark, (o,), tolerance)), None)
        if known is not None:
            old.remove(known)
            result.append(known)
            continue
        mark = replace(mark, shape=_steadied(mark.shape, steady))
        if same_length and before.marks[i].side == mark.side:
            result.append(replace(mark, score=before.marks[i].score))
        else:
            result.append(with_score(mark, result))
    return result


def _steadied(shape: Shape, tolerance: float) -> Shape:
    """Return a hand's path by fewer points."""
    if isinstance(shape, Brush):
        return replace(shape, points=tuple(simplified(shape.points, tolerance)))
    if isinstance(shape, Polygon) and shape.freehand:
        points = tuple(simplified(shape.points, tolerance))
        return replace(shape, points=points) if len(points) > 2 else shape
    return shape


def _is_among(mark: Mark, others: Sequence[Mark], tolerance: float) -> bool:
    return any(Drawing((other,)).resembles(Drawing((mark,)), tolerance) for other in others)


def with_score(mark: Mark, earlier: Sequence[Mark]) -> Mark:
    """Give a new prediction a score below those before it: 0.9, 0.8, ... 0.1."""
    if mark.side != PREDICTION or mark.erase:
        return mark
    count = sum(other.side == PREDICTION and not other.erase for other in earlier)
    return replace(mark, score=max(1, 9 - count) / 10)


def _mark(entry: Any, scale: float) -> Mark | None:
    try:
        known = _BY_LINE.get(str(entry["stroke"]).replace(" ", ""))
        if not known:
            return None
        side, tool = known
        shape = _shape(entry, tool, scale)
        return Mark(side, shape, tool == "eraser") if shape else None
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        return None  # what is broken in the browser cannot be measured


def _shape(entry: dict[str, Any], tool: str, scale: float) -> Shape | None:
    kind = entry["type"]
    if kind == "Rect":
        width, height = float(entry["width"]), float(entry["height"])
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (width / 2, height / 2)
        placed = _placed(corners, (width, height), entry) - float(entry.get("strokeWidth", 0)) / 2
        return _box_or_polygon(placed / scale)
    if kind == "Polygon":
        points = np.array([(float(p["x"]), float(p["y"])) for p in entry["points"]])
        low, high = points.min(axis=0), points.max(axis=0)
        placed = _placed(points - (low + high) / 2, tuple(high - low), entry)
        pairs = tuple(map(tuple, (placed / scale).tolist()))
        return Polygon(pairs, tool == "freehand")
    if kind != "Path":
        return None
    path = entry["path"]
    x0, y0, x1, y1 = extent(path)
    points = np.array(flatten(path, TOLERANCE * min(1.0, scale)))
    placed = _placed(points - ((x0 + x1) / 2, (y0 + y1) / 2), (x1 - x0, y1 - y0), entry) / scale
    pairs = tuple(map(tuple, placed.tolist()))
    if tool in ("brush", "eraser"):
        stretch = 1.0 if entry.get("strokeUniform") else math.sqrt(_stretch(entry))
        return Brush(_without_repeats(pairs), float(entry["strokeWidth"]) * stretch / scale)
    return Polygon(_without_repeats(pairs), freehand=True)


def _placed(
    points: NDArray[np.float64], extent: tuple[float, ...], entry: dict[str, Any]
) -> NDArray[np.float64]:
    """Move points around an object's centre to where the object is on the canvas."""
    dims = _dimensions(entry)
    line = float(entry.get("strokeWidth", 0))
    uniform = bool(entry.get("strokeUniform"))
    half = np.array(extent) / 2 + (0 if uniform else line / 2)
    corners = np.array([half, half * (1, -1)]) @ dims.T
    size = 2 * np.abs(corners).max(axis=0) + (line if uniform else 0)
    angle = math.radians(float(entry.get("angle", 0)))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    origin = np.array([_ORIGIN[entry.get("originX", "left")], _ORIGIN[entry.get("originY", "top")]])
    centre = np.array([float(entry["left"]), float(entry["top"])]) - turn @ (origin * size)
    return points @ (turn @ dims).T + centre


def _dimensions(entry: dict[str, Any]) -> NDArray[np.float64]:
    """Return the 2×2 matrix of scale, flip and skew (Fabric's calcDimensionsMatrix)."""
    x, y = (
        float(entry.get(f"scale{axis}", 1)) * (-1 if entry.get(f"flip{axis}") else 1)
        for axis in "XY"
    )
    skew_x, skew_y = (math.tan(math.radians(float(entry.get(f"skew{axis}", 0)))) for axis in "XY")
    scale = np.array([[x, 0.0], [0.0, y]])
    return scale @ np.array([[1, skew_x], [0, 1]]) @ np.array([[1, 0], [skew_y, 1]])


def _stretch(entry: dict[str, Any]) -> float:
    return abs(float(np.linalg.det(_dimensions(entry))))


def _box_or_polygon(corners: NDArray[np.float64]) -> Shape:
    """Return a box if the corners still make an upright rectangle, else a polygon."""
    (x0, y0), (x1, y1) = corners.min(axis=0), corners.max(axis=0)
    upright = all(
        min(abs(x - x0), abs(x - x1)) < 1e-6 and min(abs(y - y0), abs(y - y1)) < 1e-6
        for x, y in corners
    )
    return Box(x0, y0, x1, y1) if upright else Polygon(tuple(map(tuple, corners.tolist())))


def _has_extent(shape: Shape) -> bool:
    x0, y0, x1, y1 = shape.bounds()
    return min(x1 - x0, y1 - y0) > 1e-9


def _without_repeats(points: tuple[tuple[float, ...], ...]) -> tuple[tuple[float, float], ...]:
    kept = [points[0]]
    kept += [p for p, q in zip(points[1:], points, strict=False) if p != q]
    return tuple((p[0], p[1]) for p in kept)
