"""Where a panoptic result is wrong, pixel by pixel, for drawing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from segcore.labels import UNLABELLED, Panoptic
from segcore.metrics import match_segments
from segcore.scenes.scaling import scaled
from segcore.scenes.scoring import class_pair, segment_pair
from segcore.scenes.truth import Truth
from segcore.scenes.views import class_map

RIGHT, WRONG, MISSED, FALSE, UNKNOWN = range(5)
TITLES = {
    WRONG: "other class or object",
    MISSED: "missed object",
    FALSE: "false object",
    UNKNOWN: "not labelled by people",
}


def error_map(truth: Truth, result: Panoptic) -> NDArray[np.uint8]:
    """Return what is wrong at each pixel, (h, w) uint8 of the result's shape.

    `MISSED` on things that no prediction matches (same class, IoU above 0.5), `FALSE` on
    predicted things that match none, `WRONG` on other pixels of another class, or of
    another object of the same class; `UNKNOWN` where nobody labelled and in crowds.
    """
    truth = scaled(truth, result.shape)
    pair = segment_pair(truth, result)
    matches = match_segments(*pair)
    target, guess = class_pair(truth, class_map(result))
    errors = np.where(target == guess, RIGHT, WRONG).astype(np.uint8)
    things = set(result.class_set.things)
    crowds = [s.id for s in truth.segments if s.crowd]
    unknown = (target == UNLABELLED) | np.isin(truth.ids, crowds)
    used = set(matches.values())
    for segment in result.segments:
        if segment.index in things and segment.id not in used:
            inside = result.ids == segment.id
            known = inside & ~unknown
            if 2 * np.count_nonzero(known) >= segment.area:
                errors[known] = FALSE
    for true in truth.segments:
        if true.index in things and not true.crowd:
            inside = truth.ids == true.id
            if true.id not in matches:
                errors[inside] = MISSED
            else:
                swapped = inside & (errors == RIGHT) & (result.ids != matches[true.id])
                errors[swapped] = WRONG
    errors[unknown] = UNKNOWN
    return errors
