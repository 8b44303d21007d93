"""What a scene model finds, as one mask: a class of it, or all things."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.objects import union

THINGS = "things"


def foreground(result: ClassMap | Instances | Panoptic, wanted: str = THINGS) -> NDArray[np.bool_]:
    """Return the (height, width) bool mask at the picture's own size.

    Parameters
    ----------
    result : ClassMap, Instances or Panoptic
    wanted : str
        `THINGS` for all countable objects, or a name of the result's class set.

    Raises
    ------
    ValueError
        For a name that the class set hasn't.
    """
    class_set = result.class_set
    chosen = class_set.things if wanted == THINGS else (class_set.index(wanted),)
    return images.resize_mask(_mask(result, chosen), result.size)


def _mask(result: ClassMap | Instances | Panoptic, chosen: tuple[int, ...]) -> NDArray[np.bool_]:
    if isinstance(result, ClassMap):
        return np.isin(result.classes, chosen)
    if isinstance(result, Panoptic):
        return np.isin(result.ids, [s.id for s in result.segments if s.index in chosen])
    names = {result.class_set.names[index] for index in chosen}
    return union((thing for thing in result.objects if thing.label in names), result.shape)


def regions(result: ClassMap | Instances | Panoptic) -> NDArray[np.int64]:
    """Return a number for each class or segment at each pixel of ``shape``, 0 for none."""
    if isinstance(result, ClassMap):
        classes = result.classes.astype(np.int64)
        return np.where(classes < len(result.class_set), classes + 1, 0)
    if isinstance(result, Panoptic):
        return result.ids.astype(np.int64)
    numbers = np.zeros(result.shape, np.int64)
    for number, thing in reversed(list(enumerate(result.objects, 1))):
        numbers[thing.patch.window][thing.patch.mask] = number
    return numbers
