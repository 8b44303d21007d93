"""A class map and objects into one panoptic segmentation, by the published heuristics.

Objects below a score are dropped. The rest, highest score first, take the pixels that
are still free; one of which too much is taken already is dropped. Stuff fills what is
left, where enough of it is left. Things of the class map without an object stay unlabelled.

References
----------
Kirillov et al., "Panoptic segmentation", CVPR 2019, section 6; cocodataset/panopticapi,
`combine_semantic_and_instance_predictions.py`.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

import numpy as np

from segcore.labels import ClassMap, Instances, Panoptic
from segcore.scenes.assembly import STUFF_AREA, Change, Found, assemble
from segcore.scenes.scaling import scaled


class Changes(NamedTuple):
    """What each rule took away.

    Attributes
    ----------
    score : Change
        Objects below the score threshold, and the pixels of their masks.
    overlap : Change
        Objects of which others took too much, and the pixels of their masks.
    trimmed : Change
        Objects that were kept but lost pixels to better ones, and those pixels.
    stuff : Change
        Kinds of stuff with too few pixels, and these.
    unclaimed : Change
        Things of the class map that no object covers: classes and pixels.
    """

    score: Change
    overlap: Change
    trimmed: Change
    stuff: Change
    unclaimed: Change


class Merged(NamedTuple):
    """The result, and what changed on the way."""

    panoptic: Panoptic
    changes: Changes


def merge(
    semantic: ClassMap,
    instances: Instances,
    score: float = 0.5,
    overlap: float = 0.5,
    stuff_area: float = STUFF_AREA,
) -> Merged:
    """Merge two results of one picture.

    Parameters
    ----------
    semantic : ClassMap
        Scaled to the shape of the objects if its own differs.
    instances : Instances
        Of the same class set.
    score : float
        Objects with less, 0 to 1, are dropped.
    overlap : float
        An object of which more than this part, 0 to 1, is taken already is dropped.
    stuff_area : float
        Part of the picture, 0 to 1, below which stuff is left unlabelled.
    """
    for name, value in (("score", score), ("overlap", overlap)):
        if not 0 <= value <= 1:
            raise ValueError(f"The {name} threshold is {value}; accepted are values from 0 to 1.")
    if semantic.class_set != instances.class_set:
        raise ValueError(
            f"The class map is of {semantic.class_set.name}, the objects of "
            f"{instances.class_set.name}; merge results of one class set."
        )
    semantic = scaled(semantic, instances.shape)
    ids = np.zeros(instances.shape, np.int32)
    objects: list[Found] = []
    dropped: dict[str, list[int]] = {"score": [], "overlap": [], "trimmed": []}
    for thing in sorted(instances.objects, key=lambda thing: -thing.score):
        mask = thing.patch.mask
        area = int(np.count_nonzero(mask))
        if not area:
            continue
        if thing.score < score:
            dropped["score"].append(area)
            continue
        part = ids[thing.patch.window]
        free = mask & (part == 0)
        taken = area - int(np.count_nonzero(free))
        if taken == area or taken > overlap * area:
            dropped["overlap"].append(area)
            continue
        if taken:
            dropped["trimmed"].append(taken)
        objects.append(Found(instances.class_set.index(thing.label), thing.score))
        part[free] = len(objects)
    assembled = assemble(ids, objects, semantic, stuff_area)
    panoptic = Panoptic(
        instances.shape,
        instances.size,
        instances.class_set,
        " + ".join(dict.fromkeys((semantic.model, instances.model))),
        instances.device,
        seconds=dict(Counter(semantic.seconds) + Counter(instances.seconds)),
        ids=assembled.ids,
        segments=assembled.segments,
    )
    changes = {name: Change(len(areas), sum(areas)) for name, areas in dropped.items()}
    return Merged(
        panoptic, Changes(**changes, stuff=assembled.small, unclaimed=_unclaimed(semantic, ids))
    )


def _unclaimed(semantic: ClassMap, ids: np.ndarray) -> Change:
    pixels = np.bincount(semantic.classes[ids == 0], minlength=256)
    pixels = pixels[list(semantic.class_set.things)]
    return Change(int(np.count_nonzero(pixels)), int(pixels.sum()))
