"""What people labelled in a picture of a scene."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from segcore.labels import UNLABELLED

OTHER = 254  # class of a true segment that is none of those which the labels tell apart


class TrueSegment(NamedTuple):
    """One labelled segment.

    Attributes
    ----------
    id : int
        Its value in the id map.
    index : int
        Its class in the class set, or `OTHER`.
    crowd : bool
        A region of many objects that nobody told apart.
    """

    id: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody needs
    crowd: bool = False


class Truth(NamedTuple):
    """The labelled segments of one picture, none over another.

    Attributes
    ----------
    ids : (h, w) int32
        Ids of segments; 0 where nobody labelled (void).
    segments : list of TrueSegment
    told : frozenset of int, or None
        The classes that the labels tell apart; None: all. What is predicted of other
        classes on an `OTHER` segment is neither right nor wrong.
    """

    ids: np.ndarray
    segments: list[TrueSegment]
    told: frozenset[int] | None = None

    def places(self) -> np.ndarray:
        """Return the place of each pixel's segment in the list, from 1 on; 0 where void."""
        known = np.array([0, *(segment.id for segment in self.segments)])
        order = np.argsort(known)
        places = order[np.searchsorted(known[order], self.ids).clip(max=len(known) - 1)]
        return np.where(known[places] == self.ids, places, 0)

    def classes(self) -> np.ndarray:
        """Return the class of each pixel, (h, w) uint8; `UNLABELLED` where void."""
        table = [UNLABELLED, *(segment.index for segment in self.segments)]
        return np.array(table, np.uint8)[self.places()]
