"""Metrics against the field's references: ``python -m benchmarks.metrics``.

Panoptic quality and mask AP of pictures of 640 × 480 with 20 objects each, by segcore,
by panopticapi's single process and by pycocotools, from the same arrays and in turns;
and the IoU of two masks of 12 megapixels. Included on both sides is everything from the
arrays to the figures: pycocotools works on run-length codes only, so its time has the
encoding in it as segcore's has the cutting, and both are given without it too;
panopticapi's has no reading of files. Times are CPU time of the process (every way runs
in one thread), so that other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks._references import coco_annotations, coco_evaluation, panoptic_reference
from benchmarks._table import machine, table
from segcore.metrics import InstanceMeter, Objects, PanopticMeter, count, iou
from segcore.metrics.masks import cut_masks

HEIGHT, WIDTH, OBJECTS, CLASSES = 480, 640, 20, range(1, 6)
SKY = 6  # stuff, behind the objects
GOAL_MS = 30  # for the IoU of two masks of 12 megapixels


class Way(NamedTuple):
    """One thing that is measured."""

    task: str
    name: str
    run: Callable[[], Any]


# === Pictures ===


def pictures(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return pictures of ellipses, moved a little and sometimes renamed in the prediction.

    Returns
    -------
    list of dict
        ``instances``: targets and predictions as Objects with masks. ``panoptic``: id
        maps and segments of both, as COCO has them, with the ellipses painted one over
        the other on sky, and a strip of void.
    """
    rng = np.random.default_rng(seed)
    return [_picture(rng) for _ in range(count)]


def _picture(rng: np.random.Generator) -> dict[str, Any]:
    centres = rng.uniform(0, [HEIGHT, WIDTH], (OBJECTS, 2))
    radii = rng.uniform(12, 110, (OBJECTS, 2))
    classes = rng.choice(CLASSES, OBJECTS)
    guessed = np.where(rng.random(OBJECTS) < 0.9, classes, rng.choice(CLASSES, OBJECTS))
    masks = _ellipses(centres, radii)
    moved = _ellipses(centres + rng.normal(0, 6, centres.shape), radii * rng.uniform(0.8, 1.2))
    target_map, targets = _painted(rng, masks, classes)
    target_map[-HEIGHT // 20 :] = 0  # void
    prediction_map, predictions = _painted(rng, moved, guessed)
    for segment in targets:
        segment["area"] = int((target_map == segment["id"]).sum())
    return {
        "instances": (
            Objects(classes.tolist(), masks),
            Objects(guessed.tolist(), moved, scores=rng.random(OBJECTS)),
        ),
        "panoptic": (target_map, targets, prediction_map, predictions),
    }


def _ellipses(centres: NDArray, radii: NDArray) -> NDArray[np.bool_]:
    rows, columns = np.ogrid[:HEIGHT, :WIDTH]
    return np.array(
        [
            ((rows - y) / tall) ** 2 + ((columns - x) / wide) ** 2 <= 1
            for (y, x), (tall, wide) in zip(centres, radii, strict=True)
        ]
    )


def _painted(
    rng: np.random.Generator, masks: NDArray[np.bool_], classes: NDArray
) -> tuple[NDArray[np.uint32], list[dict[str, int]]]:
    ids = rng.choice(256**3 - 1, len(masks) + 1, replace=False).astype(np.uint32) + 1
    painted = np.full(masks.shape[1:], ids[-1])
    for number, mask in zip(ids, masks, strict=False):
        painted[mask] = number
    seen = set(np.unique(painted).tolist())
    listed = zip(ids.tolist(), [*classes.tolist(), SKY], strict=True)
    return painted, [{"id": i, "category_id": c, "iscrowd": 0} for i, c in listed if i in seen]


# === Ways ===


def ways(data: list[dict[str, Any]], side: tuple[int, int]) -> list[Way]:
    """Return what is measured; the first of each task is segcore's.

    Raises
    ------
    RuntimeError
        If the ways do not agree to 1e-9: then their times mean nothing.
    """
    panoptic = [picture["panoptic"] for picture in data]
    instances = [picture["instances"] for picture in data]
    encoded = coco_annotations(instances, CLASSES, "segm")
    cut = [tuple(replace(o, masks=cut_masks(o.masks)) for o in pair) for pair in instances]
    rng = np.random.default_rng(1)
    target, prediction = rng.random(side) < 0.5, rng.random(side) < 0.5

    def quality() -> dict[str, Any]:
        meter = PanopticMeter(CLASSES, [SKY])
        for picture in panoptic:
            meter.update(*picture)
        return meter.result()

    def precision(pairs: list[tuple[Objects, Objects]] = instances) -> dict[str, Any]:
        meter = InstanceMeter(CLASSES)
        for targets, predictions in pairs:
            meter.update(targets, predictions)
        return meter.result()

    ours, theirs = quality()["by_class"], panoptic_reference(panoptic)
    for category, (total, *counts) in theirs.items():
        mine = ours[category]
        if [mine["tp"], mine["fp"], mine["fn"]] != counts or abs(mine["iou"] - total) > 1e-9:
            raise RuntimeError(f"Panoptic counts of class {category} differ: {mine}, {counts}.")
    scores = precision()["ap"], coco_evaluation(encoded, CLASSES, "segm").stats[0]
    if abs(scores[0] - scores[1]) > 1e-9:
        raise RuntimeError(f"Mask AP differs: {scores[0]} and {scores[1]}.")
    pixels = f"IoU, 2 × {side[0] * side[1] / 1e6:.3g} megapixels"
    return [
        Way("panoptic quality", "segcore", quality),
        Way("panoptic quality", "panopticapi's arithmetic", lambda: panoptic_reference(panoptic)),
        Way("mask AP", "segcore", precision),
        Way(
            "mask AP",
            "pycocotools",
            lambda: coco_evaluation(coco_annotations(instances, CLASSES, "segm"), CLASSES, "segm"),
        ),
        Way("mask AP", "segcore, cut before", lambda: precision(cut)),
        Way(
            "mask AP",
            "pycocotools, encoded before",
            lambda: coco_evaluation(encoded, CLASSES, "segm"),
        ),
        Way(pixels, "segcore", lambda: iou(count(target, prediction))),
    ]


def measure(todo: list[Way], runs: int) -> list[list[float]]:
    """Return the CPU seconds of each run of each way, the ways taking turns."""
    seconds: list[list[float]] = [[] for _ in todo]
    for _ in range(runs):
        for way, times in zip(todo, seconds, strict=True):
            began = time.process_time()
            way.run()
            times.append(time.process_time() - began)
    return seconds


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.metrics", description=__doc__)
    parser.add_argument("--pictures", type=int, default=100, help="default 100")
    parser.add_argument("--runs", type=int, default=5, help="runs of each way, default 5")
    parser.add_argument(
        "--side", type=int, nargs=2, default=(3000, 4000), help="of the masks, default 3000 4000"
    )
    args = parser.parse_args(arguments)
    todo = ways(pictures(args.pictures), tuple(args.side))
    medians = [statistics.median(times) for times in measure(todo, args.runs)]
    own = {
        way.task: median for way, median in zip(todo, medians, strict=True) if way.name == "segcore"
    }
    rows = [
        (way.task, way.name, f"{1000 * median:.2f}", f"{median / own[way.task]:.2f}")
        for way, median in zip(todo, medians, strict=True)
    ]
    print(
        f"{args.pictures} pictures of {WIDTH} × {HEIGHT} with {OBJECTS} objects each, "
        f"median of {args.runs} runs, on {machine()}"
    )
    table(("task", "way", "median CPU ms", "times segcore's"), rows)
    print(f"The goal for the IoU of two masks of 12 megapixels is {GOAL_MS} ms.")


if __name__ == "__main__":
    main()
