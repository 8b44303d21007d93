"""Boundary IoU: how well two masks agree near their outlines.

IoU forgives a large object a coarse outline; boundary IoU looks only at the pixels
of each mask within a few pixels of its own outline.

References
----------
Cheng, Girshick, Dollár, Berg and Kirillov, CVPR 2021, pp. 15334-15342, section 4;
their code, bowenc0221/boundary-iou-api, `mask_to_boundary`: the width is 2 % of the
picture's diagonal, distances count diagonal steps as one, and the picture's edge is
an outline too.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._checks import mask as checked_mask
from segcore.metrics.overlap import count, iou


def boundary_width(shape: tuple[int, int], ratio: float = 0.02) -> int:
    """Width of the boundary in pixels: a share of the diagonal, rounded, at least 1.

    Parameters
    ----------
    shape : (height, width)
        Size of the picture in pixels.
    ratio : float, above 0
        Share of the diagonal. The paper takes 0.02 for photos, 0.005 for Cityscapes.

    Raises
    ------
    ValueError
        If the ratio is not a finite number above 0.

    Examples
    --------
    >>> boundary_width((480, 640)), boundary_width((20, 20))
    (16, 1)
    """
    if not (math.isfinite(ratio) and ratio > 0):
        raise ValueError(f"ratio is {ratio}, but must be above 0: 0.02 is usual.")
    height, width = shape
    return max(1, round(ratio * math.hypot(height, width)))


def boundary(mask: ArrayLike, width: int) -> NDArray[np.bool_]:
    """Return the pixels of a mask that are near its outline.

    Parameters
    ----------
    mask : (H, W) bool, or integers 0 and 1
    width : int, at least 1
        A pixel is near if some pixel outside the mask, or outside the picture, is at
        most this many steps away; a diagonal step counts as one.

    Returns
    -------
    (H, W) bool
        A part of the mask; all of it where the mask is thin or the width large.

    Raises
    ------
    ValueError
        If the width is below 1, or the mask is not binary with two axes.

    Examples
    --------
    >>> boundary(np.ones((3, 4), int), width=1).astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]])
    """
    if width < 1:
        raise ValueError(f"width is {width}, but a boundary is at least 1 pixel wide.")
    inside = checked_mask(mask, "mask")
    near = inside.copy()
    rows, columns = (_extent(np.flatnonzero(inside.any(axis=axis))) for axis in (1, 0))
    cut = inside[rows, columns]
    if min(cut.shape) > 2 * width:
        core = _all_of(_all_of(cut, 2 * width + 1).T, 2 * width + 1).T
        near[rows, columns][width:-width, width:-width] = cut[width:-width, width:-width] & ~core
    return near


def boundary_iou(target: ArrayLike, prediction: ArrayLike, dilation_ratio: float = 0.02) -> float:
    """IoU of the boundaries of two masks, in [0, 1]; nan if both masks are empty.

    Parameters
    ----------
    target, prediction : (H, W) bool, or integers 0 and 1
    dilation_ratio : float, above 0
        Width of the boundary as a share of the picture's diagonal, as for
        `boundary_width`. Once it covers the masks, this is their plain IoU.

    Raises
    ------
    ValueError
        If a mask is not binary with two axes, the shapes differ or the ratio is not
        above 0.

    Examples
    --------
    >>> square, ring = np.ones((5, 5), int), np.ones((5, 5), int)
    >>> ring[2, 2] = 0  # the hole has an outline of its own, eight pixels long
    >>> boundary_iou(square, ring), round(iou(count(square, ring)), 2)
    (0.6666666666666666, 0.96)
    """
    truth = checked_mask(target, "target")
    guess = checked_mask(prediction, "prediction", truth.shape)
    width = boundary_width(truth.shape, dilation_ratio)
    return iou(count(boundary(truth, width), boundary(guess, width)))


def _extent(used: NDArray[np.intp]) -> slice:
    """Return the slice from the first to the last of rising indices; empty if there are none."""
    return slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)


def _all_of(mask: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return where `length` successive rows are True, (H - length + 1, W)."""
    runs, done = mask, 1
    while done < length:  # a run of n and a run of m that begins within or after it join
        step = min(done, length - done)
        runs, done = runs[: len(runs) - step] & runs[step:], done + step
    return runs
