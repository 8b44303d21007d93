"""The objects that a drawing shows: what instance metrics count."""

from __future__ import annotations

from segcore.drawing.drawing import Drawing
from segcore.drawing.raster import rasterise
from segcore.drawing.shapes import Box, Brush
from segcore.objects import MaskedObject, Patch, joined, overlap, trimmed


def drawn_objects(drawing: Drawing, side: str, size: tuple[int, int]) -> list[MaskedObject]:
    """Rasterise one side of a drawing.

    Every box, polygon and freehand region is an object. A brush stroke adds to the last
    object it touches and is one of its own if it touches none; an eraser takes its pixels
    from all objects before it. Objects without a pixel in the picture are left out.

    Parameters
    ----------
    drawing : Drawing
    side : {"target", "prediction"}
    size : (height, width)
        Of the picture, in pixels.
    """
    objects: list[MaskedObject] = []
    for _, mark in drawing.side(side):
        patch = rasterise(mark.shape, size)
        if mark.erase:
            objects = [_erased(thing, patch) for thing in objects]
            continue
        touched = None
        if isinstance(mark.shape, Brush):
            places = [i for i, thing in enumerate(objects) if overlap(thing.patch, patch)]
            touched = places[-1] if places else None
        if touched is None:
            box = _clipped(mark.shape, size) if isinstance(mark.shape, Box) else None
            objects.append(MaskedObject(patch, mark.score, box=box))
        else:
            old = objects[touched]
            objects[touched] = MaskedObject(joined(old.patch, patch), old.score)
    return [thing for thing in objects if thing.patch.mask.size]


def _clipped(box: Box, size: tuple[int, int]) -> tuple[float, float, float, float]:
    height, width = size
    x0, x1 = (min(max(x, 0.0), float(width)) for x in (box.x_min, box.x_max))
    y0, y1 = (min(max(y, 0.0), float(height)) for y in (box.y_min, box.y_max))
    return x0, y0, x1, y1


def _erased(thing: MaskedObject, patch: Patch) -> MaskedObject:
    both = overlap(thing.patch, patch)
    if not both:
        return thing
    mask = thing.patch.mask.copy()
    mask[both[0]] &= ~patch.mask[both[1]]
    return MaskedObject(trimmed(thing.patch._replace(mask=mask)), thing.score)
