"""Average precision of instances, masks or boxes, as COCO defines it.

Class by class, predictions choose targets in order of falling score
(`segcore.metrics.matching`), at ten IoU thresholds from 0.5 to 0.95. The precision at
101 recalls, each the best at that recall or a higher one, is averaged to the AP of the
class and threshold, then over classes and thresholds. COCO's rules, kept to the letter:

- **Crowds** are no targets. Predictions in one, by the share of the prediction that it
  covers, are neither right nor wrong, however many there are.
- **Sizes.** Small is up to 32² pixels of area, medium from 32² to 96², large from 96²,
  ends included. Targets of other sizes are treated as crowds, but taken once; predictions
  of other sizes without a target do not count.
- **Limits.** Of a picture and class only the 100 predictions of highest score count.
- **Ties.** Equal scores keep the order in which they came. Of targets with equal IoU the
  last is taken.
- **Absent classes**, without a target that counts, are `nan` and left out of the means
  (COCO prints -1), even if they are predicted.

References
----------
Lin et al., ECCV 2014, pp. 740-755; cocodataset.org, Detection evaluation; pycocotools
2.0.11, `cocoeval.py`.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segcore.metrics._average_precision import (
    LIMITS,
    SIZES,
    THRESHOLDS,
    Assigned,
    Curve,
    assign,
    curve,
    precision_at_recalls,
    recalls,
)
from segcore.metrics.boxes import box_areas, box_intersections, checked_boxes
from segcore.metrics.masks import CutMasks, cut_masks, mask_iou
from segcore.metrics.overlap import mean_defined


@dataclass(frozen=True)
class Objects:
    """The objects of one picture, targets or predictions.

    Attributes
    ----------
    classes : (N,) class names or ids
    masks : (N, H, W) bool or CutMasks, optional
    boxes : (N, 4) numbers, optional
        x_min, y_min, x_max, y_max. Either masks or boxes; masks if both are given.
    scores : (N,) numbers, optional
        Confidence; needed for predictions, ignored for targets.
    crowd : (N,) bool, optional
        Targets that stand for a crowd; none if absent.
    areas : (N,) numbers, optional
        Areas in square pixels by which the sizes go; those of the masks or boxes if
        absent. COCO's annotations bring their own.
    """

    classes: Iterable[Hashable]
    masks: ArrayLike | CutMasks | None = None
    boxes: ArrayLike | None = None
    scores: ArrayLike | None = None
    crowd: ArrayLike | None = None
    areas: ArrayLike | None = None


class InstanceMeter:
    """Average precision of a data set, picture by picture; keeps no mask and no box.

    A prediction costs about 90 bytes.

    Parameters
    ----------
    classes : iterable of names or ids
        Every class that may occur.

    Examples
    --------
    >>> meter = InstanceMeter(["cat"])
    >>> meter.update(
    ...     Objects(["cat"], boxes=[[0, 0, 10, 10]]),
    ...     Objects(["cat"], boxes=[[0, 0, 10, 8]], scores=[0.9]),
    ... )
    >>> result = meter.result()  # IoU 0.8 reaches seven of the ten thresholds
    >>> round(result["ap"], 3), round(result["ap50"], 3), round(result["ap_by_class"]["cat"], 3)
    (0.7, 1.0, 0.7)
    """

    def __init__(self, classes: Iterable[Hashable]) -> None:
        """Start without pictures."""
        self.classes = tuple(dict.fromkeys(classes))
        self._assigned: dict[Hashable, list[Assigned]] = {name: [] for name in self.classes}

    def update(
        self, targets: Objects | Mapping[str, Any], predictions: Objects | Mapping[str, Any]
    ) -> None:
        """Add one picture.

        Parameters
        ----------
        targets, predictions : Objects, or mappings with its attributes as keys
            Both with masks or both with boxes.

        Raises
        ------
        ValueError
            If the arrays do not fit each other, a class is unknown, or predictions have
            no scores or one that is not a number. Nothing of the picture is kept then.
        """
        truth = self._read(targets, "targets")
        guess = self._read(predictions, "predictions")
        found = {
            name: _assign(truth, guess, name)
            for name in dict.fromkeys([*truth.classes, *guess.classes])
        }
        for name, assigned in found.items():
            self._assigned[name].append(assigned)

    def result(self) -> dict[str, Any]:
        """Return the figures of all pictures so far, fractions in [0, 1]; nan where undefined.

        Returns
        -------
        dict
            `ap`, `ap50`, `ap75`; `ap_small`, `ap_medium`, `ap_large`; `ar_1`, `ar_10`,
            `ar_100` (mean of the highest recall with so many predictions a picture and
            class); `ar_small`, `ar_medium`, `ar_large`; and `ap_by_class`,
            `ap50_by_class`, by class.
        """
        precision = np.full((len(SIZES), len(THRESHOLDS), len(self.classes)), np.nan)
        recall = np.full((len(LIMITS), *precision.shape), np.nan)
        for k, assigned in enumerate(self._assigned.values()):
            if assigned:
                precision[:, :, k] = precision_at_recalls(assigned).mean(axis=2)
                recall[:, :, :, k] = recalls(assigned)
        values = {"ap": precision[0], "ap50": precision[0, 0], "ap75": precision[0, 5]}
        values |= {f"ap_{size}": precision[i] for i, size in enumerate(SIZES) if i}
        values |= {f"ar_{limit}": recall[i, 0] for i, limit in enumerate(LIMITS)}
        values |= {f"ar_{size}": recall[-1, i] for i, size in enumerate(SIZES) if i}
        return {
            **{name: mean_defined(array.ravel()) for name, array in values.items()},
            "ap_by_class": self._by_class(precision[0].mean(axis=0)),
            "ap50_by_class": self._by_class(precision[0, 0]),
        }

    def precision_recall(self, name: Hashable, iou: float = 0.5) -> Curve:
        """Return the precision-recall curve of a class at an IoU threshold.

        Parameters
        ----------
        name : class
            One of the meter's.
        iou : float
            0.5, 0.55, ... or 0.95.

        Raises
        ------
        ValueError
            If the class or the threshold is none of those.
        """
        self._known(name, "name")
        near = np.flatnonzero(np.isclose(THRESHOLDS, iou, rtol=0, atol=1e-9))
        if not near.size:
            raise ValueError(f"iou is {iou}, but COCO's thresholds are 0.5, 0.55, ... and 0.95.")
        return curve(self._assigned[name], int(near[0]))

    def _by_class(self, values: NDArray[np.float64]) -> dict[Hashable, float]:
        return dict(zip(self.classes, values.tolist(), strict=True))

    def _known(self, name: Hashable, where: str) -> None:
        if name not in self._assigned:
            known = ", ".join(map(repr, self.classes[:10])) + ", ..." * (len(self.classes) > 10)
            raise ValueError(f"{where} hold class {name!r}, but the meter's are {known}: add it.")

    def _read(self, objects: Objects | Mapping[str, Any], name: str) -> _Checked:
        checked = _checked(objects if isinstance(objects, Objects) else Objects(**objects), name)
        for known in checked.classes:
            self._known(known, f"{name}.classes")
        return checked


# === Reading ===


@dataclass(frozen=True)
class _Checked:
    classes: list[Hashable]
    shapes: CutMasks | NDArray[np.float64]
    scores: NDArray[np.float64]
    crowd: NDArray[np.bool_]
    areas: NDArray[np.float64]


def _checked(objects: Objects, name: str) -> _Checked:
    classes = np.asarray(objects.classes, object).ravel().tolist()
    shapes: CutMasks | NDArray[np.float64]
    if objects.masks is not None:
        shapes = cut_masks(objects.masks, f"{name}.masks")
        areas = shapes.areas.astype(np.float64)
    elif objects.boxes is not None:
        shapes = checked_boxes(objects.boxes, f"{name}.boxes")
        areas = box_areas(shapes)
    else:
        raise ValueError(f"{name} have neither masks nor boxes: give one of them.")
    scores = np.zeros(len(classes))
    if name == "predictions":
        if objects.scores is None:
            raise ValueError("predictions have no scores, but are ranked by them: give 1 to each.")
        scores = np.asarray(objects.scores, np.float64).ravel()
    crowd = np.zeros(len(classes), bool)
    if objects.crowd is not None:
        crowd = np.asarray(objects.crowd, bool).ravel()
    if objects.areas is not None:
        areas = np.asarray(objects.areas, np.float64).ravel()
    lengths = {
        "masks or boxes": len(shapes),
        "scores": len(scores),
        "crowd": len(crowd),
        "areas": len(areas),
    }
    for what, length in lengths.items():
        if length != len(classes):
            raise ValueError(
                f"{name} have {len(classes)} classes, but {length} {what}: one of each an object."
            )
    if np.isnan(scores).any():
        raise ValueError(f"{name}.scores hold nan, but predictions are ranked by them.")
    return _Checked(classes, shapes, scores, crowd, areas)


def _assign(truth: _Checked, guess: _Checked, name: Hashable) -> Assigned:
    """Assign the predictions of one class of one picture."""
    rows = np.flatnonzero([other == name for other in truth.classes])
    columns = np.flatnonzero([other == name for other in guess.classes])
    columns = columns[np.argsort(-guess.scores[columns], kind="stable")][: LIMITS[-1]]
    iou = _iou(truth.shapes, rows, guess.shapes, columns, truth.crowd[rows])
    return assign(
        iou, truth.crowd[rows], truth.areas[rows], guess.areas[columns], guess.scores[columns]
    )


def _iou(
    a: CutMasks | NDArray[np.float64],
    rows: NDArray[np.intp],
    b: CutMasks | NDArray[np.float64],
    columns: NDArray[np.intp],
    crowd: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """IoU of targets and predictions; 0, as in COCO, where there is no union."""
    if isinstance(a, CutMasks) and isinstance(b, CutMasks):
        return np.nan_to_num(mask_iou(a[rows], b[columns], crowd))
    if isinstance(a, CutMasks) or isinstance(b, CutMasks):
        raise ValueError("targets and predictions must both have masks, or both boxes.")
    shared = box_intersections(a[rows], b[columns])
    whole = np.where(crowd[:, None], 0, box_areas(a[rows])[:, None] - shared)
    whole = whole + box_areas(b[columns])
    return np.divide(shared, whole, out=np.zeros(whole.shape), where=shared > 0)
