"""Target against prediction: every figure of the IoU calculator, counted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from segcore import images, metrics
from segcore.metrics import Counts, Curve, InstanceMeter, Matching, Objects
from segcore.metrics.panoptic import PanopticCounts
from segcore.objects import MaskedObject, cut, union, visible

TARGET_ONLY, PREDICTION_ONLY, BOTH = 1, 2, 3
PREVIEW_SIDE = 1024
MAX_OUTLINE = 400_000  # pixels; distances between longer outlines would take many seconds
_OBJECT = "object"


@dataclass(frozen=True)
class BoxFigures:
    """Figures of two boxes, from their corners; nan if both are empty."""

    target: tuple[float, float, float, float]
    prediction: tuple[float, float, float, float]
    iou: float
    giou: float
    diou: float
    ciou: float

    @property
    def shared(self) -> tuple[float, float]:
        """Width and height of the intersection, 0 where the boxes are apart."""
        a, b = self.target, self.prediction
        return max(0.0, min(a[2], b[2]) - max(a[0], b[0])), max(
            0.0, min(a[3], b[3]) - max(a[1], b[1])
        )


@dataclass(frozen=True)
class MaskFigures:
    """Figures of two masks' outlines; distances in pixels.

    `hausdorff`, `hausdorff95` and `mean_distance` are nan if a mask is empty, None if the
    outlines are longer than `MAX_OUTLINE` pixels.
    """

    boundary_iou: float
    boundary_width: int
    hausdorff: float | None
    hausdorff95: float | None
    mean_distance: float | None


@dataclass(frozen=True)
class Comparison:
    """What `compare` returns.

    Attributes
    ----------
    size : (height, width)
        Of the picture, in pixels.
    counts : Counts
        Pixels of all objects of a side together.
    regions : (h, w) uint8
        0 neither, 1 target only, 2 prediction only, 3 both; longest side at most
        `PREVIEW_SIDE`.
    boxes : BoxFigures or None
        If each side is one box.
    masks : MaskFigures
    overlaps : (targets, predictions) float64
        IoU of each target with each prediction.
    scores : tuple of float
        Of the predictions.
    places : tuple of two lists of (x, y)
        A point in each target and each prediction, for its number.
    panoptic : PanopticCounts
    meter : InstanceMeter
    """

    size: tuple[int, int]
    counts: Counts
    regions: NDArray[np.uint8]
    boxes: BoxFigures | None
    masks: MaskFigures
    overlaps: NDArray[np.float64]
    scores: tuple[float, ...]
    places: tuple[list[tuple[float, float]], list[tuple[float, float]]]
    panoptic: PanopticCounts
    meter: InstanceMeter

    @property
    def target(self) -> int:
        """Pixels of the target."""
        return self.counts.tp + self.counts.fn

    @property
    def prediction(self) -> int:
        """Pixels of the prediction."""
        return self.counts.tp + self.counts.fp

    @property
    def union(self) -> int:
        """Pixels of either."""
        return self.counts.tp + self.counts.fn + self.counts.fp

    @property
    def iou(self) -> float:
        """IoU of all pixels; nan if both sides are empty."""
        return metrics.iou(self.counts)

    def matching(self, threshold: float) -> Matching:
        """Match predictions to targets at an IoU threshold."""
        return metrics.match(self.overlaps, self.scores, threshold)

    def curve(self, threshold: float) -> Curve:
        """Return precision against recall at 0.5, 0.55, ... or 0.95."""
        return self.meter.precision_recall(_OBJECT, threshold)

    @cached_property
    def average_precision(self) -> dict[str, float]:
        """COCO's figures of this one picture: `ap`, `ap50`, `ap75`; nan without targets."""
        return self.meter.result()


def compare(
    targets: Sequence[MaskedObject], predictions: Sequence[MaskedObject], size: tuple[int, int]
) -> Comparison:
    """Compare the objects of one picture.

    Parameters
    ----------
    targets, predictions : sequences of MaskedObject
        Either may be empty. For IoU, Dice and the other figures of pixels all objects of a
        side count as one mask. For panoptic quality each pixel belongs to the last object
        that covers it; objects that are covered altogether are left out there.
    size : (height, width)
        Of the picture.
    """
    truth, guess = union(targets, size), union(predictions, size)
    sides = (cut(targets, size), cut(predictions, size))
    scores = tuple(thing.score for thing in predictions)
    meter = InstanceMeter([_OBJECT])
    meter.update(
        Objects([_OBJECT] * len(targets), masks=sides[0]),
        Objects([_OBJECT] * len(predictions), masks=sides[1], scores=scores),
    )
    return Comparison(
        size=size,
        counts=metrics.count(truth, guess),
        regions=regions(truth, guess, PREVIEW_SIDE),
        boxes=_box_figures(targets, predictions),
        masks=_mask_figures(truth, guess),
        overlaps=metrics.mask_iou(*sides),
        scores=scores,
        places=(_places(targets), _places(predictions)),
        panoptic=_panoptic(targets, predictions, size),
        meter=meter,
    )


def regions(
    target: NDArray[np.bool_], prediction: NDArray[np.bool_], longest: int | None = None
) -> NDArray[np.uint8]:
    """Return 0 neither, 1 target only, 2 prediction only, 3 both, scaled down to `longest`."""
    if longest is not None:
        small = images.fit_size(target.shape, longest, enlarge=False)
        if small != target.shape:
            target, prediction = (images.resize_mask(m, small) for m in (target, prediction))
    return target.view(np.uint8) + 2 * prediction.view(np.uint8)


def _box_figures(
    targets: Sequence[MaskedObject], predictions: Sequence[MaskedObject]
) -> BoxFigures | None:
    if len(targets) != 1 or len(predictions) != 1:
        return None
    a, b = targets[0].box, predictions[0].box
    if not a or not b:
        return None
    functions = (
        metrics.box_iou,
        metrics.generalized_iou,
        metrics.distance_iou,
        metrics.complete_iou,
    )
    return BoxFigures(a, b, *(function(a, b) for function in functions))


def _mask_figures(truth: NDArray[np.bool_], guess: NDArray[np.bool_]) -> MaskFigures:
    distances: tuple[float | None, float | None, float | None] = (None, None, None)
    if sum(np.count_nonzero(metrics.surface_pixels(m)) for m in (truth, guess)) <= MAX_OUTLINE:
        there, back = metrics.surface_distances(truth, guess)
        both = np.concatenate([there, back])
        if there.size and back.size:
            distances = (
                float(both.max()),
                max(float(np.percentile(there, 95)), float(np.percentile(back, 95))),
                float(both.mean()),
            )
        else:
            distances = (np.nan, np.nan, np.nan)
    width = metrics.boundary_width(truth.shape)
    return MaskFigures(metrics.boundary_iou(truth, guess), width, *distances)


def _places(objects: Sequence[MaskedObject]) -> list[tuple[float, float]]:
    """Return a pixel in the middle row of each object: inside it, whatever its form."""
    places = []
    for thing in objects:
        row = thing.patch.mask.shape[0] // 2
        while not thing.patch.mask[row].any():  # an object in pieces
            row -= 1
        columns = np.flatnonzero(thing.patch.mask[row])
        column = int(columns[len(columns) // 2])
        places.append((thing.patch.left + column + 0.5, thing.patch.top + row + 0.5))
    return places


def _panoptic(
    targets: Sequence[MaskedObject], predictions: Sequence[MaskedObject], size: tuple[int, int]
) -> PanopticCounts:
    """Count as `PanopticMeter` does without void, with the memory of the objects only."""
    truth, guess = visible(targets, size), visible(predictions, size)
    overlaps = metrics.mask_iou(cut(truth, size), cut(guess, size))
    matched = overlaps[overlaps > 0.5]  # no object can have two such partners
    tp = len(matched)
    return PanopticCounts(tp, len(guess) - tp, len(truth) - tp, float(matched.sum()))
