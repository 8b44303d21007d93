"""Results and truths at another size, each pixel the one under its centre."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.labels import ClassMap, Instances, Panoptic, Result
from segcore.objects import Patch, trimmed
from segcore.scenes.truth import Truth

R = TypeVar("R", Result, ClassMap, Instances, Panoptic, Truth)


def scaled(result: R, shape: tuple[int, int]) -> R:
    """Return a result, or a truth, with arrays of ``shape``; itself if they are.

    Segments and objects that lose all their pixels are left out.
    """
    old = result.ids.shape if isinstance(result, Truth) else result.shape
    return result if old == tuple(shape) else _scaled(result, (shape[0], shape[1]))


@singledispatch
def _scaled(result, shape: tuple[int, int]):
    raise TypeError(f"{type(result).__name__} cannot be scaled.")


@_scaled.register
def _(result: ClassMap, shape: tuple[int, int]) -> ClassMap:
    classes, scores = (images.resize_mask(m, shape) for m in (result.classes, result.scores))
    return replace(result, shape=shape, classes=classes, scores=scores)


@_scaled.register
def _(result: Instances, shape: tuple[int, int]) -> Instances:
    rows, columns = (_sources(new, old) for new, old in zip(shape, result.shape, strict=True))
    ratio = np.array(shape)[[1, 0, 1, 0]] / np.array(result.shape)[[1, 0, 1, 0]]
    objects = []
    for thing in result.objects:
        patch = _scaled_patch(thing.patch, rows, columns)
        if patch.mask.size:
            box = thing.box and tuple((np.array(thing.box) * ratio).tolist())
            objects.append(replace(thing, patch=patch, box=box))
    return replace(result, shape=shape, objects=tuple(objects))


@_scaled.register
def _(result: Panoptic, shape: tuple[int, int]) -> Panoptic:
    ids = images.resize_mask(result.ids, shape)
    areas = np.bincount(ids.ravel(), minlength=1 + max((s.id for s in result.segments), default=0))
    kept = (replace(s, area=int(areas[s.id])) for s in result.segments if areas[s.id])
    return replace(result, shape=shape, ids=ids, segments=tuple(kept))


@_scaled.register
def _(result: Truth, shape: tuple[int, int]) -> Truth:
    new = result._replace(ids=images.resize_mask(result.ids, shape))
    areas = np.bincount(new.places().ravel(), minlength=1 + len(result.segments))[1:]
    return new._replace(segments=[s for s, a in zip(result.segments, areas, strict=True) if a])


def _sources(new: int, old: int) -> NDArray[np.int64]:
    """Return the pixel under each new pixel's centre, as `images.resize_mask` takes it."""
    return (2 * np.arange(new) + 1) * old // (2 * new)


def _scaled_patch(patch: Patch, rows: NDArray, columns: NDArray) -> Patch:
    height, width = patch.mask.shape
    top, bottom = np.searchsorted(rows, (patch.top, patch.top + height))
    left, right = np.searchsorted(columns, (patch.left, patch.left + width))
    inner = patch.mask[rows[top:bottom, None] - patch.top, columns[left:right] - patch.left]
    return trimmed(Patch(int(top), int(left), inner))
