"""Scenes as countable objects, small enough to keep thousands in memory."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from segcore import images
from segcore.class_sets import SCENES
from segcore.datasets.scenes import SceneSample
from segcore.scenes.truth import Truth

VOID = 255
MOST = 40  # objects of a picture that are learned
SMALLEST_AREA, SMALLEST_SIDE = 16, 3  # pixels; what is smaller is void


@dataclass(frozen=True, eq=False)
class InstanceScene:
    """A picture and its objects.

    Attributes
    ----------
    picture : (h, w, 3) uint8
    ids : (h, w) uint8
        0: no object, n: the n-th object, `VOID`: nobody knows, or a crowd.
    classes : tuple of int
        Of the objects, in order; indices of `SCENES`.
    source : str
        Who made the labels.
    """

    picture: np.ndarray
    ids: np.ndarray
    classes: tuple[int, ...]
    source: str = ""


def load(
    samples: Sequence[SceneSample], longest: int, progress: Callable[..., None]
) -> tuple[list[InstanceScene], list[str]]:
    """Read pictures, scaled down to `longest` pixels where they are larger.

    Parameters
    ----------
    samples : sequence of SceneSample
    longest : int
    progress : callable
        Called after each picture.

    Returns
    -------
    scenes : list of InstanceScene
        In order, of those that can be read.
    damaged : list of str
        A sentence for each that cannot.
    """

    def one(sample: SceneSample) -> InstanceScene | str:
        try:
            picture, truth = sample.load()
        except images.PictureError as error:
            return str(error)
        return scene(picture, truth, longest, sample.source)

    found: list[InstanceScene | str] = []
    with ThreadPoolExecutor(2) as pool:
        for result in pool.map(one, samples):
            found.append(result)
            progress()
    return (
        [f for f in found if isinstance(f, InstanceScene)],
        [f for f in found if isinstance(f, str)],
    )


def scene(picture: np.ndarray, truth: Truth, longest: int, source: str = "") -> InstanceScene:
    """Keep the things of a labelled picture, the largest ones if there are too many."""
    small = images.fit(picture, longest)
    ids = images.resize_mask(truth.ids, small.shape[:2])
    things = [s for s in truth.segments if SCENES.classes[s.index].thing]
    places = {s.id: n for n, s in enumerate(truth.segments, 1)}
    known = np.array(sorted(places), np.int32)
    order = np.array([places[i] for i in known.tolist()], np.int32)
    where = np.searchsorted(known, ids).clip(0, max(0, len(known) - 1))
    numbers = order[where] if len(known) else np.zeros_like(ids)
    areas = np.bincount(numbers.ravel(), minlength=len(truth.segments) + 1)
    kept = sorted(
        (s for s in things if not s.crowd and areas[places[s.id]]),
        key=lambda s: -areas[places[s.id]],
    )[:MOST]
    table = np.zeros(len(truth.segments) + 1, np.uint8)
    for segment in things:
        table[places[segment.id]] = VOID
    for n, segment in enumerate(kept, 1):
        table[places[segment.id]] = n
    compact = np.where(ids == 0, np.uint8(VOID), table[numbers])
    return InstanceScene(small, compact, tuple(s.index for s in kept), source)


def targets(
    ids: np.ndarray, classes: Sequence[int], least: Sequence[float] | np.ndarray = ()
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what a detector should find.

    Parameters
    ----------
    ids : (h, w) uint8
        As in `InstanceScene`.
    classes : sequence of int
        Of the objects 1, 2, … (any number below `VOID`).
    least : sequence of float
        Pixels that each must have to be learned; fewer are void. Empty: no such limit.

    Returns
    -------
    boxes : (MOST, 4) float32
        y_min, x_min, y_max, x_max in pixels, edges; zeros after the last object.
    classes : (MOST,) int32
        -1 after the last object.
    ids : (h, w) uint8
        Numbered as the boxes, from 1 on; objects too small to be learned are void.
    """
    areas = np.bincount(ids.ravel(), minlength=256)[: len(classes) + 1]
    places = ndimage.find_objects(np.where(ids == VOID, 0, ids).astype(np.int32), len(classes))
    boxes, found = np.zeros((MOST, 4), np.float32), np.full(MOST, -1, np.int32)
    table = np.arange(256).astype(np.uint8)
    table[1 : len(classes) + 1] = VOID
    number = 0
    for n in sorted(range(1, len(classes) + 1), key=lambda n: -areas[n]):
        place = places[n - 1]
        if place is None or number == MOST:
            continue
        sides = [s.stop - s.start for s in place]
        limit = max(SMALLEST_AREA, least[n - 1] if len(least) else 0)
        if areas[n] < limit or min(sides) < SMALLEST_SIDE:
            continue
        rows, columns = place
        boxes[number] = rows.start, columns.start, rows.stop, columns.stop
        found[number] = classes[n - 1]
        number += 1
        table[n] = number
    return boxes, found, table[ids]
