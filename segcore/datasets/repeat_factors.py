"""Drawing pictures with rare classes more often."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def repeat_factors(classes: Sequence[Sequence[int]], threshold: float) -> NDArray[np.float64]:
    """Return how often each picture should be drawn, 1 or more.

    Parameters
    ----------
    classes : sequence of sequences of int
        The classes in each picture.
    threshold : float
        Share of the pictures below which a class is rare.

    Notes
    -----
    ``max(1, sqrt(threshold / share))`` of the rarest class in the picture (Gupta et al.,
    "LVIS", CVPR 2019, appendix).

    Examples
    --------
    >>> repeat_factors([[0], [0], [0], [0, 1]], 1.0).tolist()
    [1.0, 1.0, 1.0, 2.0]
    """
    number = len(classes)
    seen: dict[int, int] = {}
    for found in classes:
        for index in set(found):
            seen[index] = seen.get(index, 0) + 1
    factor = {index: max(1.0, (threshold * number / n) ** 0.5) for index, n in seen.items()}
    return np.array([max((factor[i] for i in found), default=1.0) for found in classes])


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
