"""All objects of a picture: a grid of clicks, the good answers, each object once.

References
----------
Kirillov et al., "Segment Anything", ICCV 2023, section 4 and appendix B: masks are kept whose
predicted IoU is high and which hardly change with the threshold, duplicates are removed. Here
duplicates are told by the IoU of masks instead of boxes, and clicks on small objects that are
found already are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segcore.objects import Patch, trimmed
from segcore.prompting.replay import Mask, Predictor

PER_SIDE = 16  # clicks along the longer side
STABLE = 0.85  # least IoU of the masks at logits +1 and -1
SAME = 0.7  # IoU from which two masks are one object
SMALLEST, LARGEST = 0.0008, 0.9  # shares of the picture
SMALL = 0.1  # share of the picture below which an object is not clicked at again


@dataclass(frozen=True, eq=False)
class Found:
    """A candidate: its mask, predicted IoU, and the mask of its logits for comparisons."""

    patch: Patch
    score: float
    coarse: Mask


class Everything:
    """The search; it can be left at any click and gone on with.

    Parameters
    ----------
    predictor : Predictor
        Its picture is set.
    size : (height, width)
        Of that picture.
    least : float
        Predicted IoU of the masks that are kept.
    per_side : int
    """

    def __init__(
        self,
        predictor: Predictor,
        size: tuple[int, int],
        least: float = 0.8,
        per_side: int = PER_SIDE,
    ):
        self._predictor, self._size, self._least = predictor, size, least
        self._covered = np.zeros(size, bool)
        self._points = grid(size, per_side)
        self._found: list[Found] = []
        self.done = 0

    @property
    def total(self) -> int:
        """How many clicks there are."""
        return len(self._points)

    def steps(self) -> Iterator[int]:
        """Click where nothing is found yet; yield the number of clicks done after each."""
        while self.done < self.total:
            x, y = self._points[self.done]
            self.done += 1
            if not self._covered[int(y), int(x)]:
                self._click(x, y)
                yield self.done

    def objects(self) -> list[Found]:
        """Return the objects so far without duplicates, the largest first."""
        chosen: list[Found] = []
        for found in sorted(self._found, key=lambda found: -found.score):
            if all(_iou(found.coarse, other.coarse) < SAME for other in chosen):
                chosen.append(found)
        return sorted(chosen, key=lambda found: -np.count_nonzero(found.patch.mask))

    def _click(self, x: float, y: float) -> None:
        masks, scores, logits = self._predictor.predict(
            point_coords=np.array([[x, y]], np.float32),
            point_labels=np.ones(1, np.int64),
            multimask_output=True,
        )
        for mask, score, values in zip(masks, scores, logits, strict=True):
            share = float(mask.mean())
            good = score >= self._least and stability(values) >= STABLE
            if not good or not SMALLEST <= share <= LARGEST:
                continue
            self._found.append(Found(trimmed(Patch(0, 0, mask)), float(score), values > 0))
            if share < SMALL:
                self._covered |= mask


def grid(size: tuple[int, int], per_side: int) -> NDArray[np.float64]:
    """Return points (n, 2), x and y, evenly spread; neighbours are far apart in their order.

    Examples
    --------
    >>> grid((10, 20), 2).tolist()
    [[5.0, 5.0], [15.0, 5.0]]
    """
    rows, columns = (max(1, round(per_side * side / max(size))) for side in size)
    points = [
        ((column + 0.5) * size[1] / columns, (row + 0.5) * size[0] / rows)
        for row in range(rows)
        for column in range(columns)
    ]
    order = np.arange(len(points)) * _stride(len(points)) % len(points)
    return np.array(points)[order]


def _stride(count: int) -> int:
    """Return a step near 0.38 of the count that shares no factor with it, so all are reached."""
    step = max(1, round(0.38 * count))
    while np.gcd(step, count) != 1:
        step += 1
    return step


def stability(logits: NDArray[np.floating]) -> float:
    """Return the IoU of the masks at a threshold of +1 and of -1; 0 of an empty mask."""
    wide = np.count_nonzero(logits > -1)
    return np.count_nonzero(logits > 1) / wide if wide else 0.0


def _iou(a: Mask, b: Mask) -> float:
    either = np.count_nonzero(a | b)
    return np.count_nonzero(a & b) / either if either else 1.0
