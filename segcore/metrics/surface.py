"""Distances between the outlines of two masks: Hausdorff and mean surface distance.

The surface of a mask is its pixels that have one of their four neighbours outside
the mask; outside the picture counts as outside. Distances are Euclidean, between
pixel centres, in pixels. If one mask or both are empty there is no surface to
measure to: every figure is `nan`, neither 0 nor infinity.

References
----------
Hausdorff, Grundzüge der Mengenlehre, 1914; Huttenlocher, Klanderman and Rucklidge,
PAMI 15 (1993), pp. 850-863 (the quantile); Maier-Hein et al., Nature Methods 21
(2024), pp. 195-212, supplement (the 95 % quantile as the larger of both directions;
ASSD).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._checks import mask as checked_mask

Distances = tuple[NDArray[np.float64], NDArray[np.float64]]


def surface_pixels(mask: ArrayLike) -> NDArray[np.bool_]:
    """Return the pixels of a mask with one of their four neighbours outside it, (H, W) bool.

    Examples
    --------
    >>> surface_pixels(np.ones((3, 4), int)).astype(int)
    array([[1, 1, 1, 1],
           [1, 0, 0, 1],
           [1, 1, 1, 1]])
    """
    inside = checked_mask(mask, "mask")
    core = np.zeros_like(inside)
    if min(inside.shape) > 2:
        core[1:-1, 1:-1] = (
            inside[1:-1, 1:-1]
            & inside[:-2, 1:-1]
            & inside[2:, 1:-1]
            & inside[1:-1, :-2]
            & inside[1:-1, 2:]
        )
    return inside & ~core


def surface_distances(target: ArrayLike, prediction: ArrayLike) -> Distances:
    """Return the distance of each surface pixel to the nearest one of the other mask.

    Parameters
    ----------
    target, prediction : (H, W) bool, or integers 0 and 1

    Returns
    -------
    target_to_prediction, prediction_to_target : (n,), (m,) float64
        In pixels, in the order of rows, then columns. Empty for an empty mask; nan
        where the other mask is empty.

    Raises
    ------
    ValueError
        If a mask is not binary with two axes, or the shapes differ.

    Examples
    --------
    >>> surface_distances([[1, 0, 0, 0]], [[0, 0, 1, 1]])
    (array([2.]), array([2., 3.]))
    """
    truth = checked_mask(target, "target")
    guess = checked_mask(prediction, "prediction", truth.shape)
    a, b = np.argwhere(surface_pixels(truth)), np.argwhere(surface_pixels(guess))
    if not len(a) or not len(b):
        return np.full(len(a), np.nan), np.full(len(b), np.nan)

    from scipy.spatial import cKDTree

    return cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]


def hausdorff(target: ArrayLike, prediction: ArrayLike) -> float:
    """Largest distance from a surface to the other one, in pixels; nan if a mask is empty.

    Arguments and errors as for `surface_distances`.

    Examples
    --------
    >>> hausdorff([[1, 0, 0, 0]], [[0, 0, 1, 1]])
    3.0
    """
    return _larger(surface_distances(target, prediction), 100)


def hausdorff95(target: ArrayLike, prediction: ArrayLike) -> float:
    """Larger of the 95 % quantiles of both directions, in pixels; nan if a mask is empty.

    Quantiles are interpolated linearly. Less at the mercy of one stray pixel than
    `hausdorff`; arguments and errors as there.
    """
    return _larger(surface_distances(target, prediction), 95)


def mean_surface_distance(target: ArrayLike, prediction: ArrayLike) -> float:
    """Mean of all distances of both directions together, in pixels; nan if a mask is empty.

    Also called the average symmetric surface distance, ASSD. Arguments and errors as
    for `surface_distances`.

    Examples
    --------
    >>> mean_surface_distance([[1, 0, 0, 0]], [[0, 0, 1, 1]])  # (2 + 2 + 3) / 3
    2.3333333333333335
    """
    both = np.concatenate(surface_distances(target, prediction))
    return float(both.mean()) if both.size else math.nan


def _larger(distances: Distances, percent: float) -> float:
    if not all(direction.size for direction in distances):
        return math.nan
    return max(float(np.percentile(direction, percent)) for direction in distances)
