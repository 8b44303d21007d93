"""Results against what people labelled: what the meters count, and one picture's figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from segcore.class_sets import ClassSet
from segcore.labels import UNLABELLED, ClassMap, Instances, Panoptic
from segcore.metrics import (
    ClassMeter,
    InstanceMeter,
    Objects,
    PanopticCounts,
    PanopticMeter,
    cut_labels,
)
from segcore.metrics.overlap import class_iou, mean_defined
from segcore.objects import cut
from segcore.scenes.scaling import scaled
from segcore.scenes.truth import OTHER, Truth

# === What the meters count; truth and result are of one shape ===


def class_meter(class_set: ClassSet) -> ClassMeter:
    """Return a meter for `class_pair`; its last class is all that has none."""
    return ClassMeter(len(class_set) + 1, ignore_index=UNLABELLED)


def class_pair(truth: Truth, result: ClassMap) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return target and prediction, (h, w) uint8, for a `class_meter`."""
    none = len(result.class_set)
    prediction = np.where(result.classes == UNLABELLED, none, result.classes).astype(np.uint8)
    target = truth.classes()
    other = target == OTHER
    if other.any():
        told = np.isin(prediction, list(_told(truth, result.class_set)))
        target[other] = np.where(told, none, UNLABELLED)[other]
    return target, prediction


def object_meter(class_set: ClassSet) -> InstanceMeter:
    """Return a meter of the things, for `true_objects` and `found_objects`."""
    return InstanceMeter([class_set.names[i] for i in class_set.things])


def true_objects(truth: Truth, class_set: ClassSet) -> Objects:
    """Return the things that people labelled."""
    things = [s for s in truth.segments if s.index in class_set.things]
    return Objects(
        [class_set.names[s.index] for s in things],
        cut_labels(truth.ids, [s.id for s in things]),
        crowd=[s.crowd for s in things],
    )


def found_objects(result: Instances) -> Objects:
    """Return the objects of a result."""
    return Objects(
        [thing.label for thing in result.objects],
        cut(result.objects, result.shape),
        scores=[thing.score for thing in result.objects],
    )


def segment_meter(class_set: ClassSet) -> PanopticMeter:
    """Return a meter for `segment_pair`, categories as indices; the last one is `OTHER`."""
    return PanopticMeter(class_set.things, (*class_set.stuff, len(class_set)))


class SegmentPair(NamedTuple):
    """What `PanopticMeter.update` wants."""

    target_map: NDArray[np.int32]
    target_segments: list[dict[str, Any]]
    prediction_map: NDArray[np.int32]
    prediction_segments: list[dict[str, Any]]


def segment_pair(truth: Truth, result: Panoptic) -> SegmentPair:
    """Return both maps with their segments, for a `segment_meter`."""
    ids, segments = result.ids, result.segments
    if any(s.index == OTHER for s in truth.segments):
        told = _told(truth, result.class_set)
        segments = tuple(s for s in segments if s.index in told)
        ids = np.where(np.isin(ids, [s.id for s in segments]), ids, 0)
    targets = [
        {
            "id": s.id,
            "category_id": len(result.class_set) if s.index == OTHER else s.index,
            "iscrowd": s.crowd or s.index == OTHER,
        }
        for s in truth.segments
    ]
    predictions = [{"id": s.id, "category_id": s.index} for s in segments]
    return SegmentPair(truth.ids, targets, ids, predictions)


def _told(truth: Truth, class_set: ClassSet) -> frozenset[int]:
    return frozenset(range(len(class_set))) if truth.told is None else truth.told


# === One picture ===


@dataclass(frozen=True)
class Quality:
    """The figures of one picture, fractions in [0, 1]; nan where undefined.

    Attributes
    ----------
    miou : float or None
        Mean IoU of the classes that occur; None if there is no class map.
    iou : dict of str to float
        By class.
    ap50 : float or None
        Average precision at IoU 0.5, mean of the classes labelled; None without objects.
    panoptic : PanopticCounts or None
        Of all segments together, so that PQ = SQ × RQ; None without a panoptic result.
    """

    miou: float | None = None
    iou: dict[str, float] | None = None
    ap50: float | None = None
    panoptic: PanopticCounts | None = None


def quality(
    truth: Truth,
    semantic: ClassMap | None = None,
    instances: Instances | None = None,
    panoptic: Panoptic | None = None,
) -> Quality:
    """Compare results of one picture with what people labelled, at each result's own shape."""
    figures: dict[str, Any] = {}
    if semantic:
        classes = class_meter(semantic.class_set)
        matrix = classes.update(*class_pair(scaled(truth, semantic.shape), semantic))
        iou = class_iou(matrix)[:-1].tolist()
        figures["miou"] = mean_defined(iou)
        figures["iou"] = {
            name: value
            for name, value in zip(semantic.class_set.names, iou, strict=True)
            if not np.isnan(value)
        }
    if instances:
        objects = object_meter(instances.class_set)
        labelled = true_objects(scaled(truth, instances.shape), instances.class_set)
        objects.update(labelled, found_objects(instances))
        figures["ap50"] = objects.result()["ap50"]
    if panoptic:
        segments = segment_meter(panoptic.class_set)
        segments.update(*segment_pair(scaled(truth, panoptic.shape), panoptic))
        counts = segments.by_class.values()
        figures["panoptic"] = PanopticCounts(
            *(sum(getattr(c, name) for c in counts) for name in ("tp", "fp", "fn", "iou"))
        )
    return Quality(**figures)
