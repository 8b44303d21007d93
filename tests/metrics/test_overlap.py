"""segcore.metrics.overlap against independent oracles, on its edges, and by its laws.

Oracles: sets of pixel coordinates in plain Python (exact fractions), pycocotools
(run-length masks in C), scipy's distances and scikit-image's contingency table.
"""

import math
from fractions import Fraction

import numpy as np
import pytest
from pycocotools import mask as coco
from scipy.spatial import distance
from skimage.metrics import contingency_table

from segcore.metrics import (
    OverlapMeter,
    class_dice,
    class_iou,
    confusion_matrix,
    count,
    dice,
    iou,
    matrix_accuracy,
    mean_iou,
    overlap,
    pixel_accuracy,
    precision,
    recall,
)

CASES = 1000
METRICS = [iou, dice, precision, recall, pixel_accuracy]
NAN = math.nan


def same(value, expected):
    """Equal to 1e-12, with nan equal to nan and to nothing else."""
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


# === Oracles in plain Python ===


def pixel_set(mask):
    rows, columns = len(mask), len(mask[0]) if len(mask) else 0
    return {(i, j) for i in range(rows) for j in range(columns) if mask[i][j]}


def fraction(part, whole):
    return float(Fraction(part, whole)) if whole else NAN


def by_sets(target, prediction, ignore=None):
    """Every binary metric from sets of coordinates; no true or false positives counted."""
    every = pixel_set(np.ones(np.shape(target)))
    if ignore is not None:
        every -= pixel_set(ignore)
    a, b = pixel_set(target) & every, pixel_set(prediction) & every
    return {
        "iou": fraction(len(a & b), len(a | b)),
        "dice": fraction(2 * len(a & b), len(a) + len(b)),
        "precision": fraction(len(a & b), len(b)),
        "recall": fraction(len(a & b), len(a)),
        "pixel_accuracy": fraction(len(every) - len(a ^ b), len(every)),
    }


def by_loop(target, prediction, classes, ignore_index):
    """Confusion matrix, one pixel at a time."""
    matrix = [[0] * classes for _ in range(classes)]
    for i, row in enumerate(np.asarray(target).tolist()):
        for j, label in enumerate(row):
            if label != ignore_index:
                matrix[label][int(prediction[i][j])] += 1
    return matrix


def by_class_sets(target, prediction, classes, ignore_index):
    """IoU and Dice of each class, and the accuracy, from sets of coordinates."""
    kept = np.asarray(target) != ignore_index
    every = pixel_set(kept)
    ious, dices, right = [], [], 0
    for k in range(classes):
        a, b = pixel_set(np.equal(target, k)) & every, pixel_set(np.equal(prediction, k)) & every
        ious.append(fraction(len(a & b), len(a | b)))
        dices.append(fraction(2 * len(a & b), len(a) + len(b)))
        right += len(a & b)
    return ious, dices, fraction(right, len(every))


def plain_mean(values):
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else NAN


# === Random cases ===


def random_masks(seed, cases=CASES):
    """Pairs of masks of 1 to 12 pixels a side, from empty to full, with what to ignore."""
    rng = np.random.default_rng(seed)
    for case in range(cases):
        shape = tuple(rng.integers(1, 13, 2))
        densities = rng.choice([0, 0.05, 0.3, 0.7, 1], 3, p=[0.1, 0.2, 0.3, 0.3, 0.1])
        target, prediction, ignore = (rng.random(shape) < density for density in densities)
        dtype = ["bool", "uint8", "int64"][case % 3]
        yield target.astype(dtype), prediction.astype(dtype), ignore if case % 2 else None


def random_labels(seed, cases=CASES):
    """Pairs of class maps with 1 to 6 classes, some absent, void 255 or -1 or none."""
    rng = np.random.default_rng(seed)
    for case in range(cases):
        classes = int(rng.integers(1, 7))
        shape = tuple(rng.integers(1, 10, 2))
        target, prediction = (
            rng.choice(rng.choice(classes, rng.integers(1, classes + 1), replace=False), shape)
            for _ in range(2)
        )
        ignore_index = [None, 255, -1][case % 3]
        if ignore_index is not None:
            void = rng.random(shape) < rng.choice([0.2, 1], p=[0.9, 0.1])
            target[void] = ignore_index
            prediction[void & (rng.random(shape) < 0.5)] = 200  # void may be predicted anything
        if ignore_index != -1:
            target, prediction = target.astype("uint8"), prediction.astype("uint8")
        yield target, prediction, classes, ignore_index


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.__name__)
def test_binary_metrics_equal_sets_of_pixels(metric):
    undefined = 0
    for target, prediction, ignore in random_masks(seed=1):
        expected = by_sets(target, prediction, ignore)[metric.__name__]
        assert same(metric(count(target, prediction, ignore)), expected)
        undefined += math.isnan(expected)
    assert 0 < undefined < CASES / 2  # the cases do visit both kinds


def test_counts_equal_run_length_masks_of_pycocotools():
    compared = 0
    for target, prediction, _ in random_masks(seed=2):
        a, b = (coco.encode(np.asfortranarray(m, dtype=np.uint8)) for m in (target, prediction))
        c = count(target, prediction)
        assert c.tp == coco.area(coco.merge([a, b], intersect=True))
        assert (c.tp + c.fn, c.tp + c.fp) == (coco.area(a), coco.area(b))
        assert c.pixels == target.size
        if coco.area(coco.merge([a, b])):  # it gives 0 for empty against empty
            assert same(iou(c), coco.iou([b], [a], [0]).item())
            compared += 1
    assert compared > CASES / 2


def test_iou_and_dice_equal_scipy_distances():
    compared = 0
    for target, prediction, ignore in random_masks(seed=3, cases=2 * CASES):
        kept = ~ignore if ignore is not None else np.ones(target.shape, bool)
        a, b = target[kept].astype(bool), prediction[kept].astype(bool)
        if a.any() or b.any():
            c = count(target, prediction, ignore)
            assert same(iou(c), 1 - distance.jaccard(a, b))
            assert same(dice(c), 1 - distance.dice(a, b))
            compared += 1
    assert compared >= CASES


def test_confusion_matrix_equals_loop():
    for target, prediction, classes, ignore_index in random_labels(seed=4):
        matrix = confusion_matrix(target, prediction, classes, ignore_index)
        assert matrix.dtype == np.int64
        assert matrix.tolist() == by_loop(target, prediction, classes, ignore_index)


def test_confusion_matrix_equals_contingency_table_of_scikit_image():
    rng = np.random.default_rng(5)
    for _ in range(CASES):
        target, prediction = rng.integers(0, 5, (2, *rng.integers(1, 10, 2)))
        table = contingency_table(target, prediction, normalize=False).toarray()
        rows, columns = table.shape  # it ends at the last class that occurs
        matrix = confusion_matrix(target, prediction, classes=5)
        assert matrix[:rows, :columns].tolist() == table.tolist()
        assert matrix.sum() == table.sum()


def test_class_metrics_equal_sets_of_pixels():
    absent = 0
    for case in random_labels(seed=6):
        matrix = confusion_matrix(*case)
        ious, dices, accuracy = by_class_sets(*case)
        assert same(class_iou(matrix).tolist(), ious)
        assert same(class_dice(matrix).tolist(), dices)
        assert same(mean_iou(matrix), plain_mean(ious))
        assert same(matrix_accuracy(matrix), accuracy)
        absent += any(math.isnan(value) for value in ious)
    assert absent > CASES / 10


def test_meter_equals_one_long_picture_and_the_mean_of_its_pictures():
    rng = np.random.default_rng(7)
    for _ in range(CASES):
        shape = tuple(rng.integers(1, 6, 2))
        pictures = [
            tuple(rng.random(shape) < density for density in rng.choice([0, 0.5, 1], 3))
            for _ in range(rng.integers(1, 5))
        ]
        meter = OverlapMeter()
        for picture in pictures:
            meter.update(*picture)
        long = by_sets(*(np.concatenate(masks) for masks in zip(*pictures, strict=True)))
        ground = by_sets(
            *(~np.concatenate([picture[side] for picture in pictures]) for side in (0, 1)),
            np.concatenate([picture[2] for picture in pictures]),
        )
        single = [by_sets(*picture) for picture in pictures]
        expected = {
            "images": len(pictures),
            "iou_dataset": long["iou"],
            "iou_per_image": plain_mean(scores["iou"] for scores in single),
            "miou": plain_mean([long["iou"], ground["iou"]]),
            "dice": long["dice"],
            "dice_per_image": plain_mean(scores["dice"] for scores in single),
            "precision": long["precision"],
            "recall": long["recall"],
            "pixel_accuracy": long["pixel_accuracy"],
        }
        assert same(meter.result(), expected)


@pytest.mark.parametrize("block", [1, 3, 7, 1000])
def test_confusion_matrix_is_the_same_in_any_block(monkeypatch, block):
    rng = np.random.default_rng(8)
    target, prediction = rng.choice([0, 1, 2, 255], (5, 11)), rng.integers(0, 3, (5, 11))
    monkeypatch.setattr(overlap, "_BLOCK", block)
    matrix = confusion_matrix(target, prediction, 3, 255)
    assert matrix.tolist() == by_loop(target, prediction, 3, 255)
