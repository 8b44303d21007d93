"""Mask R-CNN on a CPU: what lies between its networks, in NumPy.

The same steps as `segcore.models.detection` has for training; boxes as there,
``(y_min, x_min, y_max, x_max)`` in pixels of the network's input.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from segcore.inference.roi_align import pyramid_align
from segcore.models.detection.anchors import anchors, counts
from segcore.models.detection.settings import (
    AFTER,
    BEFORE,
    BOX_BINS,
    HEAD_WEIGHTS,
    LARGEST_STEP,
    MASK_BINS,
    PROPOSAL_OVERLAP,
    SMALLEST,
)
from segcore.objects import MaskedObject, Patch, trimmed

Floats = NDArray[np.float32]
SCORE, OVERLAP, MOST = 0.05, 0.5, 100  # He et al. 2017: what is kept of a picture


class Detector(Protocol):
    """The three networks of a Mask R-CNN; see `segcore.models.mask_rcnn.mask_rcnn`."""

    def trunk(self, batch: Floats) -> Sequence[Floats]:
        """Return P2 to P5, objectness logits and box deltas of one picture."""
        ...

    def box_head(self, bins: Floats) -> Sequence[Floats]:
        """Return class logits and box deltas of (n, 7, 7, channels)."""
        ...

    def mask_head(self, bins: Floats) -> Floats:
        """Return the mask logits, (n, 28, 28, classes), of (n, 14, 14, channels)."""
        ...


class Detections(NamedTuple):
    """What was found in one picture, highest score first.

    Attributes
    ----------
    boxes : (n, 4) float32
        Within the network's input, pixels.
    scores : (n,) float32
        Probabilities.
    classes : (n,) int
    masks : (n, 28, 28) float32
        Probabilities, of each box's cells.
    """

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]
    masks: Floats


def detect(
    network: Detector,
    batch: Floats,
    *,
    score: float = SCORE,
    overlap: float = OVERLAP,
    most: int = MOST,
) -> Detections:
    """Find objects.

    Parameters
    ----------
    network : Detector
    batch : (1, height, width, 3) float32
        One picture, normalised; sides are multiples of 32.
    score : float
        The lowest score kept.
    overlap : float
        IoU at which the lower of two boxes of one class goes.
    most : int
        How many objects are kept.

    Notes
    -----
    He et al., "Mask R-CNN", ICCV 2017, section 3.1: the box head sees the proposals, the mask
    head only the boxes that are left after the suppression.
    """
    size = batch.shape[1], batch.shape[2]
    *pyramid, logits, deltas = network.trunk(batch)
    features = [level[0] for level in pyramid]
    found = proposals(logits[0], deltas[0], size)
    class_logits, shifts = network.box_head(pyramid_align(features, found, BOX_BINS))
    probabilities = softmax(class_logits)[:, 1:]
    boxes = clip(decode(shifts, found, HEAD_WEIGHTS), size)
    kept, scores, classes = best_of_classes(boxes, probabilities, score, overlap, most)
    if not len(kept):
        return Detections(boxes[:0], scores, classes, np.zeros((0, 28, 28), np.float32))
    masks = network.mask_head(pyramid_align(features, boxes[kept], MASK_BINS))
    own = np.take_along_axis(masks, classes[:, None, None, None], 3)[..., 0]
    return Detections(boxes[kept], scores, classes, sigmoid(own))


def masked_objects(
    found: Detections,
    size: tuple[int, int],
    shape: tuple[int, int],
    names: Sequence[str],
    threshold: float = 0.5,
) -> tuple[MaskedObject, ...]:
    """Bring detections to a picture of another size.

    Parameters
    ----------
    found : Detections
    size, shape : (height, width)
        Of the network's input; of the result.
    names : sequence of str
        Of the classes.
    threshold : float
        Probability from which a pixel belongs to the object.

    Returns
    -------
    tuple of MaskedObject
        Highest score first; objects without any pixel are left out.
    """
    scale = np.array([*shape, *shape]) / np.array([*size, *size])
    objects = []
    for box, score, index, mask in zip(found.boxes * scale, *found[1:], strict=True):
        patch = trimmed(paste(mask, box, shape, threshold))
        if patch.mask.size:
            objects.append(MaskedObject(patch, float(score), names[index]))
    return tuple(objects)


def paste(
    mask: Floats, box: NDArray[np.floating], shape: tuple[int, int], threshold: float
) -> Patch:
    """Return the pixels of a picture of `shape` that a box's mask covers.

    Bilinear between the cells' centres and 0 outside, as in training's `paste`.
    """
    low = np.maximum(np.floor(box[:2]), 0).astype(int)
    high = np.minimum(np.ceil(box[2:]), shape).astype(int)
    cells = np.arange(mask.shape[0])
    weights = []
    for axis in (0, 1):
        centres = np.arange(low[axis], high[axis]) + 0.5
        share = (centres - box[axis]) / max(box[axis + 2] - box[axis], 1e-6)
        places = share * mask.shape[0] - 0.5
        weights.append(np.maximum(1 - np.abs(places[:, None] - cells), 0))
    values = weights[0] @ mask @ weights[1].T
    return Patch(int(low[0]), int(low[1]), values >= threshold)


# === Boxes ===


def proposals(logits: Floats, deltas: Floats, size: tuple[int, int]) -> Floats:
    """Return the (n, 4) boxes of highest objectness, highest first, n at most `AFTER`."""
    grid, chosen, start = anchors(*size), [], 0
    for count in counts(*size):
        level = logits[start : start + count]
        few = min(BEFORE, count)
        chosen.append(start + np.argpartition(-level, few - 1)[:few])
        start += count
    places = np.concatenate(chosen)
    places = places[np.argsort(-logits[places], kind="stable")]
    boxes = clip(decode(deltas[places], grid[places]), size)
    boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).min(1) >= SMALLEST]
    return boxes[suppress(boxes, PROPOSAL_OVERLAP, AFTER)]


def decode(deltas: Floats, boxes: Floats, weights: Sequence[float] = (1, 1, 1, 1)) -> Floats:
    """Return the boxes that (n, 4) deltas make of others."""
    shifts = np.divide(deltas, weights, dtype=np.float32)
    size = boxes[:, 2:] - boxes[:, :2]
    centre = (boxes[:, :2] + boxes[:, 2:]) / 2 + shifts[:, :2] * size
    half = size * np.exp(np.minimum(shifts[:, 2:], np.float32(LARGEST_STEP))) / 2
    return np.concatenate([centre - half, centre + half], 1)


def clip(boxes: Floats, size: tuple[int, int]) -> Floats:
    """Cut boxes at the edges of a picture."""
    return np.clip(boxes, 0, np.array([*size, *size], np.float32))


def suppress(boxes: Floats, overlap: float, most: int) -> NDArray[np.intp]:
    """Return the indices of boxes, best first as given, that overlap no better one.

    Greedy non-maximum suppression: a box goes if its IoU with a kept one is above `overlap`.
    """
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = np.arange(len(boxes))
    kept: list[np.intp] = []
    while left.size and len(kept) < most:
        best, left = left[0], left[1:]
        kept.append(best)
        low = np.maximum(boxes[left, :2], boxes[best, :2])
        high = np.minimum(boxes[left, 2:], boxes[best, 2:])
        shared = np.maximum(high - low, 0).prod(1)
        union = area[left] + area[best] - shared
        left = left[shared <= overlap * union]
    return np.array(kept, np.intp)


def best_of_classes(
    boxes: Floats, probabilities: Floats, score: float, overlap: float, most: int
) -> tuple[NDArray[np.intp], Floats, NDArray[np.intp]]:
    """Thin boxes out class by class.

    Parameters
    ----------
    boxes : (n, 4)
    probabilities : (n, classes)
    score, overlap, most
        As of `detect`.

    Returns
    -------
    indices, scores, classes : (m,) arrays
        Highest score first.
    """
    places, classes = [], []
    for index, scores in enumerate(probabilities.T):
        candidates = np.flatnonzero(scores > score)
        candidates = candidates[np.argsort(-scores[candidates], kind="stable")]
        kept = candidates[suppress(boxes[candidates], overlap, most)]
        places.append(kept)
        classes.append(np.full(len(kept), index, np.intp))
    place, found = np.concatenate(places), np.concatenate(classes)
    values = probabilities[place, found]
    order = np.argsort(-values, kind="stable")[:most]
    return place[order], values[order], found[order]


def softmax(logits: Floats) -> Floats:
    """Return the probabilities of (n, classes) logits."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def sigmoid(logits: Floats) -> Floats:
    """Return the probabilities of logits."""
    half = np.float32(0.5)
    return half + half * np.tanh(half * logits)
