"""Panoptic quality: how well every pixel's class and every object's outline are found.

A target and a prediction of the same class match if their IoU is above 0.5; no
segment can have two such partners (Kirillov et al., theorem 1). Then, class by class,

    PQ = sum of the matched IoUs / (TP + FP / 2 + FN / 2) = SQ × RQ,

with SQ the mean IoU of the matches and RQ their F1. The arithmetic is COCO's:

- **Void** (id 0 in the target) is taken out of the union. A prediction without a match
  is no false positive if more than half of it lies in void or in a crowd of its class.
- **Crowds** are neither matched nor missed. If a picture has several crowds of one
  class, the last one listed counts, as in panopticapi.
- **Absent classes**, in neither targets nor counted predictions, are `nan` and left out
  of the means. A class that was never matched has SQ 0, and enters the mean of SQ so.
- **Means** are over classes, so the mean PQ is not the product of the mean SQ and RQ.

References
----------
Kirillov, He, Girshick, Rother and Dollár, CVPR 2019, pp. 9404-9413, section 4;
cocodataset/panopticapi, `evaluation.py`.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._checks import integers, ratio
from segcore.metrics.overlap import mean_defined

MAX_ID = (1 << 24) - 1  # COCO writes ids as the three bytes of an RGB pixel


@dataclass(slots=True)
class PanopticCounts:
    """Matches, false positives and misses of one class, and the sum of the matched IoUs."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    iou: float = 0.0

    @property
    def pq(self) -> float:
        """Panoptic quality in [0, 1]; nan if the class is absent."""
        return ratio(self.iou, self.tp + self.fp / 2 + self.fn / 2)

    @property
    def sq(self) -> float:
        """Segmentation quality: mean IoU of the matches, 0 without any; nan if absent."""
        return self.iou / self.tp if self.tp else ratio(0, self.fp + self.fn)

    @property
    def rq(self) -> float:
        """Recognition quality: F1 of the segments, in [0, 1]; nan if the class is absent."""
        return ratio(self.tp, self.tp + self.fp / 2 + self.fn / 2)


class PanopticMeter:
    """Panoptic quality of a data set, picture by picture; keeps four numbers a class.

    Parameters
    ----------
    things, stuff : iterables of int
        Category ids of the classes with countable objects and of those without.

    Raises
    ------
    ValueError
        If a category is in both.

    Examples
    --------
    >>> meter = PanopticMeter(things=[1], stuff=[2])
    >>> segments = [{"id": 5, "category_id": 1}, {"id": 6, "category_id": 2}]
    >>> meter.update([[5, 5, 5, 6]], segments, [[5, 5, 6, 6]], segments)
    >>> result = meter.result()
    >>> result["things"]["pq"], result["all"]["classes"]  # IoU 2/3; 6 against 6 is only 1/2
    (0.6666666666666666, 2)
    """

    def __init__(self, things: Iterable[int], stuff: Iterable[int] = ()) -> None:
        """Start without pictures."""
        self.things, self.stuff = tuple(things), tuple(stuff)
        if both := set(self.things) & set(self.stuff):
            raise ValueError(f"Category {min(both)} is both thing and stuff: choose one.")
        self.by_class = {category: PanopticCounts() for category in self.things + self.stuff}

    def update(
        self,
        target_map: ArrayLike,
        target_segments: Sequence[Mapping[str, Any]],
        prediction_map: ArrayLike,
        prediction_segments: Sequence[Mapping[str, Any]],
    ) -> None:
        """Add one picture.

        Parameters
        ----------
        target_map, prediction_map : (H, W) integers
            Segment id of each pixel; 0 is void.
        target_segments, prediction_segments : sequences of mappings
            One for each id: `id`, `category_id` and, for targets, `iscrowd` (0 or 1, 0
            if absent), as in COCO's panoptic JSON. A target without pixels is missed.

        Raises
        ------
        ValueError
            If the maps do not fit, an id is in a map but not listed, listed twice or out
            of range, a prediction is listed without pixels, or a category is unknown.
            Nothing of the picture is kept then.
        """
        truth = integers(target_map, "target_map")
        guess = integers(prediction_map, "prediction_map", truth.shape)
        targets = self._listed(target_segments, "target_segments")
        predictions = self._listed(prediction_segments, "prediction_segments")
        table = _intersections(truth, targets, guess, predictions)
        areas = table.sum(axis=0)
        for row, segment in enumerate(predictions, 1):
            if not areas[row]:
                raise ValueError(
                    f"prediction_segments list {segment}, which has no pixel: drop it."
                )
        self._tally(table, list(target_segments), list(prediction_segments))

    def result(self) -> dict[str, Any]:
        """Return the quality of all pictures so far.

        Returns
        -------
        dict
            `all`, `things`, `stuff`: dicts of `pq`, `sq`, `rq` (means over the classes
            that occur, nan if none does) and `classes`, how many occur. `by_class`: for
            each category a dict of `pq`, `sq`, `rq`, `tp`, `fp`, `fn` and `iou`, the sum
            over the matches.
        """
        groups = {"all": self.things + self.stuff, "things": self.things, "stuff": self.stuff}
        return {
            **{name: self._mean(categories) for name, categories in groups.items()},
            "by_class": {
                category: {
                    name: getattr(counts, name)
                    for name in ("pq", "sq", "rq", "tp", "fp", "fn", "iou")
                }
                for category, counts in self.by_class.items()
            },
        }

    def _mean(self, categories: Sequence[int]) -> dict[str, float]:
        present = [c for k in categories if not math.isnan((c := self.by_class[k]).pq)]
        means = {
            name: mean_defined(getattr(c, name) for c in present) for name in ("pq", "sq", "rq")
        }
        return {**means, "classes": len(present)}

    def _listed(self, segments: Sequence[Mapping[str, Any]], name: str) -> dict[int, int]:
        """Return the category of each id, in the order of the list."""
        listed: dict[int, int] = {}
        for segment in segments:
            number, category = int(segment["id"]), segment["category_id"]
            if not 0 < number <= MAX_ID:
                raise ValueError(f"{name} hold id {number}, but ids are 1 to {MAX_ID}; 0 is void.")
            if number in listed:
                raise ValueError(f"{name} list id {number} twice: give each segment its own.")
            if category not in self.by_class:
                raise ValueError(
                    f"{name} hold category_id {category}, which is neither thing nor stuff: "
                    "add it to the meter."
                )
            listed[number] = category
        return listed

    def _tally(
        self,
        table: NDArray[np.int64],
        targets: Sequence[Mapping[str, Any]],
        predictions: Sequence[Mapping[str, Any]],
    ) -> None:
        """Match the segments and add them to their classes."""
        areas, void = table.sum(axis=0).tolist(), table[0].tolist()
        found, used = set(), set()
        for i, j, iou in _pairs(table, targets, predictions):
            self.by_class[targets[i]["category_id"]].tp += 1
            self.by_class[targets[i]["category_id"]].iou += iou
            found.add(i)
            used.add(j)
        crowds = {}
        for i, target in enumerate(targets):
            if target.get("iscrowd"):
                crowds[target["category_id"]] = i + 1
            elif i not in found:
                self.by_class[target["category_id"]].fn += 1
        for j, prediction in enumerate(predictions):
            category, column = prediction["category_id"], j + 1
            spared = void[column] + (
                int(table[crowds[category], column]) if category in crowds else 0
            )
            if j not in used and 2 * spared <= areas[column]:
                self.by_class[category].fp += 1


def match_segments(
    target_map: ArrayLike,
    target_segments: Sequence[Mapping[str, Any]],
    prediction_map: ArrayLike,
    prediction_segments: Sequence[Mapping[str, Any]],
) -> dict[int, int]:
    """Return the prediction's id for the id of each target that is found.

    Arguments as `PanopticMeter.update`, which counts these pairs; a ValueError if an id is
    in a map but not listed.

    Examples
    --------
    >>> segments = [{"id": 5, "category_id": 1}, {"id": 6, "category_id": 2}]
    >>> match_segments([[5, 5, 5, 6]], segments, [[5, 5, 6, 6]], segments)
    {5: 5}
    """
    truth = integers(target_map, "target_map")
    guess = integers(prediction_map, "prediction_map", truth.shape)
    targets, predictions = (
        {int(s["id"]): s["category_id"] for s in listed}
        for listed in (target_segments, prediction_segments)
    )
    table = _intersections(truth, targets, guess, predictions)
    return {
        int(target_segments[i]["id"]): int(prediction_segments[j]["id"])
        for i, j, _ in _pairs(table, target_segments, prediction_segments)
    }


def _pairs(
    table: NDArray[np.int64],
    targets: Sequence[Mapping[str, Any]],
    predictions: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[int, int, float]]:
    """Yield the matches as indices of both lists, with their IoU."""
    target_areas, areas = table.sum(axis=1).tolist(), table.sum(axis=0).tolist()
    void = table[0].tolist()
    inner = table[1:, 1:]
    for i, j in np.argwhere(inner > 0).tolist():
        same = targets[i]["category_id"] == predictions[j]["category_id"]
        if targets[i].get("iscrowd") or not same:
            continue
        row, column, shared = i + 1, j + 1, int(inner[i, j])
        union = target_areas[row] + areas[column] - shared - void[column]
        if 2 * shared > union:
            yield i, j, shared / union


def _intersections(
    truth: NDArray, targets: Mapping[int, int], guess: NDArray, predictions: Mapping[int, int]
) -> NDArray[np.int64]:
    """Count the pixels of each pair of segments; the first row and column are void."""
    a, b = truth.ravel(), guess.ravel()
    begins = np.ones(a.size, bool)  # of a run along which both ids stay the same
    np.not_equal(a[1:], a[:-1], out=begins[1:])
    begins[1:] |= b[1:] != b[:-1]
    starts = np.flatnonzero(begins)
    rows = _rows(a[starts], targets, "target_map")
    columns = _rows(b[starts], predictions, "prediction_map")
    size = len(targets) + 1, len(predictions) + 1
    lengths = np.diff(starts, append=a.size)
    table = np.bincount(rows * size[1] + columns, lengths, minlength=size[0] * size[1])
    return table.astype(np.int64).reshape(size)


def _rows(ids: NDArray, listed: Mapping[int, int], name: str) -> NDArray[np.intp]:
    """Return the row of each id: 0 for void, then in the order of the list."""
    known = np.array([0, *listed])
    order = np.argsort(known)
    rows = order[np.searchsorted(known[order], ids).clip(max=len(known) - 1)]
    if (unknown := ids[known[rows] != ids]).size:
        raise ValueError(
            f"{name} holds id {unknown.min()}, which no segment lists: list it, or use 0 for void."
        )
    return rows
