"""A panoptic result of objects and the stuff around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from segcore.labels import ClassMap, Segment

STUFF_AREA = 0.01
"""Least part of the picture that stuff fills, lest it is left unlabelled.

Published are 4,096 pixels of COCO's 640×480 and the like, 0.013.
"""


class Found(NamedTuple):
    """An object of an id map: its class and its score, 0 to 1."""

    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    score: float


class Change(NamedTuple):
    """What a rule took away: objects (or kinds of stuff), and pixels."""

    objects: int
    pixels: int


class Assembled(NamedTuple):
    """The parts of a `Panoptic`, and the stuff that was too small."""

    ids: np.ndarray
    segments: tuple[Segment, ...]
    small: Change


def assemble(
    ids: np.ndarray, objects: Sequence[Found], semantic: ClassMap, stuff_area: float
) -> Assembled:
    """Fill the pixels without an object with the stuff of a class map.

    Parameters
    ----------
    ids : (h, w) int32
        i + 1 on the pixels of ``objects[i]``, of which each has some; 0 elsewhere.
    objects : sequence of Found
    semantic : ClassMap
        Of the same shape.
    stuff_area : float
        Least part of the picture, 0 to 1, for a class of stuff to be kept.
    """
    if not 0 <= stuff_area <= 1:
        raise ValueError(
            f"The least area of stuff is {stuff_area}; accepted are parts of the picture, 0 to 1."
        )
    areas = np.bincount(ids.ravel(), minlength=len(objects) + 1).tolist()
    numbers: Counter[int] = Counter()
    segments: list[Segment] = []
    for number, found in enumerate(objects, 1):
        numbers[found.index] += 1
        segments.append(
            Segment(number, found.index, found.score, numbers[found.index], areas[number])
        )
    free = ids == 0
    classes = semantic.classes[free]
    pixels = np.bincount(classes, minlength=256).tolist()
    sums = np.bincount(classes, semantic.scores[free], minlength=256).tolist()
    table, dropped = np.zeros(256, np.int32), []
    for index in semantic.class_set.stuff:
        if not pixels[index]:
            continue
        if pixels[index] < stuff_area * ids.size:
            dropped.append(pixels[index])
            continue
        table[index] = len(segments) + 1
        score = sums[index] / pixels[index] / 255
        segments.append(Segment(len(segments) + 1, index, score, 0, pixels[index]))
    result = ids.copy()
    result[free] = table[classes]
    return Assembled(result, tuple(segments), Change(len(dropped), sum(dropped)))
