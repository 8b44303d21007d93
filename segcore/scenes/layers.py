"""One view of a picture as a map of ids with a list that says what each id is.

Semantic, instance and panoptic results and the truth all become a `Layer`: what the page
draws, what a pointer reads and what is exported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from segcore.class_sets import ClassSet
from segcore.labels import UNLABELLED, ClassMap, Instances, Panoptic
from segcore.render import Colour
from segcore.scenes.colours import class_colours, object_colour, pattern_of, shade
from segcore.scenes.truth import Truth

OTHER_COLOUR: Colour = (150, 150, 150)
_COARSE = 160  # pixels a side on which places for names are looked for


@dataclass(frozen=True)
class Entry:
    """What an id of a layer is.

    Attributes
    ----------
    id : int
    index : int
        Its class.
    label : str
        Its class in words.
    number : int
        Which object of its class, from 1 on; 0 where objects are not told apart.
    score : float or None
        0 to 1; None for the truth.
    area : int
        Pixels of the layer.
    colour : (red, green, blue)
    pattern : int
        See `drawing.pattern`; 0 for none.
    anchor : (x, y)
        Where its name is written, pixels of the layer: well inside.
    """

    id: int
    index: int
    label: str
    number: int
    score: float | None
    area: int
    colour: Colour
    pattern: int
    anchor: tuple[int, int]

    @property
    def name(self) -> str:
        """Class and number: ``cat 2``."""
        return f"{self.label} {self.number}" if self.number else self.label


@dataclass(frozen=True)
class Layer:
    """A view of a picture.

    Attributes
    ----------
    ids : (h, w) int32
        0 where a pixel is unlabelled.
    entries : tuple of Entry
        Ordered by id.
    scores : (h, w) uint8 or None
        Score of each pixel, 0 to 255 for 0 to 1, where it differs within an id.
    """

    ids: NDArray[np.int32]
    entries: tuple[Entry, ...]
    scores: NDArray[np.uint8] | None = None

    @property
    def unlabelled(self) -> float:
        """The part of the picture without a label, 0 to 1."""
        return float(np.count_nonzero(self.ids == 0)) / self.ids.size

    def at(self, x: int, y: int) -> Entry | None:
        """Return what is at a pixel."""
        wanted = int(self.ids[y, x])
        return next((entry for entry in self.entries if entry.id == wanted), None)


def semantic_layer(result: ClassMap) -> Layer:
    """Return one id a class, in the class's colour."""
    ids = np.where(result.classes == UNLABELLED, 0, result.classes.astype(np.int32) + 1)
    pixels = np.bincount(ids.ravel())
    sums = np.bincount(ids.ravel(), result.scores.ravel())
    parts = [
        _Part(i, i - 1, 0, float(sums[i] / pixels[i]) / 255)
        for i in np.flatnonzero(pixels).tolist()
        if i
    ]
    colours = class_colours(result.class_set)
    found = [colours[part.index] for part in parts]
    return Layer(ids.astype(np.int32), _entries(ids, parts, found, result.class_set), result.scores)


def instance_layer(result: Instances, numbers: Sequence[int] | None = None) -> Layer:
    """Return one id and colour an object; where masks overlap, the highest score is on top.

    Parameters
    ----------
    result : Instances
    numbers : sequence of int, optional
        The number of each object within its class; in the order of their scores if absent.
    """
    ids = np.zeros(result.shape, np.int32)
    objects = result.objects
    for number in range(len(objects), 0, -1):
        patch = objects[number - 1].patch
        ids[patch.window][patch.mask] = number
    indices = [result.class_set.index(thing.label) for thing in objects]
    numbers = counted(indices) if numbers is None else numbers
    parts = [
        _Part(i, index, number, thing.score)
        for i, (index, number, thing) in enumerate(zip(indices, numbers, objects, strict=True), 1)
    ]
    colours = [object_colour(i) for i in range(1, len(objects) + 1)]
    return Layer(ids, _entries(ids, parts, colours, result.class_set))


def panoptic_layer(result: Panoptic) -> Layer:
    """Return one id a segment, in shades of its class's colour."""
    parts = [_Part(s.id, s.index, s.number, s.score) for s in result.segments]
    return Layer(result.ids, _shaded(result.ids, parts, result.class_set))


def truth_layer(truth: Truth, class_set: ClassSet) -> Layer:
    """Return one id a labelled segment, in shades; crowds have no number."""
    seen: Counter[int] = Counter()
    parts = []
    for place, segment in enumerate(truth.segments, 1):
        known = segment.index < len(class_set)
        thing = known and class_set.classes[segment.index].thing and not segment.crowd
        seen[segment.index] += thing
        parts.append(_Part(place, segment.index, seen[segment.index] if thing else 0, None))
    ids = truth.places().astype(np.int32)
    return Layer(ids, _shaded(ids, parts, class_set))


def counted(indices: Sequence[int]) -> list[int]:
    """Number objects within their class.

    Examples
    --------
    >>> counted([9, 10, 9])
    [1, 1, 2]
    """
    seen: Counter[int] = Counter()
    numbers = []
    for index in indices:
        seen[index] += 1
        numbers.append(seen[index])
    return numbers


def same_numbers(layer: Layer, like: Layer) -> Layer:
    """Give the objects of a layer the numbers of those in another that they are.

    An object is another's if they share a class and an IoU above 0.5, which no other can
    have as well; the rest get numbers that are not used yet.
    """
    numbers = {e.id: e.number for e in like.entries if e.number}
    areas = {e.id: e.area for e in like.entries}
    classes = {e.id: e.index for e in like.entries}
    given: dict[int, int] = {}
    for entry in layer.entries:
        if not entry.number or not entry.area:
            continue
        shared = np.bincount(like.ids[layer.ids == entry.id])
        best = int(shared.argmax())
        union = entry.area + areas.get(best, 0) - int(shared[best])
        if best in numbers and classes[best] == entry.index and 2 * shared[best] > union:
            given[entry.id] = numbers[best]
    taken = {(classes[i], number) for i, number in numbers.items()}
    entries = []
    for entry in layer.entries:
        number = given.get(entry.id, 0)
        while entry.number and not number:
            number = next(n for n in range(1, 10**6) if (entry.index, n) not in taken)
            taken.add((entry.index, number))
        entries.append(replace(entry, number=number))
    return replace(layer, entries=tuple(entries))


# === Entries ===


@dataclass(frozen=True)
class _Part:
    id: int
    index: int
    number: int
    score: float | None


def _shaded(ids: NDArray, parts: Sequence[_Part], class_set: ClassSet) -> tuple[Entry, ...]:
    colours = class_colours(class_set)
    shades = [
        shade(colours[part.index], part.number) if part.index < len(colours) else OTHER_COLOUR
        for part in parts
    ]
    return _entries(ids, parts, shades, class_set)


def _entries(
    ids: NDArray, parts: Sequence[_Part], colours: Sequence[Colour], class_set: ClassSet
) -> tuple[Entry, ...]:
    areas = np.bincount(ids.ravel(), minlength=max((p.id for p in parts), default=0) + 1)
    step = max(1, max(ids.shape) // _COARSE)
    coarse = ids[step // 2 :: step, step // 2 :: step]
    return tuple(
        Entry(
            part.id,
            part.index,
            class_set.names[part.index] if part.index < len(class_set) else "other",
            part.number,
            part.score,
            int(areas[part.id]),
            colour,
            pattern_of(class_set, part.index) if part.index < len(class_set) else 0,
            _anchor(ids, coarse, step, part.id),
        )
        for part, colour in zip(parts, colours, strict=True)
    )


def _anchor(ids: NDArray, coarse: NDArray, step: int, wanted: int) -> tuple[int, int]:
    """Return the pixel farthest from the segment's edge, looked for among every ``step``-th."""
    mask = coarse == wanted
    if not mask.any():
        mask, step = ids == wanted, 1
    padded = np.pad(mask, 1).astype(np.uint8)
    depth = cv2.distanceTransform(padded, cv2.DIST_L1, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return int(x) * step + step // 2, int(y) * step + step // 2
