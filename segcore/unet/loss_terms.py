"""The losses of one picture and one channel in NumPy, each pixel's part included.

`segcore.losses` is what trains; the tests hold both to the same numbers to 1e-6. All take
``target``, (H, W) of 0 and 1, above 1 where it is void, and ``probability``, (H, W) in [0, 1].
Void pixels count for nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

EPSILON = 1e-6  # how far cross-entropy and focal loss keep probabilities off 0 and 1
SMOOTH = 1.0  # pixels that soft Dice adds to the overlap's double and to the total

Map = NDArray[np.float32]


class Losses(NamedTuple):
    """The losses of one picture; `weighted` is ``(1 - w) cross_entropy + w soft_dice``."""

    cross_entropy: float
    soft_dice: float
    weighted: float
    focal: float


def losses(target: ArrayLike, probability: ArrayLike, dice_weight: float = 0.5) -> Losses:
    """Return all losses at once.

    Parameters
    ----------
    target : (H, W) bool or number
        1 on the object, 0 elsewhere, above 1 where void.
    probability : (H, W) float in [0, 1]
    dice_weight : float
        Share of soft Dice in the weighted sum, 0 to 1.

    Raises
    ------
    ValueError
        If the shapes differ or the weight is out of range.

    Examples
    --------
    >>> Losses(*(round(x, 3) for x in losses([[1, 0]], [[0.5, 0.5]])))
    Losses(cross_entropy=0.693, soft_dice=0.333, weighted=0.513, focal=0.173)
    """
    if not 0 <= dice_weight <= 1:
        raise ValueError(f"dice_weight is {dice_weight}; accepted are values from 0 to 1.")
    pixels = cross_entropy_map(target, probability)
    entropy, dice = _mean(pixels, target), soft_dice(target, probability)
    weighted = (1 - dice_weight) * entropy + dice_weight * dice
    return Losses(entropy, dice, weighted, _mean(_focused(pixels), target))


def cross_entropy_map(target: ArrayLike, probability: ArrayLike) -> Map:
    """Return ``-log p`` of each pixel's true class, (H, W), 0 on void pixels."""
    truth, p = _checked(target, probability)
    p = np.clip(p, np.float32(EPSILON), np.float32(1 - EPSILON))
    true_class = np.where(truth, p, 1 - p)
    true_class[truth > 1] = 1
    return -np.log(true_class)


def overlap_map(target: ArrayLike, probability: ArrayLike) -> Map:
    """Return ``target * probability``, (H, W): what each pixel adds to Dice's overlap."""
    truth, p = _checked(target, probability)
    return p * (truth == 1)


def soft_dice(target: ArrayLike, probability: ArrayLike, smooth: float = SMOOTH) -> float:
    """Return ``1 - (2 sum(t p) + s) / (sum(t) + sum(p) + s)``, in [0, 1].

    Milletari et al., "V-Net", 3DV 2016, page 6, with plain sums in the denominator.
    """
    truth, p = _checked(target, probability)
    total = int(np.count_nonzero(truth == 1)) + _sum(p * (truth <= 1))
    return 1 - (2 * _sum(p * (truth == 1)) + smooth) / (total + smooth)


def _focused(pixels: Map) -> Map:
    """Return each pixel's cross-entropy times ``(1 - p)**2`` of its true class, (H, W).

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 4 with gamma 2.
    """
    return np.square(1 - np.exp(-pixels)) * pixels


def _mean(values: Map, target: ArrayLike) -> float:
    return _sum(values) / max(1, int(np.count_nonzero(np.asarray(target) <= 1)))


def _sum(values: Map) -> float:
    return float(values.sum(dtype=np.float64))


def _checked(target: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.uint8], Map]:
    """Return the target as 0, 1 and 2 for void, and the probabilities in single precision.

    That is what Keras reckons in; 1 - 1e-6 is another number there than in double precision.
    """
    given, p = np.asarray(target), np.asarray(probability, np.float32)
    if given.ndim != 2 or given.shape != p.shape:
        raise ValueError(
            f"target is {given.shape} and probability {p.shape}; accepted are two arrays of one "
            "shape (height, width)."
        )
    return np.minimum(given, 2).astype(np.uint8), p
