"""RoIAlign in NumPy, for one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from segcore.models.detection.settings import CANONICAL, CANONICAL_LEVEL, ROI_STRIDES

Floats = NDArray[np.float32]


def pyramid_align(features: Sequence[Floats], boxes: Floats, size: int) -> Floats:
    """Return the features of boxes, each from the level that its size asks for.

    Parameters
    ----------
    features : sequence of (h, w, channels) float32
        Of `ROI_STRIDES`.
    boxes : (n, 4) float32
        y_min, x_min, y_max, x_max in pixels, within the picture.
    size : int
        Bins a side.

    Returns
    -------
    (n, size, size, channels) float32
    """
    result = np.empty((len(boxes), size, size, features[0].shape[-1]), np.float32)
    for i, (box, level) in enumerate(zip(boxes, levels_of(boxes), strict=True)):
        result[i] = roi_align(features[level], box / ROI_STRIDES[level], size)
    return result


def levels_of(boxes: Floats) -> NDArray[np.intp]:
    """Return the index in `ROI_STRIDES` of each box's level, as in training."""
    sides = boxes[:, 2:] - boxes[:, :2]
    octaves = np.log2(np.sqrt(np.maximum(sides.prod(1), 1e-6)) / CANONICAL)
    levels = CANONICAL_LEVEL + np.floor(octaves + 1e-6).astype(np.intp)
    return levels.clip(0, len(ROI_STRIDES) - 1)


def roi_align(feature: Floats, box: Floats, size: int) -> Floats:
    """Return the mean of 2 x 2 bilinear samples in each of size x size bins.

    Parameters
    ----------
    feature : (h, w, channels) float32
    box : (4,) float32
        In units of cells.
    size : int

    Returns
    -------
    (size, size, channels) float32

    Notes
    -----
    Samples lie on a grid, so their means are two products with small matrices, over the part
    of the map that the box touches (He et al., "Mask R-CNN", ICCV 2017, section 3).
    """
    rows, y = _weights(box[0], box[2], feature.shape[0], size)
    columns, x = _weights(box[1], box[3], feature.shape[1], size)
    part = feature[y, x]
    height, width, channels = part.shape
    lines = rows @ part.reshape(height, width * channels)
    return columns @ lines.reshape(size, width, channels)


def _weights(low: float, high: float, length: int, size: int) -> tuple[Floats, slice]:
    """Return how much each cell counts in each bin, (size, cells), and which cells those are."""
    steps = (np.arange(2 * size) + 0.5) / (2 * size)
    places = np.clip(low + steps * (high - low) - 0.5, 0, length - 1)
    first, last = int(places[0]), min(int(places[-1]) + 1, length - 1)
    cells = np.arange(first, last + 1)
    weights = np.maximum(1 - np.abs(places[:, None] - cells), 0)
    return weights.reshape(size, 2, -1).mean(1).astype(np.float32), slice(first, last + 1)
