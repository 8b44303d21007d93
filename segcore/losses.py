"""Losses for segmentation, one value a picture.

All take ``y_true`` and ``y_pred`` of shape ``(batch, height, width, classes)``, float32:
targets 0 or 1 (one-hot for several classes) and probabilities in [0, 1]; one channel means
the binary task. Pixels with a target above 1 are void and count for nothing. All return
``(batch,)``, which the trainer averages.
"""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

EPSILON = 1e-6
AXES = (1, 2)


def cross_entropy(y_true, y_pred):
    """Mean over the pixels of ``-log p`` of the true class (binary or categorical)."""
    return _pixel_mean(_pixel_cross_entropy(y_true, y_pred), y_true)


def soft_dice(y_true, y_pred, smooth: float = 1.0):
    """One minus the Dice coefficient of probabilities, averaged over the classes.

    ``1 - (2 sum(t p) + s) / (sum(t) + sum(p) + s)``. The smoothing `s`, in pixels, makes
    empty against empty a loss of 0 (Milletari et al., "V-Net", 3DV 2016, page 6, with plain
    sums in the denominator as in Drozdzal et al. 2016).
    """
    valid = _valid(y_true)[..., None]
    y_true, y_pred = y_true * valid, y_pred * valid
    overlap = ops.sum(y_true * y_pred, axis=AXES)
    total = ops.sum(y_true, axis=AXES) + ops.sum(y_pred, axis=AXES)
    return ops.mean(1 - (2 * overlap + smooth) / (total + smooth), axis=-1)


def focal(y_true, y_pred, gamma: float = 2.0):
    """Cross-entropy of each pixel times ``(1 - p)**gamma`` of its true class.

    Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017, equation 4.
    """
    pixels = _pixel_cross_entropy(y_true, y_pred)
    return _pixel_mean((1 - ops.exp(-pixels)) ** gamma * pixels, y_true)


def weighted_sum(dice_weight: float) -> Callable:
    """Return the loss ``(1 - w) cross_entropy + w soft_dice`` for a weight in [0, 1]."""
    if not 0 <= dice_weight <= 1:
        raise ValueError(f"dice_weight is {dice_weight}; accepted are values from 0 to 1.")

    def cross_entropy_and_dice(y_true, y_pred):
        return (1 - dice_weight) * cross_entropy(y_true, y_pred) + dice_weight * soft_dice(
            y_true, y_pred
        )

    return cross_entropy_and_dice


def make_loss(name: str, dice_weight: float = 0.5) -> Callable:
    """Return a loss by name: cross_entropy, dice, cross_entropy+dice or focal."""
    table = {
        "cross_entropy": cross_entropy,
        "dice": soft_dice,
        "cross_entropy+dice": weighted_sum(dice_weight),
        "focal": focal,
    }
    if name not in table:
        raise ValueError(f"There is no loss {name!r}; accepted are {', '.join(table)}.")
    return table[name]


def _valid(y_true):
    """Return ``(batch, height, width)``: 1, or 0 on void pixels."""
    return ops.cast(ops.max(y_true, axis=-1) <= 1, "float32")


def _pixel_mean(values, y_true):
    valid = _valid(y_true)
    return ops.sum(values * valid, axis=AXES) / ops.maximum(ops.sum(valid, axis=AXES), 1)


def _pixel_cross_entropy(y_true, y_pred):
    """Return ``(batch, height, width)``; probabilities are kept off 0 and 1 by EPSILON."""
    y_true = ops.minimum(y_true, 1)
    p = ops.clip(y_pred, EPSILON, 1 - EPSILON)
    if p.shape[-1] == 1:
        terms = y_true * ops.log(p) + (1 - y_true) * ops.log(1 - p)
    else:
        terms = y_true * ops.log(p)
    return -ops.sum(terms, axis=-1)
