"""LabelMe's JSON: polygons, rectangles, circles and masks in its ``shapes``.

References
----------
wkentaro/labelme, `labelme/utils/shape.py`: a circle is its centre and a point on it, a
mask a PNG in base64 within the box of its two points.
"""

from __future__ import annotations

import base64
import io
import math
from itertools import chain
from typing import Any

import numpy as np
from PIL import Image

from segcore.drawing import Brush
from segcore.drawing.raster import rasterise
from segcore.mask_files.errors import MaskFileError
from segcore.mask_files.geometry import box_object, polygons_patch
from segcore.mask_files.sizes import check_count, check_size
from segcore.objects import EMPTY, MaskedObject, Patch, trimmed


def read(content: dict[str, Any], size: tuple[int, int]) -> list[MaskedObject]:
    """Read a LabelMe file that was parsed; shapes of a common ``group_id`` stay apart."""
    if content.get("imageHeight") and content.get("imageWidth"):
        check_size((int(content["imageHeight"]), int(content["imageWidth"])), size)
    check_count(len(content["shapes"]))
    objects = [_object(shape, size) for shape in content["shapes"]]
    return [thing for thing in objects if thing.patch.mask.size]


def _object(shape: dict[str, Any], size: tuple[int, int]) -> MaskedObject:
    kind = shape.get("shape_type") or "polygon"
    label = str(shape.get("label", ""))
    points = [(float(x), float(y)) for x, y in shape["points"]]
    if kind == "rectangle":
        (x0, y0), (x1, y1) = points
        return box_object((x0, y0, x1, y1), size, label=label)
    if kind == "polygon":
        return MaskedObject(polygons_patch([chain(*points)], size), label=label)
    if kind == "circle":
        width = 2 * math.dist(*points)
        return MaskedObject(rasterise(Brush(points[:1], width), size), label=label)  # type: ignore[arg-type]
    if kind == "mask":
        return MaskedObject(_cut_out(shape["mask"], points[0], size), label=label)
    raise MaskFileError(
        f"a shape is of type {str(kind)[:40]!r}; accepted are polygon, rectangle, circle and mask."
    )


def _cut_out(text: str, corner: tuple[float, float], size: tuple[int, int]) -> Patch:
    with Image.open(io.BytesIO(base64.b64decode(text)), formats=("PNG",)) as opened:
        if opened.width > size[1] or opened.height > size[0]:
            raise MaskFileError("a mask is larger than the picture; choose the picture it fits.")
        mask = np.asarray(opened.convert("L")) > 0
    left, top = round(corner[0]), round(corner[1])
    top_cut, left_cut = max(0, -top), max(0, -left)
    inside = mask[top_cut : max(0, size[0] - top), left_cut : max(0, size[1] - left)]
    return trimmed(Patch(top + top_cut, left + left_cut, inside)) if inside.size else EMPTY
