"""Tiles of scikit-image's photograph of Greek coins, with a mask computed by watershed.

The picture (from the Brooklyn Museum's collection, shipped by scikit-image) has no mask of
its own. This one follows scikit-image's example "Comparing edge-based and region-based
segmentation": a watershed on the Sobel gradient from markers that are surely ground (below
30) or surely coin (above 150), holes filled, specks removed; looked at, all 24 coins come out
whole.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np

from segcore.datasets.samples import DatasetError, DrawnSample

TILE = 48
TEST_COLUMNS = 2  # the columns of tiles at the right are the test part: no pixel in both


def read(split: str) -> list[DrawnSample]:
    """Return the samples of ``split``, "train" or "test": tiles that do not overlap."""
    if split not in ("train", "test"):
        raise DatasetError(f"There is no split {split!r}; accepted are train and test.")
    height, width = (side // TILE for side in mask().shape)
    columns = range(width - TEST_COLUMNS) if split == "train" else range(width)[-TEST_COLUMNS:]
    return [
        DrawnSample(f"coins-{row}-{column}", partial(_tile, row, column))
        for row in range(height)
        for column in columns
    ]


@cache
def picture() -> np.ndarray:
    """Return the photograph, (303, 384) uint8."""
    from skimage import data

    return data.coins()


@cache
def mask() -> np.ndarray:
    """Return the mask of `picture`, (303, 384) uint8, 1 on the coins."""
    from scipy import ndimage
    from skimage import filters, morphology, segmentation

    grey = picture()
    markers = np.select([grey < 30, grey > 150], [1, 2], 0)
    regions = segmentation.watershed(filters.sobel(grey), markers)
    filled = ndimage.binary_fill_holes(regions == 2)
    return morphology.remove_small_objects(filled, max_size=60).astype(np.uint8)


def _tile(row: int, column: int) -> tuple[np.ndarray, np.ndarray]:
    part = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
    return np.repeat(picture()[part][..., None], 3, axis=2), mask()[part]
