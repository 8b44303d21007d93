"""Where a person would click next: the middle of the largest error."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def next_click(
    target: NDArray[np.bool_], mask: NDArray[np.bool_], void: NDArray[np.bool_] | None = None
) -> tuple[tuple[int, int], int] | None:
    """Return where to correct a mask.

    Parameters
    ----------
    target, mask : (h, w) bool
        What is wanted and what there is.
    void : (h, w) bool or None
        Pixels that count for nothing.

    Returns
    -------
    ((x, y), label) or None
        The pixel that lies deepest in a missed or in a wrong region, by Euclidean distance
        to what is not of the region, the picture's edge included; label 1 in a missed region,
        0 in a wrong one. None if nothing is wrong.

    Notes
    -----
    The usual protocol: Sofiiuk et al., "Reviving Iterative Training with Mask Guidance for
    Interactive Segmentation", ICIP 2022, section 4.
    """
    seen = True if void is None else ~void
    best, where, label = 0.0, (0, 0), 0
    for kind, wrong in ((1, target & ~mask & seen), (0, mask & ~target & seen)):
        framed = np.pad(wrong.astype(np.uint8), 1)
        depth = cv2.distanceTransform(framed, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1]
        if (deepest := float(depth.max())) > best:
            row, column = np.unravel_index(depth.argmax(), depth.shape)
            best, where, label = deepest, (int(column), int(row)), kind
    return (where, label) if best else None
