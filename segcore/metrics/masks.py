"""Many masks of one picture, cut out to their boxes: small to keep and quick to compare.

Two masks of a 640×480 picture share pixels only where their boxes do, and most
objects are far smaller than the picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics import _checks


@dataclass(frozen=True, slots=True)
class CutMasks:
    """Masks of one picture without the empty rows and columns around them.

    Attributes
    ----------
    shape : (height, width)
        Size of the picture in pixels.
    corners : (N, 4) int
        top, left, bottom, right of each cut; bottom and right are exclusive. All 0
        for an empty mask.
    cuts : list of (h, w) bool
    areas : (N,) int
        Pixels of each mask.
    """

    shape: tuple[int, int]
    corners: NDArray[np.int64]
    cuts: list[NDArray[np.bool_]]
    areas: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of masks."""
        return len(self.cuts)

    def __getitem__(self, indices: NDArray[np.intp]) -> CutMasks:
        """Return the masks at an array of indices."""
        cuts = [self.cuts[i] for i in indices.tolist()]
        return CutMasks(self.shape, self.corners[indices], cuts, self.areas[indices])


def cut_masks(masks: ArrayLike | CutMasks, name: str = "masks") -> CutMasks:
    """Cut masks out of their picture.

    Parameters
    ----------
    masks : (N, H, W) bool, or integers 0 and 1
        N may be 0, an empty list too. `CutMasks` come back as they are.
    name : str
        What to call them in an error.

    Raises
    ------
    ValueError
        If there are not three axes, or a mask is not binary.

    Examples
    --------
    >>> cut = cut_masks([[[0, 0, 0], [0, 1, 1]]])
    >>> cut.corners.tolist(), cut.areas.tolist()
    ([[1, 1, 2, 3]], [2])
    """
    if isinstance(masks, CutMasks):
        return masks
    array = np.asarray(masks)
    if array.shape == (0,):
        array = np.zeros((0, 0, 0), bool)
    if array.ndim != 3:
        raise ValueError(f"{name} have shape {array.shape}, but must have three axes, (N, H, W).")
    number, height, width = array.shape
    binary = _checks.mask(array.reshape(number * height, width), name).reshape(array.shape)
    corners = np.zeros((number, 4), np.int64)
    cuts = []
    for i, mask in enumerate(binary):
        cut, corners[i] = _cut(mask)
        cuts.append(cut)
    areas = np.array([np.count_nonzero(cut) for cut in cuts], np.int64)
    return CutMasks((height, width), corners, cuts, areas)


def cut_labels(labels: ArrayLike, ids: Sequence[int]) -> CutMasks:
    """Cut the objects out of a map of their ids: quicker than a mask of each.

    Parameters
    ----------
    labels : (H, W) integers
        The id of the object at each pixel.
    ids : sequence of int
        The objects to cut out, in this order. One that is not in the map is empty.

    Raises
    ------
    ValueError
        If the map does not have two axes or is not integer.

    Examples
    --------
    >>> cut_labels([[0, 7, 7], [0, 7, 9]], ids=[9, 7]).areas.tolist()
    [1, 3]
    """
    array = _checks.integers(labels, "labels")
    return cut_masks(array == np.asarray(ids, np.int64).reshape(-1, 1, 1), "labels")


def mask_iou(
    a: ArrayLike | CutMasks, b: ArrayLike | CutMasks, crowd: ArrayLike | None = None
) -> NDArray[np.float64]:
    """IoU of every mask of `a` with every mask of `b`.

    Parameters
    ----------
    a : (N, H, W) bool or CutMasks
        The targets. N may be 0.
    b : (M, H, W) bool or CutMasks
        The predictions. M may be 0.
    crowd : (N,) bool, optional
        True for targets that stand for a crowd: there the intersection is divided by
        the area of the prediction, as in COCO.

    Returns
    -------
    (N, M) float64
        In [0, 1]; nan where both masks are empty (for a crowd: where `b`'s is).

    Raises
    ------
    ValueError
        If masks do not have three axes, are not binary or differ in size, or there
        is not one crowd flag for each target.

    Examples
    --------
    >>> mask_iou([[[1, 1, 0]]], [[[0, 1, 1]], [[1, 0, 0]]])
    array([[0.33333333, 0.5       ]])
    """
    first, second = cut_masks(a, "a"), cut_masks(b, "b")
    if len(first) and len(second) and first.shape != second.shape:
        raise ValueError(f"a is {first.shape}, b {second.shape} pixels: bring them to one size.")
    flags = np.zeros(len(first), bool) if crowd is None else np.asarray(crowd, bool)
    if flags.shape != (len(first),):
        raise ValueError(f"crowd has shape {flags.shape}, but there are {len(first)} targets.")
    shared = _intersections(first, second)
    whole = np.where(flags[:, None], 0, first.areas[:, None] - shared) + second.areas
    return np.divide(shared, whole, out=np.full(whole.shape, np.nan), where=whole > 0)


def _cut(mask: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], tuple[int, int, int, int]]:
    rows = np.flatnonzero(mask.any(axis=1))
    if not rows.size:
        return np.zeros((0, 0), bool), (0, 0, 0, 0)
    band = mask[rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(band.any(axis=0))
    corners = int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
    return band[:, corners[1] : corners[3]].copy(), corners


def _intersections(a: CutMasks, b: CutMasks) -> NDArray[np.int64]:
    """Count the pixels that each mask of `a` shares with each of `b`, (N, M)."""
    low = np.maximum(a.corners[:, None, :2], b.corners[:, :2])
    high = np.minimum(a.corners[:, None, 2:], b.corners[:, 2:])
    shared = np.zeros(low.shape[:2], np.int64)
    near = (high > low).all(axis=2)
    for i, j in np.argwhere(near).tolist():
        (top, left), (bottom, right) = low[i, j].tolist(), high[i, j].tolist()
        both = [
            cuts.cuts[k][
                top - cuts.corners[k, 0] : bottom - cuts.corners[k, 0],
                left - cuts.corners[k, 1] : right - cuts.corners[k, 1],
            ]
            for cuts, k in ((a, i), (b, j))
        ]
        shared[i, j] = np.count_nonzero(both[0] & both[1])
    return shared
