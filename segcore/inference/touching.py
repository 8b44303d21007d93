"""How many of the people, cats and dogs that touch each other come out as separate objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import cv2
import numpy as np

from segcore.class_sets import SCENES
from segcore.datasets.scenes import SceneSample
from segcore.images import PictureError
from segcore.inference.evaluate_scenes import PETS_PEOPLE
from segcore.labels import Instances
from segcore.metrics import cut_labels, mask_iou, match
from segcore.metrics.masks import CutMasks
from segcore.objects import cut
from segcore.scenes.scaling import scaled
from segcore.scenes.truth import TrueSegment, Truth

PICTURES = 20
GAP = 2  # pixels between the outlines of two objects that touch
LARGE = 0.01  # part of the picture


class _Group(NamedTuple):
    """Objects of a picture that touch another one, largest first."""

    sample: SceneSample
    truth: Truth
    segments: list[TrueSegment]
    parts: list[float]


def touching(
    predict: Callable[[np.ndarray], Instances], samples: Sequence[SceneSample], score: float = 0.5
) -> dict[str, Any]:
    """Return the share of touching objects that are separate objects of a result.

    An object is separate if a predicted object of its class, and of no other true one, has
    an IoU of at least 0.5 with it. The pictures are the `PICTURES` whose second largest
    touching object fills most of the picture.

    Parameters
    ----------
    predict : callable
        A picture in, objects out.
    samples : sequence of SceneSample
    score : float
        Predicted objects below are not looked at.

    Returns
    -------
    dict
        ``touching_pictures``; ``touching_objects`` and ``touching_separate``, the share of
        them, null without any; the same with ``_large`` of objects that fill at least
        `LARGE` of their picture.
    """
    found: list[tuple[float, bool]] = []
    groups = _chosen(samples)
    for group in groups:
        result = scaled(predict(group.sample.load()[0]), group.truth.ids.shape)
        found += zip(group.parts, _separate(group, result, score), strict=True)
    large = [separate for part, separate in found if part >= LARGE]
    every = [separate for _, separate in found]
    return {
        "touching_pictures": len(groups),
        "touching_objects": len(every),
        "touching_separate": float(np.mean(every)) if every else None,
        "touching_objects_large": len(large),
        "touching_separate_large": float(np.mean(large)) if large else None,
    }


def _chosen(samples: Sequence[SceneSample]) -> list[_Group]:
    groups = []
    for sample in samples:
        try:
            group = _group(sample)
        except PictureError:
            continue
        if len(group.segments) > 1:
            groups.append(group)
    return sorted(groups, key=lambda group: -group.parts[1])[:PICTURES]


def _group(sample: SceneSample) -> _Group:
    truth = sample.load()[1]
    wanted = {SCENES.index(name) for name in PETS_PEOPLE}
    segments = [s for s in truth.segments if s.index in wanted and not s.crowd]
    masks = [(truth.ids == s.id).astype(np.uint8) for s in segments]
    square = np.ones((2 * GAP + 1,) * 2, np.uint8)
    grown = [cv2.dilate(mask, square) for mask in masks]
    near = [
        (i, int(mask.sum()))
        for i, mask in enumerate(masks)
        if any((mask & other).any() for j, other in enumerate(grown) if j != i)
    ]
    near.sort(key=lambda pair: -pair[1])
    parts = [area / truth.ids.size for _, area in near]
    return _Group(sample, truth, [segments[i] for i, _ in near], parts)


def _separate(group: _Group, result: Instances, score: float) -> list[bool]:
    """Say of each object whether it is separate; all labelled ones compete for predictions."""
    flags = dict.fromkeys((s.id for s in group.segments), False)
    for index in {s.index for s in group.segments}:
        true = [s.id for s in group.truth.segments if s.index == index and not s.crowd]
        guessed = [o for o in result.objects if o.label == SCENES.names[index] and o.score >= score]
        shapes: CutMasks = cut(guessed, result.shape)
        overlaps = np.nan_to_num(mask_iou(cut_labels(group.truth.ids, true), shapes))
        matching = match(overlaps, [o.score for o in guessed])
        flags.update({true[i]: True for i, _ in matching.pairs if true[i] in flags})
    return list(flags.values())
