"""Scenes in memory, each with its classes and its objects as two small maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from segcore import images
from segcore.class_sets import SCENES
from segcore.datasets.scenes import SceneSample
from segcore.labels import UNLABELLED
from segcore.scenes.truth import Truth

NOTHING, CROWD = 0, 255  # in object maps: no object's pixel; a region of several


@dataclass
class Scenes:
    """Pictures with their labels, in the upper left corner of squares.

    Attributes
    ----------
    pictures : (n, side, side, 3) uint8
    classes : (n, side, side) uint8
        Indices of the class set; `UNLABELLED` on void and beyond the picture.
    objects : (n, side, side) uint8
        Number of the object from 1 on, `NOTHING` or `CROWD`.
    sizes : (n, 2) int32
        Height and width of each.
    sources : list of str
    damaged : list of str
        A sentence for each picture that was left out.
    """

    pictures: np.ndarray
    classes: np.ndarray
    objects: np.ndarray
    sizes: np.ndarray
    sources: list[str]
    damaged: list[str]

    def __len__(self) -> int:
        return len(self.sizes)

    def present(self, count: int) -> np.ndarray:
        """Return (n, count) bool: which classes each picture shows."""
        return np.stack([np.bincount(c.ravel(), minlength=256)[:count] > 0 for c in self.classes])


def load(
    samples: Sequence[SceneSample], side: int, progress: Callable[..., None] | None = None
) -> Scenes:
    """Load all samples, scaled down where their longest side is above ``side``."""
    shape = (len(samples), side, side)
    pictures, classes = np.zeros((*shape, 3), np.uint8), np.full(shape, UNLABELLED, np.uint8)
    objects, sizes = np.zeros(shape, np.uint8), np.zeros((len(samples), 2), np.int32)
    damaged: list[str] = []
    sources: list[str] = []
    for sample in samples:
        if progress:
            progress()
        try:
            picture, truth = sample.load()
        except images.PictureError as error:
            damaged.append(str(error))
            continue
        i, (height, width) = len(sources), images.fit_size(picture.shape[:2], side, enlarge=False)
        pictures[i, :height, :width] = images.resize(picture, (height, width))
        for target, values in zip((classes, objects), maps(truth), strict=True):
            target[i, :height, :width] = images.resize_mask(values, (height, width))
        sizes[i] = height, width
        sources.append(sample.source)
    kept = slice(len(sources))
    return Scenes(pictures[kept], classes[kept], objects[kept], sizes[kept], sources, damaged)


def maps(truth: Truth) -> tuple[np.ndarray, np.ndarray]:
    """Return the class map and the object map of a truth, (height, width) uint8 each.

    Objects beyond the 254th are part of the crowd.
    """
    objects = np.zeros(truth.ids.shape, np.uint8)
    number = 0
    for segment in truth.segments:
        if segment.index in SCENES.things:
            number += not segment.crowd
            crowd = segment.crowd or number >= CROWD
            objects[truth.ids == segment.id] = CROWD if crowd else number
    return truth.classes(), objects


def repeat_factors(present: np.ndarray, often: float = 0.05) -> np.ndarray:
    """Return how often each picture is to be drawn, (n,) float32 from 1 on.

    A class in fewer than ``often`` of the pictures counts ``sqrt(often / share)``; a picture
    counts as much as the rarest of its classes (Gupta et al., "LVIS", CVPR 2019, section 4.1).

    Examples
    --------
    >>> repeat_factors(np.array([[True, False]] * 99 + [[True, True]]), 0.04)[-2:]
    array([1., 2.], dtype=float32)
    """
    share = np.maximum(present.mean(axis=0), 1e-9)
    factors = np.maximum(1, np.sqrt(often / share))
    return np.where(present, factors, 1).max(axis=1).astype(np.float32)


def draw_order(factors: np.ndarray, seed: int, epoch: int) -> np.ndarray:
    """Return the shuffled indices of an epoch; parts of a repeat are drawn by chance."""
    random = np.random.default_rng([seed, epoch])
    repeats = np.floor(factors + random.random(len(factors))).astype(int)
    return random.permutation(np.repeat(np.arange(len(factors)), repeats))
