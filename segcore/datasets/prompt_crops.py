"""Squares cut out of pictures, each with a few masks to ask for: what a prompt training sees."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from segcore.datasets.targets import Targets

CELL = 4  # masks are learned at a quarter of the picture's size
SMALLEST = 64  # pixels of a target in the square
FULL_WEIGHT = 0.01  # share of the square from which on a target has its full weight
GROUP_RATE = 0.08
FILL = 127


class Crop(NamedTuple):
    """A square with its targets.

    Attributes
    ----------
    picture : (side, side, 3) uint8
    coverage : (targets, side / 4, side / 4) uint8
        Share of each cell that the target fills, 0 to 255.
    labelled : (targets, side / 4, side / 4) uint8
        Share of each cell that is labelled at all.
    boxes : (targets, 4) float32
        x_min, y_min, x_max, y_max: the outer edges of the target, pixels.
    things : (targets,) bool
        Whether the target is an object, or several; otherwise it is a region.
    """

    picture: np.ndarray
    coverage: np.ndarray
    labelled: np.ndarray
    boxes: np.ndarray
    things: np.ndarray


def crop(
    picture: np.ndarray,
    targets: Targets,
    side: int,
    count: int,
    rng: np.random.Generator,
    augment: bool = True,
) -> Crop | None:
    """Cut a square and choose what to ask for.

    Parameters
    ----------
    picture : (h, w, 3) uint8
    targets : Targets
    side : int
        A multiple of 4.
    count : int
        Targets; some come more than once where there are fewer.
    rng : Generator
    augment : bool
        Turn, scale, shift, mirror and recolour at random; otherwise the whole picture is
        fitted in.

    Returns
    -------
    Crop or None
        None if nothing in the square can be asked for.
    """
    height, width = targets.ids.shape
    matrix = _augmented(height, width, side, rng) if augment else _whole(height, width, side)
    size = (side, side)
    ids = _warp(targets.ids, matrix, size)
    wanted = _choose(ids, targets, count, rng)
    if wanted is None:
        return None
    picture = cv2.warpAffine(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(FILL, FILL, FILL)
    )
    if augment:
        picture = _recolour(picture, rng)
    cells = (side // CELL, side // CELL)
    labelled = cv2.resize(255 * (ids > 0).astype(np.uint8), cells, interpolation=cv2.INTER_AREA)
    coverage, boxes = [], []
    for chosen in wanted:
        mask = np.isin(ids, list(chosen)) if len(chosen) > 1 else ids == next(iter(chosen))
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        boxes.append((columns[0], rows[0], columns[-1] + 1, rows[-1] + 1))
        coverage.append(
            cv2.resize(255 * mask.astype(np.uint8), cells, interpolation=cv2.INTER_AREA)
        )
    return Crop(
        picture,
        np.stack(coverage),
        np.broadcast_to(labelled, (count, *labelled.shape)),
        np.array(boxes, np.float32),
        np.array([chosen <= targets.things for chosen in wanted]),
    )


def _choose(
    ids: np.ndarray, targets: Targets, count: int, rng: np.random.Generator
) -> list[frozenset[int]] | None:
    """Draw what to ask for among what is large enough in the square."""
    known, areas = np.unique(ids, return_counts=True)
    area = dict(zip(known.tolist(), areas.tolist(), strict=True))
    seen = [i for i in targets.weights if area.get(i, 0) >= SMALLEST]
    if not seen:
        return None
    share = np.array([area[i] for i in seen]) / ids.size
    weights = np.array([targets.weights[i] for i in seen]) * np.clip(share / FULL_WEIGHT, 0.1, 1)
    weights /= weights.sum()
    fewer = len(seen) < count
    drawn = rng.choice(len(seen), count, replace=fewer, p=weights)
    if fewer:
        drawn[: len(seen)] = rng.permutation(len(seen))
    chosen = []
    for place in drawn:
        alone = frozenset((seen[place],))
        group = next((g for g in targets.groups if seen[place] in g), alone)
        chosen.append(group if rng.random() < GROUP_RATE else alone)
    return chosen


def _augmented(height: int, width: int, side: int, rng: np.random.Generator) -> np.ndarray:
    """Return the random affine map, (2, 3), of a picture into a square."""
    longest = side * math.exp(rng.uniform(math.log(0.85), math.log(1.7)))
    scale = longest / max(height, width)
    stretch = math.exp(rng.uniform(-0.1, 0.1))
    angle = math.radians(rng.uniform(-10, 10)) * (rng.random() < 0.5)
    cos, sin = math.cos(angle), math.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]]) @ np.diag([scale * stretch, scale / stretch])
    if rng.random() < 0.5:
        linear[:, 0] *= -1
    spare = np.maximum(0, np.array([width, height]) * scale - side) / 2
    shift = rng.uniform(-1, 1, 2) * (spare + 0.05 * side)
    centre = linear @ [width / 2, height / 2]
    return np.column_stack([linear, side / 2 - centre + shift])


def _whole(height: int, width: int, side: int) -> np.ndarray:
    """Return the map that fits the whole picture into the square, stretched."""
    return np.array([[side / width, 0, 0], [0, side / height, 0]])


def _warp(ids: np.ndarray, matrix: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    kind = np.float32  # exact up to 2**24; OpenCV does not warp int32
    warped = cv2.warpAffine(ids.astype(kind), matrix, size, flags=cv2.INTER_NEAREST)
    return warped.astype(np.int32)


def _recolour(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change contrast, brightness and tint of the channels, or take the colours away."""
    if rng.random() < 0.08:
        picture = np.repeat(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    contrast = math.exp(rng.uniform(-0.3, 0.3))
    gains = contrast * np.exp(rng.uniform(-0.08, 0.08, 3))
    offset = 127 * (1 - contrast) + rng.uniform(-25, 25)
    levels = np.arange(256)[:, None] * gains + offset
    table = np.clip(np.rint(levels), 0, 255).astype(np.uint8)[None]
    return cv2.LUT(picture, table)
