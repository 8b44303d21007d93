"""Which pixels of the input a value deep in a network depends on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Seen(NamedTuple):
    """Along one axis: the first and the last input pixel that each value depends on.

    The axes of a network with square kernels are alike, so one says it all.

    Attributes
    ----------
    first, last : (n,) int
    """

    first: NDArray[np.intp]
    last: NDArray[np.intp]

    @staticmethod
    def input(side: int) -> Seen:
        """Return that of the input: each pixel sees itself."""
        return Seen(np.arange(side), np.arange(side))

    @property
    def field(self) -> int:
        """Input pixels that the middle value depends on: its receptive field."""
        middle = len(self.first) // 2
        return int(self.last[middle] - self.first[middle]) + 1

    def convolved(self, kernel: int, same: bool) -> Seen:
        """Return that after a convolution with an odd kernel; `same` pads with zeros."""
        reach = kernel // 2
        first = np.pad(self.first, reach, "edge")
        last = np.pad(self.last, reach, "edge")
        size, start = len(self.first), 0
        if not same:
            size, start = size - 2 * reach, reach
        return Seen(first[start : start + size], last[start + 2 * reach :][:size])

    def pooled(self) -> Seen:
        """Return that after a pooling of two by two; the side is even."""
        return Seen(self.first[::2], self.last[1::2])

    def doubled(self) -> Seen:
        """Return that after a transposed convolution of two by two with stride 2."""
        return Seen(self.first.repeat(2), self.last.repeat(2))

    def joined(self, skip: Seen) -> Seen:
        """Return that after a concatenation with a skip, of which the centre is taken."""
        cut = (len(skip.first) - len(self.first)) // 2
        part = slice(cut, cut + len(self.first))
        return Seen(
            np.minimum(self.first, skip.first[part]), np.maximum(self.last, skip.last[part])
        )
