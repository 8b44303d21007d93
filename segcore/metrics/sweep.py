"""Every threshold at once: the best one, the precision-recall curve and the ROC curve.

One histogram of the probabilities over foreground pixels and one over the others
hold the counts at every threshold; a pixel is predicted where its probability is at
least the threshold. Metrics are `nan` where undefined, as in `segcore.metrics.overlap`.

References
----------
van Rijsbergen, Information Retrieval, 2nd ed., 1979, chapter 7 (F-beta); Fawcett,
Pattern Recognition Letters 27 (2006), pp. 861-874 (ROC; area by trapezoids); Davis
and Goadrich, ICML 2006, pp. 233-240 (why not to join precision-recall points by lines).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics.calibration import probabilities
from segcore.metrics.overlap import Counts

_BLOCK = 1 << 18  # pixels tallied at a time: bounds the memory


@dataclass(frozen=True, slots=True)
class Sweep:
    """Counts of a data set at every threshold.

    Attributes
    ----------
    thresholds : (K,) float64
        Rising from 0, at which all is predicted, to infinity, at which nothing is.
    tp, fp : (K,) int64
        Predicted pixels that are foreground, and that are not.
    positives, negatives : int
        Pixels that are foreground, and that are not.
    """

    thresholds: NDArray[np.float64]
    tp: NDArray[np.int64]
    fp: NDArray[np.int64]
    positives: int
    negatives: int

    def counts(self, threshold: float) -> Counts:
        """Return the counts at a threshold: those of the lowest level that reaches it."""
        k = int(np.searchsorted(self.thresholds, threshold, side="left"))
        tp, fp = int(self.tp[k]), int(self.fp[k])
        return Counts(tp, fp, self.positives - tp, self.negatives - fp)

    @property
    def precision(self) -> NDArray[np.float64]:
        """TP / (TP + FP) at each threshold, (K,); nan where nothing is predicted."""
        return _share(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> NDArray[np.float64]:
        """TP / (TP + FN) at each threshold, also the true positive rate, (K,)."""
        return _share(self.tp, self.positives)

    @property
    def false_positive_rate(self) -> NDArray[np.float64]:
        """FP / (FP + TN) at each threshold, (K,)."""
        return _share(self.fp, self.negatives)

    @property
    def iou(self) -> NDArray[np.float64]:
        """IoU at each threshold, (K,); nan where neither side has foreground."""
        return _share(self.tp, self.positives + self.fp)

    @property
    def dice(self) -> NDArray[np.float64]:
        """Dice at each threshold, (K,); nan where neither side has foreground."""
        return self.f_beta(1)

    def f_beta(self, beta: float) -> NDArray[np.float64]:
        """F-beta at each threshold, (K,): recall counts beta times as much as precision."""
        square = beta * beta
        return _share((1 + square) * self.tp, square * self.positives + self.tp + self.fp)

    def best(self, metric: str = "iou", beta: float = 1.0) -> tuple[float, float]:
        """Return the best finite threshold and what it reaches.

        Parameters
        ----------
        metric : "iou", "dice" or "f_beta"
        beta : float, above 0
            For "f_beta" only.

        Returns
        -------
        threshold, value : float
            Of equally good thresholds the one nearest to 0.5, the lower of two; nan
            and nan if there is no foreground to find.

        Raises
        ------
        ValueError
            If the metric is none of the three, or beta is not above 0.
        """
        if metric not in ("iou", "dice", "f_beta"):
            raise ValueError(f"metric is {metric!r}, but must be 'iou', 'dice' or 'f_beta'.")
        if not beta > 0:
            raise ValueError(f"beta is {beta}, but must be above 0: 1 is Dice.")
        if not self.positives:
            return math.nan, math.nan
        values = (self.f_beta(beta) if metric == "f_beta" else getattr(self, metric))[:-1]
        equal = np.flatnonzero(values == values.max())
        k = equal[np.abs(self.thresholds[equal] - 0.5).argmin()]
        return float(self.thresholds[k]), float(values[k])

    @property
    def average_precision(self) -> float:
        """Sum of the precisions, each times the recall it adds, in [0, 1]; nan without positives.

        No interpolation: falling thresholds, steps rather than trapezoids.
        """
        if not self.positives:
            return math.nan
        gained = self.tp[:-1] - self.tp[1:]
        return float(np.sum(gained * np.nan_to_num(self.precision[:-1])) / self.positives)

    @property
    def auc(self) -> float:
        """Area under the ROC curve, in [0, 1]; nan without positives or without negatives.

        The chance that a foreground pixel has a higher probability than another pixel,
        ties counting half.
        """
        if not self.positives or not self.negatives:
            return math.nan
        return float(np.trapezoid(self.recall[::-1], self.false_positive_rate[::-1]))


class SweepMeter:
    """Threshold sweep of a data set, picture by picture; keeps two histograms.

    Parameters
    ----------
    levels : int, a power of two
        Number of equal steps from 0 to 1 that probabilities given as floats are rounded
        down to. 8-bit probabilities keep their own 255 steps: nothing is rounded.

    Raises
    ------
    ValueError
        If `levels` is not a power of two. (Only then is p >= k / levels exact.)

    Examples
    --------
    >>> meter = SweepMeter()
    >>> meter.update([[0.1, 0.4, 0.35, 0.8]], [[0, 0, 1, 1]])
    >>> sweep = meter.result()
    >>> sweep.auc, round(sweep.average_precision, 3), sweep.best("dice")[1]
    (0.75, 0.833, 0.8)
    """

    def __init__(self, levels: int = 1024) -> None:
        """Start without pictures."""
        if levels < 1 or levels & (levels - 1):
            raise ValueError(f"levels is {levels}, but must be a power of two: 1024, say.")
        self.levels = levels
        self._steps: int | None = None  # 255 for 8-bit probabilities, else `levels`
        self._pixels = np.zeros((2, 0), np.int64)  # background, foreground

    def update(
        self, probability: ArrayLike, target: ArrayLike, ignore: ArrayLike | None = None
    ) -> None:
        """Add one picture; arguments and errors as for `CalibrationMeter.update`.

        Also raises ValueError if 8-bit and float pictures are mixed.
        """
        values, truth = probabilities(probability, target, ignore)
        steps = 255 if values.dtype == np.uint8 else self.levels
        if self._steps is None:
            self._steps, self._pixels = steps, np.zeros((2, steps + 1), np.int64)
        if steps != self._steps:
            raise ValueError("probability is uint8 in some pictures, float in others: choose one.")
        for start in range(0, values.size, _BLOCK):
            block = slice(start, start + _BLOCK)
            level = values[block].astype(np.intp if steps == 255 else np.float64)
            if steps != 255:
                level = (level * steps).astype(np.intp)
            level += truth[block] * np.intp(steps + 1)
            self._pixels += np.bincount(level, minlength=2 * steps + 2).reshape(2, -1)

    def result(self) -> Sweep:
        """Return the counts of all pictures so far."""
        steps = self.levels if self._steps is None else self._steps
        pixels = self._pixels if self._steps else np.zeros((2, steps + 1), np.int64)
        reaching = np.zeros((2, steps + 2), np.int64)
        reaching[:, :-1] = pixels[:, ::-1].cumsum(axis=1)[:, ::-1]
        return Sweep(
            np.append(np.arange(steps + 1) / steps, np.inf),
            tp=reaching[1],
            fp=reaching[0],
            positives=int(reaching[1, 0]),
            negatives=int(reaching[0, 0]),
        )


def _share(part: NDArray, whole: NDArray | float) -> NDArray[np.float64]:
    below = np.broadcast_to(np.asarray(whole, np.float64), part.shape)
    return np.divide(part, below, out=np.full(part.shape, np.nan), where=below > 0)
