"""Drawings as JSON files and as a short code for a page's address.

The JSON names everything::

    {"format": "segcore drawing", "version": 1, "width": 640, "height": 480, "shapes": [
      {"side": "target", "kind": "box", "box": [x_min, y_min, x_max, y_max]},
      {"side": "target", "kind": "brush", "points": [[x, y], ...], "width": 8, "erase": true},
      {"side": "prediction", "kind": "polygon", "points": [[x, y], ...], "score": 0.9}]}

with "freehand" as the fourth kind. The code is a mark after the other, joined by ``~``:
side (t, p), kind (b box, g polygon, f freehand, r brush, e eraser), numbers joined by
``_`` (a brush begins with its width), and ``s`` with the score where it is not 1.
"""

from __future__ import annotations

import json
import re
from typing import Any

from segcore.drawing.drawing import MAX_MARKS, PREDICTION, TARGET, Drawing, Mark
from segcore.drawing.errors import DrawingError
from segcore.drawing.shapes import Box, Brush, Polygon, Shape

FORMAT, VERSION = "segcore drawing", 1
MAX_BYTES = 4 * 2**20
MAX_CODE = 4000  # characters; servers and proxies take addresses of 8,000
_SIDES = {"t": TARGET, "p": PREDICTION}
_MARK = re.compile(r"([tp])([bgfre])(-?[\d.]+(?:_-?[\d.]+)*)(?:s([\d.]+))?", re.ASCII)


# === JSON ===


def to_json(drawing: Drawing, size: tuple[int, int]) -> str:
    """Return the text of a JSON file; `size` is the picture's (height, width)."""
    shapes = [_entry(mark) for mark in drawing.marks]
    head = {"format": FORMAT, "version": VERSION, "width": size[1], "height": size[0]}
    return json.dumps({**head, "shapes": shapes}, indent=1)


def from_json(text: str | bytes) -> tuple[Drawing, tuple[int, int]]:
    """Read `to_json`'s text; return the drawing and the (height, width) it was made for.

    Raises
    ------
    DrawingError
        If the text is too long, no JSON, another kind of JSON, or holds an impossible shape.
    """
    if len(text) > MAX_BYTES:
        raise DrawingError(
            f"The file has {-(-len(text) * 10 // 2**20) / 10} MB; a drawing has up to "
            f"{MAX_BYTES // 2**20} MB: choose a drawing that was saved here."
        )
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DrawingError("The file is not JSON; choose a drawing that was saved here.") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DrawingError(
            f'The file is JSON, but lacks "format": "{FORMAT}"; choose a drawing that was saved '
            "here, or bring other files under Mask file."
        )
    try:
        height, width = int(content["height"]), int(content["width"])
        entries = content["shapes"]
        if not isinstance(entries, list) or min(height, width) < 1:
            raise TypeError
        if len(entries) > MAX_MARKS:
            raise DrawingError(f"The drawing has {len(entries)} shapes; accepted are {MAX_MARKS}.")
        return Drawing(tuple(_mark(entry) for entry in entries)), (height, width)
    except DrawingError:
        raise
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DrawingError(
            "The drawing is damaged: a shape needs side, kind and box or points; save it again."
        ) from error


def _entry(mark: Mark) -> dict[str, Any]:
    shape = mark.shape
    entry: dict[str, Any] = {"side": mark.side, "kind": _kind(shape)}
    if isinstance(shape, Box):
        entry["box"] = list(shape.bounds())
    else:
        entry["points"] = [list(point) for point in shape.points]
    if isinstance(shape, Brush):
        entry |= {"width": shape.width, "erase": mark.erase}
    if mark.side == PREDICTION and not mark.erase:
        entry["score"] = mark.score
    return entry


def _kind(shape: Shape) -> str:
    if isinstance(shape, Polygon):
        return "freehand" if shape.freehand else "polygon"
    return "box" if isinstance(shape, Box) else "brush"


def _mark(entry: dict[str, Any]) -> Mark:
    kind = entry["kind"]
    shape: Shape
    if kind == "box":
        shape = Box(*(float(value) for value in entry["box"]))
    elif kind in ("polygon", "freehand"):
        shape = Polygon(entry["points"], kind == "freehand")
    elif kind == "brush":
        shape = Brush(entry["points"], float(entry["width"]))
    else:
        raise DrawingError(
            f"A shape is of kind {str(kind)[:40]!r}; accepted are box, polygon, freehand and brush."
        )
    return Mark(entry["side"], shape, bool(entry.get("erase", False)), float(entry.get("score", 1)))


# === The address's code ===


def to_code(drawing: Drawing) -> str | None:
    """Return the code of a drawing, rounded to 0.01 pixels; None if it is too long.

    Examples
    --------
    >>> to_code(Drawing((Mark("target", Box(1, 2, 3.5, 4)),)))
    'tb1_2_3.5_4'
    """
    code = "~".join(_word(mark) for mark in drawing.marks)
    return code if len(code) <= MAX_CODE else None


def from_code(code: str) -> Drawing:
    """Read `to_code`'s text; a `DrawingError` says what is wrong with it."""
    if len(code) > MAX_CODE:
        raise DrawingError("The shapes in the address are cut off or too many; draw them again.")
    return Drawing(tuple(_read(word) for word in code.split("~") if word))


def _word(mark: Mark) -> str:
    shape = mark.shape
    letter = (
        "e"
        if mark.erase
        else {"box": "b", "polygon": "g", "freehand": "f", "brush": "r"}[_kind(shape)]
    )
    if isinstance(shape, Box):
        numbers = list(shape.bounds())
    else:
        numbers = [value for point in shape.points for value in point]
        if isinstance(shape, Brush):
            numbers.insert(0, shape.width)
    score = f"s{_number(mark.score)}" if mark.score != 1 and not mark.erase else ""
    return mark.side[0] + letter + "_".join(map(_number, numbers)) + score


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _read(word: str) -> Mark:
    match = _MARK.fullmatch(word)
    try:
        if not match:
            raise ValueError
        side, kind, text, score = match.groups()
        numbers = [float(number) for number in text.split("_")]
        shape: Shape
        if kind == "b":
            x0, y0, x1, y1 = numbers
            shape = Box(x0, y0, x1, y1)
        elif kind in "gf":
            shape = Polygon(_pairs(numbers), kind == "f")
        else:
            shape = Brush(_pairs(numbers[1:]), numbers[0])
        return Mark(_SIDES[side], shape, kind == "e", float(score or 1))
    except ValueError as error:
        raise DrawingError(
            f"The address holds a shape {word[:40]!r} that cannot be read; open the page without "
            "it and draw again."
        ) from error


def _pairs(numbers: list[float]) -> tuple[tuple[float, float], ...]:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
