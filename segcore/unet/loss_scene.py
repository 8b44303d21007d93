"""A target and a prediction that misses it by as much as one likes, to see what losses say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from segcore.unet.loss_terms import Losses, losses

HEIGHT, WIDTH = 96, 192
CENTRE = (47.5, 55.5)  # row and column of the object's middle: the prediction moves right of it
SHAPES = ("Disc", "Ring")
MAX_SHARE = 0.25  # of the picture: larger ones would be cut off
MAX_SHIFT = 96  # pixels: the largest object is then beside its target and still in the picture
HOLE = 0.75  # radius of a ring's hole, in radii of the ring, while the ring is small enough
MAX_RADIUS = 40


def target(shape: str, share: float) -> NDArray[np.bool_]:
    """Return (96, 192) bool: the object's pixels.

    Parameters
    ----------
    shape : str
        One of `SHAPES`.
    share : float
        The object's share of the picture, above 0 and up to 0.25.

    Raises
    ------
    ValueError
        If there is no such shape or the share is out of range.
    """
    if shape not in SHAPES:
        raise ValueError(f"There is no shape {shape!r}; accepted are {', '.join(SHAPES)}.")
    if not 0 < share <= MAX_SHARE:
        raise ValueError(f"share is {share}; accepted are values above 0 and up to {MAX_SHARE}.")
    squared = share * HEIGHT * WIDTH / math.pi  # of the radius of a disc
    outer = squared
    if shape == "Ring":
        outer = min(squared / (1 - HOLE**2), MAX_RADIUS**2)
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    distance = (rows - CENTRE[0]) ** 2 + (columns - CENTRE[1]) ** 2
    return (distance <= outer) & (distance >= outer - squared)


def predictions(
    truth: NDArray[np.bool_], shifts: Sequence[int], softness: float, confidence: float
) -> NDArray[np.float32]:
    """Return the target moved to the right, blurred and made less sure.

    Parameters
    ----------
    truth : (H, W) bool
    shifts : sequence of n int
        Pixels, 0 or more. What leaves the picture is gone.
    softness : float
        Standard deviation of the Gaussian blur, pixels; 0 for none.
    confidence : float
        Probability inside the object; outside it is one minus that.

    Returns
    -------
    (n, H, W) float32 in [0, 1]
    """
    from scipy import ndimage  # takes a moment to import; only this view needs it

    soft = truth.astype(np.float32)
    if softness:
        soft = ndimage.gaussian_filter(soft, softness, mode="constant")
    sure = (1 - confidence) + (2 * confidence - 1) * soft
    result = np.full((len(shifts), *truth.shape), 1 - confidence, np.float32)
    width = truth.shape[1]
    for moved, shift in zip(result, shifts, strict=True):
        moved[:, shift:] = sure[:, : width - shift]
    return result


def by_shift(
    shape: str,
    share: float,
    softness: float,
    confidence: float,
    dice_weight: float,
    steps: int,
    least: int = 0,
) -> tuple[NDArray[np.int64], list[Losses]]:
    """Return shifts from 0 to just beyond the object, at most `steps`, and the losses there.

    The last shift is `least` where the object ends before that.
    """
    truth = target(shape, share)
    columns = np.flatnonzero(truth.any(0))
    last = max(least, min(MAX_SHIFT, round(1.25 * (columns[-1] - columns[0] + 1)) + 2))
    shifts = np.unique(np.linspace(0, last, steps).round().astype(int))
    guesses = predictions(truth, shifts.tolist(), softness, confidence)
    return shifts, [losses(truth, guess, dice_weight) for guess in guesses]


@cache
def shares(steps: int = 21) -> NDArray[np.float64]:
    """Return shares of the picture from 0.1 % to 50 %, evenly spaced on a logarithmic axis."""
    return np.geomspace(0.001, 0.5, steps)


def all_background(share: float, confidence: float, dice_weight: float) -> Losses:
    """Return the losses of a network that says "background" everywhere.

    Parameters
    ----------
    share : float
        Of the picture that is the object, 0 to 1.
    confidence : float
        The network's probability of background.
    dice_weight : float
        As of `segcore.unet.loss_terms.losses`.
    """
    truth = _somewhere(share)
    return losses(truth, np.full(truth.shape, 1 - confidence), dice_weight)


def all_found(share: float, confidence: float, dice_weight: float) -> Losses:
    """Return the losses of a network that is right everywhere; else as `all_background`."""
    truth = _somewhere(share)
    return losses(truth, np.where(truth, confidence, 1 - confidence), dice_weight)


def _somewhere(share: float) -> NDArray[np.bool_]:
    """Return a target of that share; where it lies makes no difference to the losses."""
    truth = np.zeros((HEIGHT, WIDTH), bool)
    truth.flat[: round(share * truth.size)] = True
    return truth
