"""Drawing some pictures more often than others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def systematic_draw(
    weights: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Draw indices in proportion to weights, in random order, each within one of its due.

    Examples
    --------
    >>> drawn = systematic_draw(np.array([1.0, 3.0]), 4, np.random.default_rng(0))
    >>> sorted(drawn.tolist())
    [0, 1, 1, 1]
    """
    ends = np.cumsum(weights) * (count / np.sum(weights))
    drawn = np.searchsorted(ends, np.arange(count) + rng.random(), side="right")
    return rng.permutation(drawn.clip(0, len(weights) - 1))
