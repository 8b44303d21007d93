"""What ever finer tasks say about a picture, from one and the same objects.

Classification names what there is; localisation adds one box; detection a box for each
object; instance segmentation the pixels of each.
"""

from __future__ import annotations

from dataclasses import dataclass

from segcore.labels import Instances
from segcore.objects import MaskedObject

Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Named:
    """A class that occurs.

    Attributes
    ----------
    name : str
    score : float
        Of its best object, 0 to 1.
    count : int
        How many objects there are.
    """

    name: str
    score: float
    count: int


@dataclass(frozen=True)
class Boxed:
    """An object as a box.

    Attributes
    ----------
    name : str
    number : int
        Which object of its class, from 1 on.
    score : float
        0 to 1.
    box : (x_min, y_min, x_max, y_max)
        Corners in pixels of the result's shape.
    """

    name: str
    number: int
    score: float
    box: Corners


@dataclass(frozen=True)
class Ladder:
    """The four steps.

    Attributes
    ----------
    classification : tuple of Named
        Best first.
    localisation : Boxed or None
        The object of the highest score, the larger one of equals; None if there is none.
    detection : tuple of Boxed
        As the objects, highest score first.
    instances : tuple of MaskedObject
        The objects above the threshold.
    """

    classification: tuple[Named, ...]
    localisation: Boxed | None
    detection: tuple[Boxed, ...]
    instances: tuple[MaskedObject, ...]


def ladder(result: Instances, score: float = 0.5) -> Ladder:
    """Return the four steps of the objects whose score is at least ``score``."""
    kept = sorted((o for o in result.objects if o.score >= score), key=lambda o: -o.score)
    counts: dict[str, int] = {}
    boxes = []
    for thing in kept:
        counts[thing.label] = counts.get(thing.label, 0) + 1
        boxes.append(Boxed(thing.label, counts[thing.label], thing.score, corners(thing)))
    best = {box.name: box.score for box in reversed(boxes)}
    names = sorted(counts, key=lambda name: -best[name])
    main = max(zip(kept, boxes, strict=True), key=_prominence, default=(None, None))[1]
    return Ladder(
        tuple(Named(name, best[name], counts[name]) for name in names),
        main,
        tuple(boxes),
        tuple(kept),
    )


def corners(thing: MaskedObject) -> Corners:
    """Return an object's own box, or the one around its mask."""
    if thing.box:
        return thing.box
    rows, columns = thing.patch.window
    return columns.start, rows.start, columns.stop, rows.stop


def _prominence(pair: tuple[MaskedObject, Boxed]) -> tuple[float, int]:
    return pair[0].score, int(pair[0].patch.mask.sum())
