"""How good and how fast a model is on a data set, at the pictures' own size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

from segcore.datasets.samples import VOID, AnySample
from segcore.images import PictureError
from segcore.inference.predictor import segment
from segcore.inference.zoo import Card
from segcore.metrics import OverlapMeter


def evaluate(
    card: Card,
    samples: Sequence[AnySample],
    *,
    threshold: float = 0.5,
    tta: bool = False,
    device: str | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Any]:
    """Return the figures of a model on samples.

    Parameters
    ----------
    card : Card
    samples : list of Sample
        Damaged ones are left out and listed.
    threshold : float
        Probability from which a pixel is foreground.
    tta : bool
        Average with the mirrored picture.
    progress : callable or None
        Called with the number done, damaged ones included, and the number of all.

    Returns
    -------
    dict
        ``images, iou_dataset, iou_per_image, miou, dice, precision, recall,
        pixel_accuracy, dice_per_image`` as `segcore.metrics.OverlapMeter` defines them
        (fractions; null where undefined), ``ms_per_image`` (median; resize, network and the way
        back to full size; not decoding) and ``damaged``, a sentence for each.
    """
    meter = OverlapMeter()
    seconds: list[float] = []
    damaged: list[str] = []
    for i, sample in enumerate(samples, 1):
        try:
            picture, target = sample.load()
        except PictureError as error:
            damaged.append(str(error))
        else:
            began = perf_counter()
            mask = segment(picture, card, device=device, tta=tta).mask(threshold)
            seconds.append(perf_counter() - began)
            meter.update(target == 1, mask, ignore=target == VOID)
        if progress:
            progress(i, len(samples))
    seconds = sorted(seconds)
    figures = meter.result()
    return {
        **{key: None if math.isnan(value) else value for key, value in figures.items()},
        "ms_per_image": 1000 * seconds[len(seconds) // 2] if seconds else None,
        "damaged": damaged,
    }
