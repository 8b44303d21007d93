"""COCO's arithmetic of average precision for one class, apart from masks and boxes.

Arrays are indexed by size range (A: all, small, medium, large), IoU threshold (T:
0.5 to 0.95), target (G) and prediction (D).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcore.metrics.matching import ALMOST_ONE

THRESHOLDS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
LIMITS = (1, 10, 100)  # predictions of a picture and class that count
SIZES = {"all": (0, 1e10), "small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}
_LOW, _HIGH = (np.array(ends, float)[:, None] for ends in zip(*SIZES.values(), strict=True))


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of the predictions of one picture and class, in order of falling score.

    Attributes
    ----------
    scores : (D,) float64
    hit, counted : (A, T, D) bool
        Whether it has a target; whether it is right or wrong at all.
    targets : (A,) int
        Number of targets that count.
    """

    scores: NDArray[np.float64]
    hit: NDArray[np.bool_]
    counted: NDArray[np.bool_]
    targets: NDArray[np.int64]


_NO_FLAGS = np.zeros((len(SIZES), len(THRESHOLDS), 0), bool)
_NOTHING = Assigned(np.zeros(0), _NO_FLAGS, _NO_FLAGS, np.zeros(len(SIZES), np.int64))


@dataclass(frozen=True, slots=True)
class Curve:
    """Precision against recall of one class at one IoU threshold.

    Attributes
    ----------
    scores, precision, recall : (n,) float64
        After each prediction that counts, in order of falling score.
    interpolated : (101,) float64
        Best precision at recall 0, 0.01, ... 1 or higher, 0 where that is not reached;
        the AP is its mean. All nan without targets, as `recall` is.
    """

    scores: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    interpolated: NDArray[np.float64]

    @property
    def ap(self) -> float:
        """Average precision in [0, 1]; nan without targets."""
        return float(self.interpolated.mean())


def assign(
    iou: NDArray[np.float64],
    crowd: NDArray[np.bool_],
    target_areas: NDArray[np.float64],
    areas: NDArray[np.float64],
    scores: NDArray[np.float64],
) -> Assigned:
    """Match the predictions of one picture and class.

    Parameters
    ----------
    iou : (G, D) float64
        Predictions in order of falling score, at most 100.
    crowd, target_areas : (G,)
    areas, scores : (D,)
    """
    ignored = crowd | (target_areas < _LOW) | (target_areas > _HIGH)
    limits = np.minimum(THRESHOLDS, ALMOST_ONE)
    hit = np.zeros((len(SIZES), len(THRESHOLDS), len(scores)), bool)
    counted = hit.copy()
    counted[:] = ((areas >= _LOW) & (areas <= _HIGH))[:, None]

    # Most pairs are disputed by no other target or prediction: all at once.
    near = iou >= limits[0]
    rivals = near.sum(axis=1)[:, None] + near.sum(axis=0) > 2
    rows, columns = np.nonzero(near & ~rivals)
    hit[:, :, columns] = iou[rows, columns] >= limits[:, None]
    counted[:, :, columns] = np.where(
        hit[:, :, columns], ~ignored[:, None, rows], counted[:, :, columns]
    )

    taken = np.zeros((len(SIZES), len(THRESHOLDS), len(crowd)), bool)
    for d in np.flatnonzero((near & rivals).any(axis=0)).tolist():
        able = np.flatnonzero(near[:, d])[::-1]  # the last of equals comes first
        free = (iou[able, d] >= limits[:, None]) & ~(taken[:, :, able] & ~crowd[able])
        real = free & ~ignored[:, None, able]
        first = np.where(real.any(axis=2, keepdims=True), real, free)
        best = np.where(first, iou[able, d], -1).argmax(axis=2)
        a, t = np.nonzero(first.any(axis=2))
        target = able[best[a, t]]
        taken[a, t, target] = True
        hit[a, t, d] = True
        counted[a, t, d] = ~ignored[a, target]
    return Assigned(scores, hit, counted, (~ignored).sum(axis=1))


def precision_at_recalls(pictures: Sequence[Assigned]) -> NDArray[np.float64]:
    """Interpolated precision at the 101 recalls, (A, T, 101); nan without targets."""
    joined = _join(pictures)
    result = np.full((*joined.hit.shape[:2], len(RECALLS)), np.nan)
    for a in np.flatnonzero(joined.targets):
        recall, precision = _raw(joined.hit[a], joined.counted[a], joined.targets[a])
        result[a] = [_interpolate(r, p) for r, p in zip(recall, precision, strict=True)]
    return result


def recalls(pictures: Sequence[Assigned]) -> NDArray[np.float64]:
    """Highest recall with 1, 10 and 100 predictions a picture, (3, A, T); nan without targets."""
    targets = np.sum([picture.targets for picture in pictures], axis=0)
    right = [
        sum((p.hit & p.counted)[:, :, :limit].sum(axis=2) for p in pictures) for limit in LIMITS
    ]
    whole = np.where(targets > 0, targets, np.nan)[:, None]
    return np.array(right) / whole


def curve(pictures: Sequence[Assigned], threshold: int) -> Curve:
    """Return the curve over all sizes at one threshold, by its index."""
    joined = _join(pictures)
    hit, counted = joined.hit[0, threshold], joined.counted[0, threshold]
    recall, precision = _raw(hit, counted, joined.targets[0])
    interpolated = np.full(len(RECALLS), np.nan)
    if joined.targets[0]:
        interpolated = _interpolate(recall, precision)
    return Curve(joined.scores[counted], precision[counted], recall[counted], interpolated)


def _join(pictures: Sequence[Assigned]) -> Assigned:
    pictures = [_NOTHING, *pictures]
    scores = np.concatenate([picture.scores for picture in pictures])
    order = np.argsort(-scores, kind="stable")
    return Assigned(
        scores[order],
        np.concatenate([picture.hit for picture in pictures], axis=2)[:, :, order],
        np.concatenate([picture.counted for picture in pictures], axis=2)[:, :, order],
        np.sum([picture.targets for picture in pictures], axis=0),
    )


def _raw(
    hit: NDArray[np.bool_], counted: NDArray[np.bool_], targets: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Recall and precision after each prediction, along the last axis."""
    tp = np.cumsum(hit & counted, axis=-1).astype(float)
    fp = np.cumsum(~hit & counted, axis=-1).astype(float)
    seen = tp + fp
    precision = np.divide(tp, seen, out=np.zeros(seen.shape), where=seen > 0)
    return tp / (targets or np.nan), precision


def _interpolate(recall: NDArray[np.float64], precision: NDArray[np.float64]) -> NDArray:
    best = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(recall, RECALLS, side="left")
    return np.append(best, 0.0)[reached]
