"""Which prediction goes with which target: the assignment behind precision and recall.

Predictions choose in order of falling score, as in COCO: each takes the target of
the highest IoU that is still free, if that IoU reaches the threshold.

References
----------
Lin et al., ECCV 2014, and pycocotools, `COCOeval.evaluateImg`; Everingham et al.,
IJCV 88 (2010), pp. 303-338, section 4.2.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from segcore.metrics._checks import ratio

ALMOST_ONE = 1 - 1e-10  # COCO's allowance for rounding where the threshold is 1


@dataclass(frozen=True, slots=True)
class Matching:
    """Pairs of targets and predictions, and those left over, as indices.

    Attributes
    ----------
    pairs : tuple of (target, prediction)
        In order of falling score.
    unmatched_targets, unmatched_predictions : tuple of int
        Rising; the misses and the false alarms.
    """

    pairs: tuple[tuple[int, int], ...]
    unmatched_targets: tuple[int, ...]
    unmatched_predictions: tuple[int, ...]

    @property
    def tp(self) -> int:
        """Number of pairs."""
        return len(self.pairs)

    @property
    def fp(self) -> int:
        """Number of predictions without a target."""
        return len(self.unmatched_predictions)

    @property
    def fn(self) -> int:
        """Number of targets without a prediction."""
        return len(self.unmatched_targets)

    @property
    def precision(self) -> float:
        """Share of the predictions that have a target; nan without predictions."""
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of the targets that are found; nan without targets."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """2 TP / (2 TP + FP + FN); nan with neither targets nor predictions."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)


def match(iou: ArrayLike, scores: ArrayLike, threshold: float = 0.5) -> Matching:
    """Match predictions to targets.

    Parameters
    ----------
    iou : (targets, predictions) numbers
        IoU of each target with each prediction; nan never matches.
    scores : (predictions,) numbers
        Confidence. The first of equal scores chooses first.
    threshold : float in (0, 1]
        IoU from which a pair may match. Of targets with the same IoU the last is
        taken, as in COCO.

    Raises
    ------
    ValueError
        If the shapes do not fit, a score is nan or the threshold is out of range.

    Examples
    --------
    >>> result = match([[0.9, 0.6], [0.0, 0.4]], scores=[0.7, 0.8])
    >>> result.pairs, result.unmatched_targets, result.unmatched_predictions
    (((0, 1),), (1,), (0,))
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}, but must be above 0 and at most 1.")
    confidence = np.asarray(scores, np.float64)
    if confidence.ndim != 1 or np.isnan(confidence).any():
        raise ValueError("scores must be one number for each prediction, none of them nan.")
    overlap = np.asarray(iou, np.float64)
    if overlap.shape == (0,):
        overlap = overlap.reshape(0, confidence.size)
    if overlap.ndim != 2 or overlap.shape[1] != confidence.size:
        raise ValueError(
            f"iou has shape {overlap.shape}, but must be (targets, predictions) "
            f"with {confidence.size} predictions, as scores has."
        )
    free = np.where(overlap >= min(threshold, ALMOST_ONE), overlap, -1.0)
    pairs = []
    for prediction in np.argsort(-confidence, kind="stable").tolist():
        column = free[::-1, prediction]
        if column.size and column.max() >= 0:
            target = len(free) - 1 - int(column.argmax())
            pairs.append((target, prediction))
            free[target] = -1.0
    found, used = {t for t, _ in pairs}, {p for _, p in pairs}
    return Matching(
        tuple(pairs),
        tuple(t for t in range(len(free)) if t not in found),
        tuple(p for p in range(confidence.size) if p not in used),
    )
