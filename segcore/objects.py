"""Objects of one picture as cut-out masks: what drawings, files and models all become."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from segcore.metrics.masks import CutMasks

Window = tuple[slice, slice]


class Patch(NamedTuple):
    """A mask without the empty rows and columns around it.

    Attributes
    ----------
    top, left : int
        Where it lies in the picture.
    mask : (h, w) bool
        (0, 0) if it is empty.
    """

    top: int
    left: int
    mask: NDArray[np.bool_]

    @property
    def window(self) -> Window:
        """The slices of the picture that it fills."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


EMPTY = Patch(0, 0, np.zeros((0, 0), bool))


@dataclass(frozen=True, slots=True, eq=False)
class MaskedObject:
    """One object.

    Attributes
    ----------
    patch : Patch
    score : float
        Confidence, 0 to 1; 1 where there is none.
    label : str
        Its class, empty where there is none.
    box : (x_min, y_min, x_max, y_max) or None
        Exact corners, within the picture, of an object that is a box.
    """

    patch: Patch
    score: float = 1.0
    label: str = ""
    box: tuple[float, float, float, float] | None = None


def trimmed(patch: Patch) -> Patch:
    """Cut the empty rows and columns off.

    Examples
    --------
    >>> trimmed(Patch(0, 0, np.array([[False, False], [False, True]])))
    Patch(top=1, left=1, mask=array([[ True]]))
    """
    rows = np.flatnonzero(patch.mask.any(axis=1))
    if not rows.size:
        return EMPTY
    band = patch.mask[rows[0] : rows[-1] + 1]
    columns = np.flatnonzero(band.any(axis=0))
    cut = band[:, columns[0] : columns[-1] + 1]
    return Patch(patch.top + int(rows[0]), patch.left + int(columns[0]), cut.copy())


def overlap(a: Patch, b: Patch) -> tuple[Window, Window] | None:
    """Return where two patches share pixels, as slices of each; None if they share none."""
    windows: list[list[slice]] = [[], []]
    for first, second in zip(a.window, b.window, strict=True):
        low, high = max(first.start, second.start), min(first.stop, second.stop)
        if low >= high:
            return None
        for window, own in zip(windows, (first, second), strict=True):
            window.append(slice(low - own.start, high - own.start))
    in_a, in_b = (windows[0][0], windows[0][1]), (windows[1][0], windows[1][1])
    return (in_a, in_b) if (a.mask[in_a] & b.mask[in_b]).any() else None


def joined(a: Patch, b: Patch) -> Patch:
    """Return the pixels of either of two patches."""
    if not a.mask.size or not b.mask.size:
        return a if a.mask.size else b
    top, left = min(a.top, b.top), min(a.left, b.left)
    bottom, right = (max(a.window[i].stop, b.window[i].stop) for i in (0, 1))
    mask = np.zeros((bottom - top, right - left), bool)
    for patch in (a, b):
        mask[Patch(patch.top - top, patch.left - left, patch.mask).window] |= patch.mask
    return Patch(top, left, mask)


def union(objects: Iterable[MaskedObject], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the pixels of any object, (height, width) bool."""
    mask = np.zeros(size, bool)
    for thing in objects:
        mask[thing.patch.window] |= thing.patch.mask
    return mask


def cut(objects: Sequence[MaskedObject], size: tuple[int, int]) -> CutMasks:
    """Return the masks as the metrics want them."""
    from segcore.metrics.masks import CutMasks  # which Segment's first page need not wait for

    corners = [
        (rows.start, columns.start, rows.stop, columns.stop)
        for rows, columns in (thing.patch.window for thing in objects)
    ]
    cuts = [thing.patch.mask for thing in objects]
    areas = [np.count_nonzero(mask) for mask in cuts]
    return CutMasks(
        size, np.array(corners, np.int64).reshape(-1, 4), cuts, np.array(areas, np.int64)
    )


def visible(objects: Sequence[MaskedObject], size: tuple[int, int]) -> list[MaskedObject]:
    """Return the parts that no later object covers; objects without one are left out."""
    covered = np.zeros(size, bool)
    parts: list[MaskedObject] = []
    for thing in reversed(objects):
        window = thing.patch.window
        part = thing.patch._replace(mask=thing.patch.mask & ~covered[window])
        covered[window] |= thing.patch.mask
        if part.mask.any():
            parts.append(replace(thing, patch=trimmed(part), box=None))
    return parts[::-1]
