"""Pixels to objects by predicted centres, and the centres and offsets to learn.

A peak of the centre heatmap is an object; each pixel of a thing belongs to the peak
nearest to where its offset points; the object's class is what most of its pixels say.

References
----------
Cheng et al., "Panoptic-DeepLab", CVPR 2020, section 3; its code takes heatmaps with
sigma 8, peaks above 0.1 that are the highest of 7×7, and at most 200 of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from segcore.labels import ClassMap, Panoptic
from segcore.scenes.assembly import STUFF_AREA, Found, assemble

_BLOCK = 1 << 14  # pixels at a time: their distances stay in the cache


class Centres(NamedTuple):
    """Peaks of a heatmap, highest first.

    Attributes
    ----------
    points : (n, 2) float32
        y, x in pixels.
    scores : (n,) float32
    """

    points: NDArray[np.float32]
    scores: NDArray[np.float32]


def find_centres(
    heat: NDArray[np.float32], threshold: float = 0.1, window: int = 7, top: int = 200
) -> Centres:
    """Return the pixels that are the highest of the window around them.

    Parameters
    ----------
    heat : (h, w) float32 in [0, 1]
    threshold : float
        Peaks must be above it.
    window : int
        Odd side of the square; equals within one are all kept, as in the paper's code.
    top : int
        At most so many are kept.
    """
    pooled = cv2.dilate(heat, np.ones((window, window), np.uint8))
    points = np.argwhere((heat == pooled) & (heat > threshold))
    scores = heat[points[:, 0], points[:, 1]]
    order = np.argsort(-scores, kind="stable")[:top]
    return Centres(points[order].astype(np.float32), scores[order])


def group(
    semantic: ClassMap,
    centres: Centres,
    offsets: NDArray[np.float32],
    *,
    score: float = 0.0,
    stuff_area: float = STUFF_AREA,
) -> Panoptic:
    """Return the panoptic segmentation that a class map, centres and offsets say.

    Parameters
    ----------
    semantic : ClassMap
        Of shape (h, w).
    centres : Centres
        In pixels of the class map.
    offsets : (h, w, 2) float32
        From each pixel to the centre of its object: y, x in pixels of the map.
    score : float
        Objects with less, 0 to 1, are left unlabelled.
    stuff_area : float
        Part of the picture below which stuff is left unlabelled.

    Returns
    -------
    Panoptic
        Objects by falling peak, then stuff. An object's score is its peak times the mean
        probability of its class over its pixels, 0 where a pixel says another class.

    Raises
    ------
    ValueError
        If a threshold is not in its range, or the maps are not of one shape.
    """
    if not 0 <= score <= 1:
        raise ValueError(f"The score threshold is {score}; accepted are values from 0 to 1.")
    if offsets.shape != (*semantic.shape, 2):
        raise ValueError(
            f"The class map is {semantic.shape} and the offsets {offsets.shape}; they must be of "
            "one shape, the offsets with two channels."
        )
    is_thing = np.zeros(256, bool)
    is_thing[list(semantic.class_set.things)] = True
    pixels = np.flatnonzero(is_thing[semantic.classes])
    ids = np.zeros(semantic.shape, np.int32)
    objects: list[Found] = []
    if len(centres.points) and pixels.size:
        nearest = _nearest(pixels, offsets, centres.points)
        index, scores, areas = _vote(semantic, pixels, nearest, centres.scores)
        kept = np.flatnonzero((areas > 0) & (scores >= score)).tolist()
        objects = [Found(int(index[i]), float(scores[i])) for i in kept]
        new = np.zeros(len(index), np.int32)
        new[kept] = np.arange(1, len(kept) + 1)
        ids.ravel()[pixels] = new[nearest]
    ids, segments, _ = assemble(ids, objects, semantic, stuff_area)
    return Panoptic(
        semantic.shape,
        semantic.size,
        semantic.class_set,
        semantic.model,
        semantic.device,
        seconds=semantic.seconds,
        ids=ids,
        segments=segments,
    )


def _nearest(
    pixels: NDArray[np.intp], offsets: NDArray[np.float32], points: NDArray[np.float32]
) -> NDArray[np.intp]:
    """Return for each pixel, by its flat index, which point is nearest to where it points."""
    width = offsets.shape[1]
    flat = offsets.reshape(-1, 2)
    result = np.empty(len(pixels), np.intp)
    for start in range(0, len(pixels), _BLOCK):
        block = pixels[start : start + _BLOCK]
        y = flat[block, 0] + (block // width).astype(np.float32)
        x = flat[block, 1] + (block % width).astype(np.float32)
        best = np.full(len(block), np.inf, np.float32)
        choice = np.zeros(len(block), np.intp)
        for number, (centre_y, centre_x) in enumerate(points):
            distance = (y - centre_y) ** 2 + (x - centre_x) ** 2
            nearer = distance < best
            np.copyto(choice, number, where=nearer)
            np.minimum(best, distance, out=best)
        result[start : start + _BLOCK] = choice
    return result


def _vote(
    semantic: ClassMap,
    pixels: NDArray[np.intp],
    nearest: NDArray[np.intp],
    peaks: NDArray[np.float32],
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.intp]]:
    """Return the class, the score and the number of pixels of each centre."""
    classes = len(semantic.class_set)
    shape = len(peaks), classes
    pairs = nearest * classes + semantic.classes.ravel()[pixels]
    votes = np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)
    sums = np.bincount(pairs, semantic.scores.ravel()[pixels], shape[0] * shape[1]).reshape(shape)
    areas, index = votes.sum(axis=1), votes.argmax(axis=1)
    certain = sums[np.arange(len(peaks)), index] / np.maximum(areas, 1) / 255
    return index, peaks * certain, areas


class Targets(NamedTuple):
    """What a network learns for the objects of a picture.

    Attributes
    ----------
    heat : (h, w) float32
        1 at each object's centre of mass, rounded to a pixel, and a Gaussian around it.
    offsets : (h, w, 2) float32
        y, x to the exact centre of mass; 0 elsewhere.
    inside : (h, w) bool
        The pixels of objects, where the offsets count.
    """

    heat: NDArray[np.float32]
    offsets: NDArray[np.float32]
    inside: NDArray[np.bool_]


def targets(ids: NDArray[np.int32], objects: Sequence[int], sigma: float = 8.0) -> Targets:
    """Return the centres and offsets of an id map.

    Parameters
    ----------
    ids : (h, w) integers
    objects : sequence of int
        The ids that are objects: no stuff, no crowds. One without pixels has no centre.
    sigma : float
        Of the Gaussian, pixels; it is cut off at 3 sigma.
    """
    height, width = ids.shape
    heat = np.zeros(ids.shape, np.float32)
    offsets = np.zeros((height, width, 2), np.float32)
    inside = np.zeros(ids.shape, bool)
    reach = round(3 * sigma)
    steps = np.arange(-reach, reach + 1, dtype=np.float32)
    bell = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * sigma**2)).astype(np.float32)
    for number in objects:
        y, x = np.nonzero(ids == number)
        if not y.size:
            continue
        centre = y.mean(), x.mean()
        inside[y, x] = True
        offsets[y, x, 0] = centre[0] - y
        offsets[y, x, 1] = centre[1] - x
        row, column = round(centre[0]), round(centre[1])
        top, left = max(0, row - reach), max(0, column - reach)
        part = heat[top : row + reach + 1, left : column + reach + 1]
        cut = bell[top - row + reach :, left - column + reach :]
        np.maximum(part, cut[: part.shape[0], : part.shape[1]], out=part)
    return Targets(heat, offsets, inside)
