"""Segment everything: a grid of clicks, the good and stable masks of which are kept."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from segcore import images
from segcore.class_sets import ClassSet
from segcore.inference.prompt import FOREGROUND, Embedding, decode, enlarged
from segcore.inference.zoo import Card
from segcore.labels import Instances
from segcore.objects import MaskedObject, Patch, trimmed

WORKING_SIDE = 640  # pixels: the longest side of the result
UNNAMED = ClassSet("unnamed", ())
CLICKS = 2  # a run of the decoder; more do not fit into the caches, and each takes longer


@dataclass(frozen=True)
class Filter:
    """Which masks are kept.

    Attributes
    ----------
    iou : float
        Least expected IoU.
    stability : float
        Least IoU of the mask cut at a logit of `offset` and of minus that.
    offset : float
    overlap : float
        Of two masks with a larger IoU the better one is kept.
    area : float
        Least share of the picture.

    Notes
    -----
    The defaults suit `weights/prompt`: of 84 things over 1 % of 23 validation pictures of
    scenes 36 are found with an IoU of a half, among 1 to 15 masks a picture.
    Segment Anything's own, 0.88 and 0.95 with an offset of 1, are for a surer network.
    """

    iou: float = 0.4
    stability: float = 0.6
    offset: float = 0.5
    overlap: float = 0.6
    area: float = 0.0005


def everything(
    embedding: Embedding,
    card: Card,
    device: str | None = None,
    *,
    side: int = 16,
    keep: Filter | None = None,
    progress: Callable[[int, int], bool | None] | None = None,
) -> Instances:
    """Return the masks of all that can be clicked in a picture.

    Parameters
    ----------
    embedding : Embedding
        Of the picture.
    card, device
        What it was made with.
    side : int
        Clicks along the longest side.
    keep : Filter or None
        None: its defaults.
    progress : callable or None
        Called with clicks done and all; False stops, and what was found is returned.

    Returns
    -------
    Instances
        Without labels, best first, at most 640 pixels a side.

    References
    ----------
    Kirillov et al., "Segment Anything", ICCV 2023, section B, "Automatic mask generation"; here
    duplicates are told by the masks' IoU, not the boxes'.
    """
    keep, began = keep or Filter(), perf_counter()
    clicks = grid(embedding.shape, side)
    logits, scores = [], []
    for start in range(0, len(clicks), CLICKS):
        points = clicks[start : start + CLICKS, None]
        kinds = np.full(points.shape[:2], FOREGROUND, np.float32)
        found, expected = decode(embedding, card, device, points, kinds)
        chosen, score = _good(found[:, 1:], expected[:, 1:], keep)
        logits.append(chosen)
        scores.append(score)
        if progress and progress(start + len(points), len(clicks)) is False:
            break
    best, score = np.concatenate(logits), np.concatenate(scores)
    kept = distinct(best > 0, score, keep.overlap)
    shape = images.fit_size(embedding.size, WORKING_SIDE, enlarge=False)
    objects = (
        MaskedObject(trimmed(Patch(0, 0, enlarged(best[i], shape) > 0)), float(score[i]))
        for i in kept
    )
    return Instances(
        shape=shape,
        size=embedding.size,
        class_set=UNNAMED,
        model=card.name,
        device=embedding.device,
        seconds={**embedding.seconds, "everything": perf_counter() - began},
        objects=tuple(thing for thing in objects if thing.patch.mask.size),
    )


def grid(shape: tuple[int, int], side: int) -> NDArray[np.float32]:
    """Return the centres of about square cells that fill a picture, (n, 2) as (x, y)."""
    rows, columns = (max(1, round(side * length / max(shape))) for length in shape)
    y = (np.arange(rows) + 0.5) * shape[0] / rows
    x = (np.arange(columns) + 0.5) * shape[1] / columns
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)


def _good(
    logits: NDArray[np.float32], scores: NDArray[np.float32], keep: Filter
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return those of (n, 3, h, w) logits and their scores that pass the filter."""
    good = scores >= keep.iou
    logits, scores = logits[good], scores[good]
    good = (stability(logits, keep.offset) >= keep.stability) & (
        (logits > 0).mean(axis=(1, 2)) >= keep.area
    )
    return logits[good], scores[good]


def stability(logits: NDArray[np.float32], offset: float) -> NDArray[np.float32]:
    """Return the IoU of masks cut at a higher and at a lower logit, (n,), 0 of empty ones."""
    inner = (logits > offset).sum(axis=(1, 2))
    outer = (logits > -offset).sum(axis=(1, 2))
    return (inner / np.maximum(outer, 1)).astype(np.float32)


def distinct(masks: NDArray[np.bool_], scores: NDArray[np.float32], overlap: float) -> list[int]:
    """Return the masks without duplicates, best first.

    Parameters
    ----------
    masks : (n, h, w) bool
    scores : (n,)
    overlap : float
        A mask whose IoU with a better one is larger is a duplicate.
    """
    flat = masks.reshape(len(masks), math.prod(masks.shape[1:])).astype(np.float32)
    common = flat @ flat.T
    areas = flat.sum(axis=1)
    iou = common / np.maximum(areas[:, None] + areas - common, 1)
    kept: list[int] = []
    for i in np.argsort(-scores, kind="stable").tolist():
        if not (iou[i, kept] > overlap).any():
            kept.append(i)
    return kept
