"""How good scene models are on data sets, at the pictures' own size.

Each function takes a predictor, a picture's (height, width, 3) uint8 in and its result
out, and samples, of which damaged ones are left out and listed. Each returns fractions,
null where undefined, with ``images``, ``ms_per_image`` (median of the predictor; decoding
and measuring left out) and ``damaged``, a sentence for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from typing import Any

import numpy as np

from segcore.class_sets import SCENES, VOC_NAMES, voc_index
from segcore.datasets.samples import VOID, AnySample
from segcore.datasets.scenes import HAND_MADE, SceneSample
from segcore.images import PictureError
from segcore.labels import ClassMap, Instances, Panoptic
from segcore.metrics import ClassMeter, InstanceMeter, OverlapMeter
from segcore.metrics.overlap import class_iou, mean_defined
from segcore.scenes import scoring
from segcore.scenes.scaling import scaled

Predict = Callable[[np.ndarray], Any]
Progress = Callable[[int, int], None]
PETS = ("cat", "dog")
PETS_PEOPLE = (*PETS, "person")


class _Walk:
    """Goes through the samples of a data set, and keeps time and damages."""

    def __init__(self, predict: Predict, samples: Sequence, progress: Progress | None) -> None:
        self._predict, self._samples, self._progress = predict, samples, progress
        self._seconds: list[float] = []
        self._damaged: list[str] = []

    def __iter__(self) -> Iterator[tuple[Any, Any, Any]]:
        """Yield the sample, its truth and the result at the truth's size."""
        for number, sample in enumerate(self._samples, 1):
            try:
                picture, truth = sample.load()
            except PictureError as error:
                self._damaged.append(str(error))
            else:
                began = perf_counter()
                result = self._predict(picture)
                self._seconds.append(perf_counter() - began)
                yield sample, truth, scaled(result, picture.shape[:2])
            if self._progress:
                self._progress(number, len(self._samples))

    def figures(self, **measured: Any) -> dict[str, Any]:
        """Return what was measured with what all evaluations report."""
        seconds = sorted(self._seconds)
        return {
            "images": len(seconds),
            **_without_nan(measured),
            "ms_per_image": 1000 * seconds[len(seconds) // 2] if seconds else None,
            "damaged": self._damaged,
        }


def semantic(
    predict: Callable[[np.ndarray], ClassMap],
    samples: Sequence[SceneSample],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return ``miou`` and ``iou`` by class, and the means of things and of stuff.

    Stuff is measured on the pictures whose stuff people labelled, of which there are
    ``images_stuff``; things on all.
    """
    things, stuff = scoring.class_meter(SCENES), scoring.class_meter(SCENES)
    walk = _Walk(predict, samples, progress)
    for sample, truth, result in walk:
        pair = scoring.class_pair(truth, result)
        things.update(*pair)
        if _by_hand(sample):
            stuff.update(*pair)
    iou = {SCENES.names[i]: float(class_iou(things.matrix)[i]) for i in SCENES.things}
    iou |= {SCENES.names[i]: float(class_iou(stuff.matrix)[i]) for i in SCENES.stuff}
    return walk.figures(
        miou=mean_defined(iou.values()),
        miou_things=mean_defined(iou[SCENES.names[i]] for i in SCENES.things),
        miou_stuff=mean_defined(iou[SCENES.names[i]] for i in SCENES.stuff),
        iou=iou,
        images_stuff=len(stuff.per_image),
    )


def voc(
    predict: Callable[[np.ndarray], ClassMap],
    samples: Sequence[AnySample],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return ``miou`` and ``iou`` over VOC's 21 classes; classes it has not are background."""
    table = np.zeros(256, np.uint8)
    table[: len(SCENES)] = [voc_index(name) for name in SCENES.names]
    meter = ClassMeter(len(VOC_NAMES), ignore_index=VOID)
    walk = _Walk(predict, samples, progress)
    for _, target, result in walk:
        meter.update(target, table[result.classes])
    iou = dict(zip(VOC_NAMES, class_iou(meter.matrix).tolist(), strict=True))
    return walk.figures(miou=mean_defined(iou.values()), iou=iou)


def pets(
    predict: Callable[[np.ndarray], ClassMap],
    samples: Sequence[AnySample],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return the figures of `OverlapMeter` for cats and dogs as one class, "pet", and ``iou``."""
    wanted = [SCENES.index(name) for name in PETS]
    meter = OverlapMeter()
    walk = _Walk(predict, samples, progress)
    for _, target, result in walk:
        meter.update(target == 1, np.isin(result.classes, wanted), ignore=target == VOID)
    figures = meter.result()
    del figures["images"]
    return walk.figures(**figures, iou={"pet": figures["iou_dataset"]})


def instances(
    predict: Callable[[np.ndarray], Instances],
    samples: Sequence[SceneSample],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return COCO's ``ap`` and ``ap50`` of masks, and by class.

    ``ap_pets_people`` and ``ap50_pets_people`` are the means over cat, dog and person.
    """
    meter = scoring.object_meter(SCENES)
    walk = _Walk(predict, samples, progress)
    for _, truth, result in walk:
        meter.update(scoring.true_objects(truth, SCENES), scoring.found_objects(result))
    return walk.figures(**_average_precision(meter))


def panoptic(
    predict: Callable[[np.ndarray], Panoptic],
    samples: Sequence[SceneSample],
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Return ``pq, sq, rq``, their means of things and stuff, and ``pq_by_class``.

    All are of the ``images_panoptic`` pictures whose stuff people labelled, but for
    ``pq_things_all``, which is of all.
    """
    by_hand, everywhere = scoring.segment_meter(SCENES), scoring.segment_meter(SCENES)
    walk, count = _Walk(predict, samples, progress), 0
    for sample, truth, result in walk:
        pair = scoring.segment_pair(truth, result)
        everywhere.update(*pair)
        if _by_hand(sample):
            by_hand.update(*pair)
            count += 1
    result = by_hand.result()
    groups = {"": "all", "_things": "things", "_stuff": "stuff"}
    return walk.figures(
        **{f"{n}{end}": result[g][n] for end, g in groups.items() for n in ("pq", "sq", "rq")},
        pq_things_all=everywhere.result()["things"]["pq"],
        pq_by_class={name: result["by_class"][i]["pq"] for i, name in enumerate(SCENES.names)},
        images_panoptic=count,
    )


def _average_precision(meter: InstanceMeter) -> dict[str, Any]:
    result = meter.result()
    figures = {name: result[name] for name in ("ap", "ap50", "ap_by_class", "ap50_by_class")}
    for name in ("ap", "ap50"):
        by_class = result[f"{name}_by_class"]
        figures[f"{name}_pets_people"] = mean_defined(by_class[c] for c in PETS_PEOPLE)
    return figures


def _by_hand(sample: SceneSample) -> bool:
    return sample.source in ("", HAND_MADE)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
