"""Overlap of boxes: IoU and its relatives that still say something about boxes apart.

Boxes are (x_min, y_min, x_max, y_max) in continuous pixel coordinates: a box from 0
to 2 is two pixels wide. A box may be empty (no width or no height), but not turned
inside out. Every figure is symmetric, 1 for equal boxes, and `nan` where both boxes
are empty: there is no union to divide by.

References
----------
Rezatofighi et al., CVPR 2019, pp. 658-666, algorithm 1 (GIoU); Zheng et al., AAAI
2020, pp. 12993-13000, equations 6-7 (DIoU) and 8-11 (CIoU).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._checks import ratio


def box_iou(a: ArrayLike, b: ArrayLike) -> float:
    """Intersection over union of two boxes, in [0, 1]; nan if both are empty.

    Parameters
    ----------
    a, b : (4,) numbers
        x_min, y_min, x_max, y_max.

    Raises
    ------
    ValueError
        If a box does not hold four finite numbers, or ends before it begins.

    Examples
    --------
    >>> box_iou([0, 0, 2, 2], [1, 0, 3, 2])  # 2 of 6 pixels
    0.3333333333333333
    """
    intersection, union, _ = _areas(*_pair(a, b))
    return ratio(intersection, union)


def generalized_iou(a: ArrayLike, b: ArrayLike) -> float:
    """IoU less the share of the smallest box around both that neither fills; in (-1, 1].

    Arguments and errors as for `box_iou`; nan if both boxes are empty.

    Examples
    --------
    >>> generalized_iou([0, 0, 1, 1], [3, 0, 4, 1])  # 0 - 2 / 4
    -0.5
    """
    intersection, union, hull = _areas(*_pair(a, b))
    return ratio(intersection, union) - ratio(hull - union, hull) if union else math.nan


def distance_iou(a: ArrayLike, b: ArrayLike) -> float:
    """IoU less the squared distance of the centres over the squared hull diagonal; in (-1, 1].

    Arguments and errors as for `box_iou`; nan if both boxes are empty.

    Examples
    --------
    >>> distance_iou([0, 0, 3, 4], [0, 0, 3, 4]), distance_iou([0, 0, 1, 1], [2, 0, 3, 1])
    (1.0, -0.4)
    """
    first, second = _pair(a, b)
    intersection, union, _ = _areas(first, second)
    if not union:
        return math.nan
    apart = (first[:2] + first[2:] - second[:2] - second[2:]) / 2
    hull = np.maximum(first[2:], second[2:]) - np.minimum(first[:2], second[:2])
    return intersection / union - float(apart @ apart / (hull @ hull))


def complete_iou(a: ArrayLike, b: ArrayLike) -> float:
    """DIoU less a penalty for differing aspect ratios; in (-1.5, 1].

    The penalty is v² / (1 - IoU + v), where v in [0, 1] is the squared difference of
    atan(width / height) over its largest value. Arguments and errors as for
    `box_iou`; nan if both boxes are empty.

    Examples
    --------
    >>> complete_iou([0, 0, 2, 2], [0, 0, 4, 4])  # the same aspect ratio: as DIoU
    0.1875
    """
    first, second = _pair(a, b)
    angles = [math.atan2(*(box[2:] - box[:2])) for box in (first, second)]
    v = (angles[0] - angles[1]) ** 2 * 4 / math.pi**2
    overlap = box_iou(first, second)
    penalty = v * v / (1 - overlap + v) if v else 0.0
    return distance_iou(first, second) - penalty


def pairwise_box_iou(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """IoU of every box of `a` with every box of `b`.

    Parameters
    ----------
    a : (N, 4) numbers
    b : (M, 4) numbers
        x_min, y_min, x_max, y_max. N and M may be 0.

    Returns
    -------
    (N, M) float64
        In [0, 1]; nan where both boxes are empty.

    Raises
    ------
    ValueError
        If there are not four finite numbers a row, or a box ends before it begins.

    Examples
    --------
    >>> pairwise_box_iou([[0, 0, 2, 2]], [[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]]).round(2)
    array([[1.  , 0.33, 0.  ]])
    """
    first, second = checked_boxes(a, "a"), checked_boxes(b, "b")
    shared = box_intersections(first, second)
    union = box_areas(first)[:, None] + box_areas(second) - shared
    return np.divide(shared, union, out=np.full(union.shape, np.nan), where=union > 0)


def box_areas(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas of (N, 4) boxes, (N,), in square pixels."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def box_intersections(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Areas that boxes (N, 4) and (M, 4) share, (N, M), in square pixels."""
    low = np.maximum(a[:, None, :2], b[:, :2])
    high = np.minimum(a[:, None, 2:], b[:, 2:])
    return np.maximum(high - low, 0).prod(axis=2)


def checked_boxes(boxes: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return boxes as (N, 4) float64, or raise as `pairwise_box_iou` says."""
    array = np.asarray(boxes, np.float64)
    if array.size == 0:
        return array.reshape(0, 4)
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(
            f"{name} has shape {array.shape}, but boxes are (N, 4): x_min, y_min, x_max, y_max."
        )
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds a number that is not finite, but boxes have four ends.")
    turned = (array[:, 2:] < array[:, :2]).any(axis=1)
    if turned.any():
        odd = array[turned][0].tolist()
        raise ValueError(f"{name} holds {odd}, which ends before it begins: order its corners.")
    return array


def _pair(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    boxes = []
    for box, name in ((a, "a"), (b, "b")):
        array = np.asarray(box, np.float64)
        if array.shape != (4,):
            raise ValueError(
                f"{name} has shape {array.shape}, but a box is x_min, y_min, x_max, y_max."
            )
        boxes.append(checked_boxes(array[None], name)[0])
    return boxes[0], boxes[1]


def _areas(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float, float]:
    """Areas of intersection, union and the smallest box around both."""
    shared = box_intersections(a[None], b[None]).item()
    union = box_areas(a[None]).item() + box_areas(b[None]).item() - shared
    hull = np.maximum(a[2:], b[2:]) - np.minimum(a[:2], b[:2])
    return shared, union, float(hull.prod())
