"""The simplest objects: the connected parts of each thing of a class map.

Things that touch become one, a thing that something covers becomes two: what networks
for instances have to do better.
"""

from __future__ import annotations

import cv2
import numpy as np

from segcore.labels import ClassMap, Instances, Panoptic
from segcore.objects import MaskedObject, Patch
from segcore.scenes.assembly import STUFF_AREA
from segcore.scenes.merge import merge

THING_AREA = 0.001


def components(semantic: ClassMap, thing_area: float = THING_AREA) -> Instances:
    """Return the connected parts of the things, neighbours at corners included.

    Parameters
    ----------
    semantic : ClassMap
    thing_area : float
        Parts smaller than this part of the picture, 0 to 1, are left out.

    Returns
    -------
    Instances
        Each with the mean probability of its pixels as its score.
    """
    objects = []
    present = np.bincount(semantic.classes.ravel(), minlength=256)
    for index in semantic.class_set.things:
        if not present[index]:
            continue
        mask = (semantic.classes == index).astype(np.uint8)
        count, parts, boxes, _ = cv2.connectedComponentsWithStats(mask)
        sums = np.bincount(parts.ravel(), semantic.scores.ravel(), count)
        for part in range(1, count):
            left, top, width, height, area = boxes[part].tolist()
            if area < thing_area * mask.size:
                continue
            inside = parts[top : top + height, left : left + width] == part
            score = float(sums[part]) / area / 255
            name = semantic.class_set.names[index]
            objects.append(MaskedObject(Patch(top, left, inside), score, name))
    return Instances(
        semantic.shape,
        semantic.size,
        semantic.class_set,
        semantic.model,
        semantic.device,
        seconds=semantic.seconds,
        objects=tuple(sorted(objects, key=lambda thing: -thing.score)),
    )


def panoptic(
    semantic: ClassMap, thing_area: float = THING_AREA, stuff_area: float = STUFF_AREA
) -> Panoptic:
    """Return the connected parts of the things, and the stuff of the same class map."""
    return merge(semantic, components(semantic, thing_area), 0, 1, stuff_area).panoptic
