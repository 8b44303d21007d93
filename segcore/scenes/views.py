"""A panoptic result as the results of the two other tasks."""

from __future__ import annotations

from typing import Any

import numpy as np

from segcore.labels import UNLABELLED, ClassMap, Instances, Panoptic
from segcore.objects import MaskedObject, Patch, trimmed


def class_map(result: Panoptic) -> ClassMap:
    """Return the class of each pixel, with the score of its segment."""
    size = 1 + max((s.id for s in result.segments), default=0)
    classes, scores = np.full(size, UNLABELLED, np.uint8), np.zeros(size, np.uint8)
    for segment in result.segments:
        classes[segment.id] = segment.index
        scores[segment.id] = round(segment.score * 255)
    return ClassMap(**_common(result), classes=classes[result.ids], scores=scores[result.ids])


def objects(result: Panoptic) -> Instances:
    """Return the things as objects, highest score first."""
    names, things = result.class_set.names, result.class_set.things
    found = [
        MaskedObject(trimmed(Patch(0, 0, result.ids == s.id)), s.score, names[s.index])
        for s in result.segments
        if s.index in things
    ]
    ordered = tuple(sorted(found, key=lambda thing: -thing.score))
    return Instances(**_common(result), objects=ordered)


def _common(result: Panoptic) -> dict[str, Any]:
    names = ("shape", "size", "class_set", "model", "device", "seconds")
    return {name: getattr(result, name) for name in names}
