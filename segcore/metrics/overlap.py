"""Overlap of masks: IoU, Dice, precision, recall and accuracy from counted pixels.

Count first (`count`, `confusion_matrix`), reduce afterwards. Counts add up, so a
data set is a sum. Metrics are fractions in [0, 1], or `nan` where undefined:

- **Empty masks.** IoU and Dice of an empty target against an empty prediction are
  0/0: undefined, `nan`, neither 0 nor 1. Precision is undefined without predicted
  pixels, recall without target pixels, accuracy without counted pixels.
- **Absent classes.** A class in neither target nor prediction is undefined, `nan`.
  A class absent from the target but predicted scores 0: its pixels are all wrong.
- **Means** are taken over the defined values only; `nan` if there are none.
- **Ignored pixels** are left out before counting, whatever was predicted there.

References
----------
Jaccard, New Phytologist 11 (1912), pp. 37-50 (IoU); Dice, Ecology 26 (1945),
pp. 297-302; Everingham and Winn, VOC2012 Development Kit, section 5.4, p. 15 (IoU
of a class over all pictures, void left out); Long, Shelhamer and Darrell, CVPR
2015, pp. 3431-3440, section 5 (pixel accuracy, mean IoU); Csurka, Larlus and
Perronnin, BMVC 2013, p. 1 (why a score per image beside one per data set).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._checks import in_range, integers, mask, ratio

_BLOCK = 1 << 18  # pixels tallied at a time: bounds the memory and stays in the cache


@dataclass(frozen=True, slots=True)
class Counts:
    """True and false positives, false and true negatives, in pixels; `+` adds pictures."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        """Return the counts of both pictures together."""
        if not isinstance(other, Counts):
            return NotImplemented
        tp, fp, fn, tn = other.tp, other.fp, other.fn, other.tn
        return Counts(self.tp + tp, self.fp + fp, self.fn + fn, self.tn + tn)

    @property
    def pixels(self) -> int:
        """Number of pixels counted."""
        return self.tp + self.fp + self.fn + self.tn

    def inverted(self) -> "Counts":
        """Return the counts with the background as the class looked for."""
        return Counts(tp=self.tn, fp=self.fn, fn=self.fp, tn=self.tp)


def count(target: ArrayLike, prediction: ArrayLike, ignore: ArrayLike | None = None) -> Counts:
    """Count the pixels of one picture.

    Parameters
    ----------
    target, prediction : (H, W) bool, or integers 0 and 1
        Truth and prediction; True where the object is.
    ignore : (H, W) bool, or integers 0 and 1, optional
        True at the pixels to leave out. The other masks must be binary there too.

    Raises
    ------
    ValueError
        If a mask does not have two axes, is not binary, or the shapes differ.

    Examples
    --------
    >>> c = count([[1, 1], [0, 0]], [[1, 0], [1, 0]])
    >>> c, round(iou(c), 3), dice(c)
    (Counts(tp=1, fp=1, fn=1, tn=1), 0.333, 0.5)
    """
    truth = mask(target, "target")
    guess = mask(prediction, "prediction", truth.shape)
    pixels = truth.size
    if ignore is not None:
        kept = ~mask(ignore, "ignore", truth.shape)
        truth, guess, pixels = truth & kept, guess & kept, int(np.count_nonzero(kept))
    both = int(np.count_nonzero(truth & guess))
    fp = int(np.count_nonzero(guess)) - both
    fn = int(np.count_nonzero(truth)) - both
    return Counts(both, fp, fn, pixels - both - fp - fn)


def iou(counts: Counts) -> float:
    """Intersection over union, TP / (TP + FP + FN), the Jaccard index; nan if both are empty."""
    return ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def dice(counts: Counts) -> float:
    """Dice coefficient, 2 TP / (2 TP + FP + FN), also called F1; nan if both are empty."""
    return ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def precision(counts: Counts) -> float:
    """Share of the predicted pixels that are right, TP / (TP + FP); nan if none is predicted."""
    return ratio(counts.tp, counts.tp + counts.fp)


def recall(counts: Counts) -> float:
    """Share of the target's pixels that are found, TP / (TP + FN); nan if the target is empty."""
    return ratio(counts.tp, counts.tp + counts.fn)


def pixel_accuracy(counts: Counts) -> float:
    """Share of all pixels that are right, (TP + TN) / pixels; nan if no pixel was counted."""
    return ratio(counts.tp + counts.tn, counts.pixels)


def mean_defined(values: Iterable[float]) -> float:
    """Mean of the values that are not nan; nan if there are none.

    Examples
    --------
    >>> mean_defined([1.0, float("nan"), 0.5])
    0.75
    """
    defined = [float(value) for value in values if not math.isnan(value)]
    # fsum rounds once, so the order of pictures or classes cannot change the mean.
    return math.fsum(defined) / len(defined) if defined else math.nan


def confusion_matrix(
    target: ArrayLike, prediction: ArrayLike, classes: int, ignore_index: int | None = None
) -> NDArray[np.int64]:
    """Count the pixels of one picture by target class and predicted class.

    Parameters
    ----------
    target, prediction : (H, W) integers in [0, classes)
        Class of each pixel. Where `target` holds `ignore_index`, `prediction` may
        hold anything.
    classes : int, at least 1
        Number of classes.
    ignore_index : int, optional
        Pixels whose *target* is this are left out. Best outside [0, classes), 255
        say. Inside, the class keeps an empty row, yet predicting it elsewhere stays
        an error, so `class_iou` gives it 0 once it is predicted.

    Returns
    -------
    (classes, classes) int64
        Rows are target classes, columns predicted ones. Matrices of pictures add up.

    Raises
    ------
    ValueError
        If `classes` is below 1, a map does not have two axes or is not integer, the
        shapes differ, or a counted pixel holds a class outside the range.

    Examples
    --------
    >>> confusion_matrix([[0, 0, 1, 255]], [[0, 1, 1, 0]], classes=2, ignore_index=255)
    array([[1, 1],
           [0, 1]])
    """
    if classes < 1:
        raise ValueError(f"classes is {classes}, but a confusion matrix needs at least 1.")
    truth = integers(target, "target")
    guess = integers(prediction, "prediction", truth.shape).ravel()
    truth = truth.ravel()
    cells = np.zeros(classes * classes, np.int64)
    for start in range(0, truth.size, _BLOCK):
        row, column = truth[start : start + _BLOCK], guess[start : start + _BLOCK]
        if ignore_index is not None:
            kept = row != ignore_index
            row, column = row[kept], column[kept]
        in_range(row, "target", classes, f"raise classes or ignore it ({ignore_index=})")
        in_range(column, "prediction", classes, "only ignored pixels may hold other values")
        cell = row.astype(np.intp) * classes + column.astype(np.intp)
        cells += np.bincount(cell, minlength=cells.size)
    return cells.reshape(classes, classes)


def class_counts(matrix: ArrayLike) -> list[Counts]:
    """Return the counts of each class against all others, for `iou`, `precision`, ...

    `matrix` is (C, C) integer, rows target, columns prediction, or a sum of such;
    ValueError if it is not square, not integer or holds a negative number.
    """
    cells = integers(matrix, "matrix")
    if cells.shape[0] != cells.shape[1]:
        raise ValueError(f"matrix has shape {cells.shape}, but a confusion matrix is square.")
    if (cells < 0).any():
        raise ValueError(f"matrix holds {cells.min()}, but a count of pixels is at least 0.")
    tp, in_target, in_guess = np.diag(cells), cells.sum(axis=1), cells.sum(axis=0)
    fp, fn, tn = in_guess - tp, in_target - tp, cells.sum() + tp - in_target - in_guess
    columns = (tp.tolist(), fp.tolist(), fn.tolist(), tn.tolist())
    return [Counts(*numbers) for numbers in zip(*columns, strict=True)]


def class_iou(matrix: ArrayLike) -> NDArray[np.float64]:
    """IoU of each class, (C,) in [0, 1]; nan if absent from both, 0 if only predicted.

    Examples
    --------
    >>> class_iou([[1, 1, 0], [0, 1, 0], [0, 0, 0]])  # the third class occurs nowhere
    array([0.5, 0.5, nan])
    """
    return np.array([iou(counts) for counts in class_counts(matrix)])


def class_dice(matrix: ArrayLike) -> NDArray[np.float64]:
    """Dice of each class, (C,) in [0, 1]; nan if absent from both, 0 if only predicted."""
    return np.array([dice(counts) for counts in class_counts(matrix)])


def mean_iou(matrix: ArrayLike) -> float:
    """Mean of the defined class IoUs, every class with the same weight; nan if there are none."""
    return mean_defined(class_iou(matrix))


def matrix_accuracy(matrix: ArrayLike) -> float:
    """Share of all pixels given the right class, in [0, 1]; nan if no pixel was counted."""
    counts = class_counts(matrix)
    return ratio(sum(c.tp for c in counts), sum(c.tp + c.fn for c in counts))


class OverlapMeter:
    """Metrics of a binary data set, picture by picture; keeps four numbers of each.

    Examples
    --------
    >>> meter = OverlapMeter()
    >>> meter.update([[1, 1, 1]], [[1, 1, 1]])
    Counts(tp=3, fp=0, fn=0, tn=0)
    >>> meter.update([[1, 0, 0]], [[0, 0, 0]])
    Counts(tp=0, fp=0, fn=1, tn=2)
    >>> result = meter.result()
    >>> result["iou_dataset"], result["iou_per_image"]  # 3 of 4 pixels; (1 + 0) / 2
    (0.75, 0.5)
    """

    def __init__(self) -> None:
        """Start without pictures."""
        self.per_image: list[Counts] = []

    def update(
        self, target: ArrayLike, prediction: ArrayLike, ignore: ArrayLike | None = None
    ) -> Counts:
        """Add one picture and return its counts; arguments and errors as for `count`."""
        counts = count(target, prediction, ignore)
        self.per_image.append(counts)
        return counts

    def result(self) -> dict[str, float]:
        """Return the metrics of all pictures so far, as fractions; nan where undefined.

        `images` is the number of pictures, those without a defined IoU included;
        `iou_per_image` and `dice_per_image` are means over the defined pictures. The
        rest is of the summed counts: of the foreground, but for `pixel_accuracy` and
        `miou`, the mean of the defined IoUs of foreground and background. JSON has no
        nan: write it as null.
        """
        total = sum(self.per_image, Counts())
        return {
            "images": len(self.per_image),
            "iou_dataset": iou(total),
            "iou_per_image": mean_defined(iou(counts) for counts in self.per_image),
            "miou": mean_defined([iou(total), iou(total.inverted())]),
            "dice": dice(total),
            "dice_per_image": mean_defined(dice(counts) for counts in self.per_image),
            "precision": precision(total),
            "recall": recall(total),
            "pixel_accuracy": pixel_accuracy(total),
        }
