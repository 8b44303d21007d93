"""A box says more than its corners: nothing of the object lies outside, and it fills the box.

Lempitsky et al., "Image segmentation with a bounding box prior", ICCV 2009.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEVELS = np.arange(-2.5, 2.6, 0.5, dtype=np.float32)  # logits at which a mask may be cut
FILLING = 0.2  # how much a full box counts against the expected IoU
DISTANCE = 0.02  # how much the square of a level counts against both
OUTSIDE = -4.0  # logit of what cannot be of the object


def window(
    box: NDArray[np.floating] | tuple[float, ...], size: tuple[int, int]
) -> tuple[slice, slice]:
    """Return the rows and columns that a box touches.

    Parameters
    ----------
    box : (x_min, y_min, x_max, y_max)
        Outer edges.
    size : (height, width)
    """
    x0, y0, x1, y1 = box
    return (
        slice(max(0, int(np.floor(y0))), min(size[0], int(np.ceil(y1)))),
        slice(max(0, int(np.floor(x0))), min(size[1], int(np.ceil(x1)))),
    )


def fill(
    logits: NDArray[np.float32], scores: NDArray[np.float32], box: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Cut each mask at the level at which it fills the box best.

    Parameters
    ----------
    logits : (n, h, w) float32
    scores : (n,) float32
        The IoU that each is expected to have.
    box : (x_min, y_min, x_max, y_max)
        Outer edges in cells of the masks.

    Returns
    -------
    logits : (n, h, w) float32
        Moved, so that each mask is cut at 0.
    order : (n,) int64
        The best first: by expected IoU, the share of the box that the mask's own box fills,
        and how little it was moved.
    """
    rows, columns = window(box, (logits.shape[1], logits.shape[2]))
    inside = logits[:, rows, columns]
    area = (box[2] - box[0]) * (box[3] - box[1])
    worth = np.empty((len(logits), len(LEVELS)))
    for mask, (across, down) in enumerate(zip(inside.max(axis=1), inside.max(axis=2), strict=True)):
        for i, level in enumerate(LEVELS):
            width, height = (_extent(values > level) for values in (across, down))
            worth[mask, i] = FILLING * min(1.0, width * height / area) - DISTANCE * level**2
    levels = LEVELS[worth.argmax(axis=1)]
    order = np.argsort(-(worth.max(axis=1) + scores), kind="stable")
    return logits - levels[:, None, None], order


def _extent(flags: NDArray[np.bool_]) -> int:
    places = np.flatnonzero(flags)
    return int(places[-1] - places[0] + 1) if places.size else 0
