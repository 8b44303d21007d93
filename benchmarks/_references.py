"""The field's references for instances and panoptic segments, fed with our own inputs.

Used by ``python -m benchmarks.metrics`` and as oracles by the tests.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as rle
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from segcore.metrics import Objects

# === Average precision: pycocotools ===


Annotations = tuple[int, list[dict[str, Any]], list[dict[str, Any]]]


def coco_annotations(
    pictures: Sequence[tuple[Objects, Objects]], classes: Sequence[Any], kind: str
) -> Annotations:
    """Return the number of pictures and COCO's annotations of targets and predictions.

    Parameters
    ----------
    pictures : sequence of (targets, predictions)
        Arrays of (N, H, W) masks, or boxes.
    classes : sequence
        Their categories are numbered from 1 in this order.
    kind : "segm" or "bbox"
        Masks are run-length encoded here: pycocotools works on nothing else.
    """
    numbers = {name: i for i, name in enumerate(classes, 1)}
    targets: list[dict[str, Any]] = []
    predictions: list[dict[str, Any]] = []
    for image, (truth, guess) in enumerate(pictures, 1):
        targets += _annotations(truth, numbers, image, kind, len(targets) + 1)
        predictions += _annotations(guess, numbers, image, kind, len(predictions) + 1)
    return len(pictures), targets, predictions


def coco_evaluation(annotations: Annotations, classes: Sequence[Any], kind: str) -> COCOeval:
    """Return pycocotools' evaluation of `coco_annotations`, ``stats`` filled in."""
    pictures, *sides = annotations
    with contextlib.redirect_stdout(io.StringIO()):
        targets, predictions = (_coco(side, classes, pictures) for side in sides)
        evaluation = COCOeval(targets, predictions, kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation


def _annotations(
    objects: Objects, numbers: dict[Any, int], image: int, kind: str, first: int
) -> list[dict[str, Any]]:
    classes = list(objects.classes)
    annotations: list[dict[str, Any]] = [
        {"id": i, "image_id": image, "category_id": numbers[name], "iscrowd": 0}
        for i, name in enumerate(classes, first)
    ]
    if kind == "segm":
        stack = np.asarray(objects.masks, np.uint8).transpose(1, 2, 0)
        codes = rle.encode(np.asfortranarray(stack)) if classes else []
        shapes = [{"segmentation": c, "area": float(rle.area(c))} for c in codes]
    else:
        boxes = np.asarray(objects.boxes, float).reshape(-1, 4)
        sides = boxes[:, 2:] - boxes[:, :2]
        shapes = [
            {"bbox": [*low, *side], "area": side[0] * side[1]}
            for low, side in zip(boxes[:, :2].tolist(), sides.tolist(), strict=True)
        ]
    columns = {"score": objects.scores, "iscrowd": objects.crowd, "area": objects.areas}
    for i, annotation in enumerate(annotations):
        annotation |= shapes[i]
        for key, values in columns.items():
            if values is not None:
                annotation[key] = np.asarray(values)[i].item()
    return annotations


def _coco(annotations: list[dict[str, Any]], classes: Sequence[Any], pictures: int) -> COCO:
    coco = COCO()
    coco.dataset = {
        "images": [{"id": i, "height": 1, "width": 1} for i in range(1, pictures + 1)],  # unused
        "categories": [{"id": i, "name": str(name)} for i, name in enumerate(classes, 1)],
        "annotations": annotations,
    }
    coco.createIndex()
    return coco


# === Panoptic quality: panopticapi ===

_OFFSET = 256**3
_VOID = 0


def panoptic_reference(
    pictures: Sequence[tuple[NDArray, list[dict], NDArray, list[dict]]],
) -> dict[int, list[float]]:
    """Return [sum of IoUs, tp, fp, fn] of each category as panopticapi's single process does.

    panopticapi is not on PyPI. This follows `pq_compute_single_core` of
    github.com/cocodataset/panopticapi, panopticapi/evaluation.py, step by step and with
    the same NumPy calls (`np.unique` of the predicted ids, then of the joint ids); only
    reading PNG files is left out. Its target areas come from the JSON: segments without
    an `area` are counted before.

    Parameters
    ----------
    pictures : sequence of (target_map, target_segments, prediction_map, prediction_segments)
    """
    stat: dict[int, list[float]] = {}
    for target_map, target_list, prediction_map, prediction_list in pictures:
        targets = {segment["id"]: segment for segment in target_list}
        predictions = {segment["id"]: dict(segment) for segment in prediction_list}
        labels, counts = np.unique(prediction_map.astype(np.uint32), return_counts=True)
        for label, pixels in zip(labels, counts, strict=True):
            if label in predictions:
                predictions[label]["area"] = pixels
            elif label != _VOID:
                raise KeyError(f"segment {label} is in the map, but not listed")

        joint = target_map.astype(np.uint64) * _OFFSET + prediction_map.astype(np.uint64)
        labels, counts = np.unique(joint, return_counts=True)
        shared = {
            (label // _OFFSET, label % _OFFSET): pixels
            for label, pixels in zip(labels, counts, strict=True)
        }

        matched_targets, matched_predictions = set(), set()
        for (i, j), pixels in shared.items():
            if i not in targets or j not in predictions or targets[i].get("iscrowd") == 1:
                continue
            category = targets[i]["category_id"]
            if category != predictions[j]["category_id"]:
                continue
            union = predictions[j]["area"] + targets[i]["area"] - pixels - shared.get((_VOID, j), 0)
            iou = pixels / union
            if iou > 0.5:
                _add(stat, category, float(iou), 1, 0, 0)
                matched_targets.add(i)
                matched_predictions.add(j)

        crowds = {}
        for i, segment in targets.items():
            if i in matched_targets:
                continue
            if segment.get("iscrowd") == 1:
                crowds[segment["category_id"]] = i
            else:
                _add(stat, segment["category_id"], 0.0, 0, 0, 1)
        for j, segment in predictions.items():
            if j in matched_predictions:
                continue
            category = segment["category_id"]
            spared = shared.get((_VOID, j), 0)
            if category in crowds:
                spared += shared.get((crowds[category], j), 0)
            if spared / segment["area"] <= 0.5:
                _add(stat, category, 0.0, 0, 1, 0)
    return stat


def _add(stat: dict[int, list[float]], category: int, *numbers: float) -> None:
    before = stat.setdefault(category, [0.0, 0, 0, 0])
    stat[category] = [a + b for a, b in zip(before, numbers, strict=True)]
