"""Average precision against pycocotools: every figure, curve and recall, to 1e-9."""

import math

import numpy as np
import pytest

from benchmarks._references import coco_annotations, coco_evaluation
from segcore.metrics import InstanceMeter, Objects

CASES = 1000  # of each kind
FIGURES = (  # in the order of COCOeval.stats
    *("ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large"),
    *("ar_1", "ar_10", "ar_100", "ar_small", "ar_medium", "ar_large"),
)
NAN = math.nan


def close(value, expected):
    return np.allclose(value, expected, rtol=0, atol=1e-9, equal_nan=True)


def compare(pictures, classes, kind):
    """Hold everything the meter says against COCOeval, and return the meter's result."""
    meter = InstanceMeter(classes)
    for targets, predictions in pictures:
        meter.update(targets, predictions)
    result = meter.result()
    oracle = coco_evaluation(coco_annotations(pictures, classes, kind), classes, kind)
    expected = np.where(oracle.stats < 0, NAN, oracle.stats)
    assert close([result[name] for name in FIGURES], expected)
    precision = oracle.eval["precision"][:, :, :, 0, 2]  # threshold, recall, class
    precision = np.where(precision < 0, NAN, precision)
    for k, name in enumerate(classes):
        assert close(result["ap_by_class"][name], precision[:, :, k].mean())
        assert close(result["ap50_by_class"][name], precision[0, :, k].mean())
        for t in (0, 4, 9):
            curve = meter.precision_recall(name, 0.5 + 0.05 * t)
            assert close(curve.interpolated, precision[t, :, k])
            assert close(curve.ap, precision[t, :, k].mean())
            recall = oracle.eval["recall"][t, k, 0, 2]
            if recall >= 0 and curve.recall.size:
                assert close(curve.recall[-1], recall)
    return result


# === Random data sets ===


def random_boxes(rng, count, side):
    low = rng.integers(0, side - 1, (count, 2))
    return np.concatenate([low, low + rng.integers(1, side // 2, (count, 2))], axis=1).astype(float)


def moved(rng, boxes, count, side):
    """Boxes of which many are near the given ones, some equal to them."""
    if not len(boxes):
        return random_boxes(rng, count, side)
    near = boxes[rng.integers(0, len(boxes), count)]
    near = near + rng.integers(-2, 3, near.shape) * rng.integers(0, 2, (count, 1))
    near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
    return np.where(rng.random((count, 1)) < 0.7, near, random_boxes(rng, count, side))


def filled(boxes, side):
    """Masks of boxes, cut to the picture, with a hole in every third."""
    masks = np.zeros((len(boxes), side, side), bool)
    for i, (left, top, right, bottom) in enumerate(np.clip(boxes, 0, side).astype(int)):
        masks[i, top:bottom, left:right] = True
        if i % 3 == 0:
            masks[i, (top + bottom) // 2 : (top + bottom) // 2 + 1, (left + right) // 2 :] = False
    return masks


def random_picture(rng, kind, side, classes):
    boxes = random_boxes(rng, rng.integers(0, 6), side)
    guess = moved(rng, boxes, rng.integers(0, 9), side)
    if rng.random() < 0.01:
        guess = moved(rng, boxes, 130, side)  # more than the 100 that count
    shapes = [
        {"masks": filled(b, side)} if kind == "segm" else {"boxes": b} for b in (boxes, guess)
    ]
    labels = [rng.integers(0, classes, len(b)).tolist() for b in (boxes, guess)]
    extra = {"crowd": rng.random(len(boxes)) < 0.2} if rng.random() < 0.5 else {}
    if rng.random() < 0.4:
        extra["areas"] = rng.choice([1, 1023, 1024, 1025, 9215, 9216, 9217, 1e5], len(boxes))
    scores = rng.choice([0.1, 0.5, 0.50001, 0.9], len(guess))  # many ties
    return (
        Objects(labels[0], **shapes[0], **extra),
        Objects(labels[1], **shapes[1], scores=scores),
    )


@pytest.mark.parametrize("kind", ["bbox", "segm"])
def test_every_figure_equals_pycocotools(kind):
    rng = np.random.default_rng(1)
    defined = 0
    for case in range(CASES):
        side = (16, 16, 40, 140)[case % 4] if kind == "segm" else (16, 60, 300)[case % 3]
        pictures = [random_picture(rng, kind, side, 2) for _ in range(rng.integers(1, 3))]
        result = compare(pictures, range(3), kind)  # class 2 is absent
        defined += np.isfinite([result[name] for name in FIGURES]).sum()
        assert math.isnan(result["ap_by_class"][2])
    assert defined > CASES * len(FIGURES) / 2


def test_boxes_with_fractions_equal_pycocotools():
    rng = np.random.default_rng(2)
    for _ in range(100):
        pictures = []
        for _ in range(2):
            truth, guess = random_picture(rng, "bbox", 60, 2)
            boxes = guess.boxes + rng.uniform(0, 0.5, guess.boxes.shape) * [-1, -1, 1, 1]
            pictures.append((truth, Objects(guess.classes, boxes=boxes, scores=guess.scores)))
        compare(pictures, [0, 1], "bbox")


# === Edges ===

BOX, LEFT, FAR = [0, 0, 4, 4], [0, 0, 2, 4], [6, 6, 8, 8]


def boxes(*rows, scores=None, **extra):
    return Objects(["a"] * len(rows), boxes=np.array(rows, float), scores=scores, **extra)


@pytest.mark.parametrize(
    ("reason", "targets", "predictions", "ap", "ar"),
    [
        ("no target, no prediction", boxes(), boxes(scores=[]), NAN, NAN),
        ("only predicted: undefined as in COCO", boxes(), boxes(BOX, scores=[1]), NAN, NAN),
        ("never predicted", boxes(BOX), boxes(scores=[]), 0, 0),
        ("identical", boxes(BOX), boxes(BOX, scores=[1]), 1, 1),
        ("IoU exactly 0.5 matches at 0.5 only", boxes(BOX), boxes(LEFT, scores=[1]), 0.1, 0.1),
        ("disjoint", boxes(BOX), boxes(FAR, scores=[1]), 0, 0),
        ("a worse false alarm costs nothing", boxes(BOX), boxes(BOX, FAR, scores=[1, 0.5]), 1, 1),
        ("a better one does", boxes(BOX), boxes(BOX, FAR, scores=[0.5, 1]), 0.5, 1),
        ("two for one target", boxes(BOX), boxes(BOX, BOX, scores=[1, 1]), 1, 1),
        ("equal targets, one each", boxes(BOX, BOX), boxes(BOX, BOX, scores=[1, 1]), 1, 1),
        ("crowd: no target", boxes(BOX, crowd=[True]), boxes(BOX, scores=[1]), NAN, NAN),
        (
            "crowd takes any number of predictions inside it",
            boxes(BOX, FAR, crowd=[True, False]),
            boxes(LEFT, LEFT, BOX, FAR, scores=[1, 0.9, 0.8, 0.7]),
            1,
            1,
        ),
        ("a target before a crowd", boxes(BOX, BOX, crowd=[1, 0]), boxes(BOX, scores=[1]), 1, 1),
        ("empty box", boxes([1, 1, 1, 1]), boxes([1, 1, 1, 1], scores=[1]), 0, 0),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, targets, predictions, ap, ar):
    result = compare([(targets, predictions)], ["a"], "bbox")
    assert close(result["ap"], ap), reason
    assert close(result["ar_100"], ar), reason


def test_sizes_include_their_ends():
    for area, sizes in (
        (1023, {"small"}),
        (1024, {"small", "medium"}),
        (9216, {"medium", "large"}),
        (9217, {"large"}),
    ):
        targets = boxes([0, 0, 32, 32], areas=[area])
        result = compare([(targets, boxes([0, 0, 32, 32], scores=[1]))], ["a"], "bbox")
        assert {s for s in ("small", "medium", "large") if result[f"ap_{s}"] == 1} == sizes


def test_only_the_hundred_best_of_a_picture_and_class_count():
    rows = [FAR] * 100 + [BOX]
    worst = [*np.linspace(1, 0.5, 100), 0.1]
    assert compare([(boxes(BOX), boxes(*rows, scores=worst))], ["a"], "bbox")["ap"] == 0
    best = [*np.linspace(1, 0.5, 100), 2]
    result = compare([(boxes(BOX), boxes(*rows, scores=best))], ["a"], "bbox")
    assert result["ap"] == result["ar_1"] == 1
