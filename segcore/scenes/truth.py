"""What people labelled in a picture of a scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segcore.labels import UNLABELLED


class TrueSegment(NamedTuple):
    """One labelled segment.

    Attributes
    ----------
    id : int
        Its value in the id map.
    index : int
        Its class in the class set.
    crowd : bool
        A region of many objects that nobody told apart.
    """

    id: int
    index: int
    crowd: bool = False


class Truth(NamedTuple):
    """The labelled segments of one picture, none over another.

    Attributes
    ----------
    ids : (h, w) int32
        Ids of segments; 0 where nobody labelled (void).
    segments : list of TrueSegment
    """

    ids: np.ndarray
    segments: list[TrueSegment]

    def classes(self) -> np.ndarray:
        """Return the class of each pixel, (h, w) uint8; `UNLABELLED` where void."""
        known, places = np.unique(self.ids, return_inverse=True)
        index = {segment.id: segment.index for segment in self.segments}
        table = np.array([index.get(i, UNLABELLED) for i in known.tolist()], np.uint8)
        return table[places].reshape(self.ids.shape)
