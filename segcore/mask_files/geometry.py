"""Polygons and boxes of annotation files as objects of a picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from segcore.drawing import Box, Drawing, Mark, Polygon
from segcore.drawing.objects import drawn_objects
from segcore.drawing.raster import rasterise
from segcore.objects import EMPTY, MaskedObject, Patch, joined


def box_object(
    corners: Iterable[float], size: tuple[int, int], score: float = 1.0, label: str = ""
) -> MaskedObject:
    """Return a box given by x_min, y_min, x_max, y_max as an object."""
    drawing = Drawing((Mark("target", Box(*(float(value) for value in corners))),))
    objects = drawn_objects(drawing, "target", size)
    if not objects:
        return MaskedObject(EMPTY, score, label)
    return MaskedObject(objects[0].patch, score, label, objects[0].box)


def polygons_patch(rings: Iterable[Iterable[float]], size: tuple[int, int]) -> Patch:
    """Return the union of polygons, each a flat list x, y, x, y, ..."""
    patch = EMPTY
    for ring in rings:
        flat = np.asarray(list(ring), float)
        points = tuple(map(tuple, flat.reshape(-1, 2).tolist()))
        patch = joined(patch, rasterise(Polygon(points), size))
    return patch
