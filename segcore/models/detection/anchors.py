"""Anchors: the boxes of fixed sizes that the region proposals start from (NumPy only)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STRIDES = (8, 16, 32, 64)  # of P3 to P6
SIZES = ((16, 24), (38, 58), (89, 136), (209, 320))  # square roots of the areas, a level each
RATIOS = (0.5, 1.0, 2.0)  # height / width
PER_CELL = len(RATIOS) * len(SIZES[0])


@lru_cache(maxsize=32)
def anchors(height: int, width: int) -> NDArray[np.float32]:
    """Return the anchors of a picture, (n, 4): level by level, row by row, cell by cell.

    Parameters
    ----------
    height, width : int
        Multiples of 32.

    Notes
    -----
    Two sizes and three shapes stand at the centre of each cell of a level, those that cross
    the picture's edge too (Lin et al., "Feature pyramid networks", CVPR 2017, section 4.1, has
    one size a level; the second makes up for the level /4 that the proposals leave out).

    Examples
    --------
    >>> anchors(32, 32).shape, anchors(32, 32)[2].tolist()
    ((132, 4), [-4.0, -4.0, 12.0, 12.0])
    """
    found = []
    for (rows, columns), stride, sizes in zip(cells(height, width), STRIDES, SIZES, strict=True):
        shapes = np.array(
            [(size * ratio**0.5, size * ratio**-0.5) for ratio in RATIOS for size in sizes]
        )
        y, x = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
        centres = (np.stack([y, x], -1).reshape(-1, 1, 2) + 0.5) * stride
        found.append(np.concatenate([centres - shapes / 2, centres + shapes / 2], -1))
    result = np.concatenate([level.reshape(-1, 4) for level in found]).astype(np.float32)
    result.setflags(write=False)
    return result


def cells(height: int, width: int) -> list[tuple[int, int]]:
    """Return rows and columns of each level."""
    return [(-(-height // stride), -(-width // stride)) for stride in STRIDES]


def counts(height: int, width: int) -> list[int]:
    """Return how many anchors each level has."""
    return [rows * columns * PER_CELL for rows, columns in cells(height, width)]
