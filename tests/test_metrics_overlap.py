"""segcore.metrics.overlap against independent oracles, on its edges, and by its laws.

Oracles: sets of pixel coordinates in plain Python (exact fractions), pycocotools
(run-length masks in C), scipy's distances and scikit-image's contingency table.
"""

import doctest
import math
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as coco
from scipy.spatial import distance
from skimage.metrics import contingency_table

from segcore.metrics import (
    Counts,
    OverlapMeter,
    class_counts,
    class_dice,
    class_iou,
    confusion_matrix,
    count,
    dice,
    iou,
    matrix_accuracy,
    mean_defined,
    mean_iou,
    overlap,
    pixel_accuracy,
    precision,
    recall,
)

CASES = 1000
METRICS = [iou, dice, precision, recall, pixel_accuracy]
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


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


# === Edges ===

E, F = np.zeros((2, 2), bool), np.ones((2, 2), bool)
LEFT, RIGHT = np.array([[1, 0], [1, 0]]), np.array([[0, 1], [0, 1]])
DOT = np.array([[1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("reason", "target", "prediction", "ignore", "scores"),
    [  # scores: IoU, Dice, precision, recall, pixel accuracy
        ("nothing to find, nothing found: undefined", E, E, None, (NAN, NAN, NAN, NAN, 1)),
        ("nothing to find, all found", E, F, None, (0, 0, 0, NAN, 0)),
        ("all to find, nothing found", F, E, None, (0, 0, NAN, 0, 0)),
        ("all to find, all found", F, F, None, (1, 1, 1, 1, 1)),
        ("identical", LEFT, LEFT, None, (1, 1, 1, 1, 1)),
        ("disjoint", LEFT, RIGHT, None, (0, 0, 0, 0, 0)),
        ("prediction inside the target", F, DOT, None, (1 / 4, 2 / 5, 1, 1 / 4, 1 / 4)),
        ("target inside the prediction", DOT, F, None, (1 / 4, 2 / 5, 1 / 4, 1, 1 / 4)),
        ("one pixel, hit", DOT, DOT, None, (1, 1, 1, 1, 1)),
        ("picture of one pixel, missed", [[1]], [[0]], None, (0, 0, NAN, 0, 0)),
        ("everything ignored", LEFT, RIGHT, F, (NAN, NAN, NAN, NAN, NAN)),
        ("nothing ignored", LEFT, F, E, (1 / 2, 2 / 3, 1 / 2, 1, 1 / 2)),
        ("the errors ignored", LEFT, F, RIGHT, (1, 1, 1, 1, 1)),
        ("the hits ignored", LEFT, F, LEFT, (0, 0, 0, NAN, 0)),
        ("picture without pixels", E[:0], E[:0], None, (NAN, NAN, NAN, NAN, NAN)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_binary_edges(reason, target, prediction, ignore, scores):
    counts = count(target, prediction, ignore)
    assert same([metric(counts) for metric in METRICS], list(scores)), reason
    assert all(type(number) is int for number in (counts.tp, counts.fp, counts.fn, counts.tn))
    assert all(type(metric(counts)) is float for metric in METRICS)


@pytest.mark.parametrize(
    ("reason", "target", "prediction", "classes", "ignore_index", "scores", "mean"),
    [
        ("identical", [[0, 1]], [[0, 1]], 2, None, [1, 1], 1),
        ("all swapped", [[0, 1]], [[1, 0]], 2, None, [0, 0], 0),
        ("class 2 in neither: left out", [[0, 1]], [[0, 1]], 3, None, [1, 1, NAN], 1),
        ("class 2 only predicted: 0", [[0, 1, 1]], [[0, 1, 2]], 3, None, [1, 1 / 2, 0], 1 / 2),
        ("class 2 never found: 0", [[0, 2]], [[0, 0]], 3, None, [1 / 2, NAN, 0], 1 / 4),
        ("void left out", [[0, 1, 255]], [[0, 1, 0]], 2, 255, [1, 1], 1),
        ("class 1 predicted in void only", [[0, 255]], [[0, 1]], 2, 255, [1, NAN], 1),
        ("only void", [[255, 255]], [[0, 1]], 2, 255, [NAN, NAN], NAN),
        ("ignored class in range, predicted", [[0, 0, 1]], [[0, 1, 1]], 2, 1, [1 / 2, 0], 1 / 4),
        ("ignored class in range, unused", [[0, 0, 1]], [[0, 0, 0]], 2, 1, [1, NAN], 1),
        ("one class", [[0, 0]], [[0, 0]], 1, None, [1], 1),
        ("bool maps are classes 0 and 1", F, F, 2, None, [NAN, 1], 1),
        ("no pixels", E[:0], E[:0], 2, None, [NAN, NAN], NAN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_class_edges(reason, target, prediction, classes, ignore_index, scores, mean):
    matrix = confusion_matrix(target, prediction, classes, ignore_index)
    assert same(class_iou(matrix).tolist(), scores), reason
    assert same(mean_iou(matrix), mean), reason


def test_accuracy_of_an_empty_matrix_is_undefined():
    assert math.isnan(matrix_accuracy(np.zeros((3, 3), int)))


def test_meter_without_pictures_is_undefined():
    images, *scores = OverlapMeter().result().values()
    assert images == 0
    assert same(scores, [NAN] * 8)


def test_meter_counts_undefined_pictures_but_leaves_them_out_of_means():
    meter = OverlapMeter()
    meter.update(E, E)
    assert meter.update(F, DOT) == Counts(tp=1, fn=3)
    result = meter.result()
    assert result["images"] == 2
    assert (result["iou_per_image"], result["dice_per_image"]) == (1 / 4, 2 / 5)
    assert result["miou"] == pytest.approx((1 / 4 + 4 / 7) / 2)


@pytest.mark.parametrize(
    ("values", "mean"),
    [([], NAN), ([NAN, NAN], NAN), ([0.0, NAN], 0.0), ([1.0, NAN, 0.5], 0.75)],
)
def test_mean_defined(values, mean):
    assert same(mean_defined(values), mean)
    assert same(mean_defined(np.array(values)), mean)
    assert type(mean_defined(np.array(values))) is float


def test_mean_defined_rounds_once():
    assert mean_defined([0.1] * 10) == 0.1  # adding one by one gives 0.09999999999999999


@pytest.mark.parametrize("block", [1, 3, 7, 1000])
def test_confusion_matrix_is_the_same_in_any_block(monkeypatch, block):
    rng = np.random.default_rng(8)
    target, prediction = rng.choice([0, 1, 2, 255], (5, 11)), rng.integers(0, 3, (5, 11))
    monkeypatch.setattr(overlap, "_BLOCK", block)
    matrix = confusion_matrix(target, prediction, 3, 255)
    assert matrix.tolist() == by_loop(target, prediction, 3, 255)


def test_small_integer_types_do_not_overflow():
    target = np.full((600, 700), 199, np.uint8)  # 420,000 pixels, cell 199 * 200 + 198
    matrix = confusion_matrix(target, target - 1, classes=200)
    assert matrix[199, 198] == matrix.sum() == 600 * 700


def test_views_and_read_only_arrays_are_read_and_left_alone():
    rng = np.random.default_rng(9)
    masks = rng.integers(0, 2, (3, 8, 10), dtype=np.uint8)
    before = masks.copy()
    masks.flags.writeable = False
    views = [mask[::2, ::-1].T for mask in masks]
    copies = [np.ascontiguousarray(view) for view in views]
    assert count(*views) == count(*copies)
    assert (confusion_matrix(*views[:2], 2, 0) == confusion_matrix(*copies[:2], 2, 0)).all()
    assert (masks == before).all()


# === Misuse ===


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: count(F, np.ones((2, 3), bool)), r"prediction has shape \(2, 3\).*\(2, 2\)"),
        (lambda: count(F, F, F[:1]), r"ignore has shape \(1, 2\).*\(2, 2\)"),
        (lambda: count(F[0], F[0]), r"target has shape \(2,\).*two axes"),
        (lambda: count(F, F[..., None]), r"prediction has shape \(2, 2, 1\).*two axes"),
        (lambda: count(F * 255, F), r"target holds 255.*0 to 1"),
        (lambda: count(F, F * -1), r"prediction holds -1.*0 to 1"),
        (lambda: count(F, F, F * 2), r"ignore holds 2.*0 to 1"),
        (lambda: count(F * 0.5, F), r"target has dtype float64.*threshold"),
        (lambda: count(F, [["a", "b"], ["c", "d"]]), r"prediction has dtype <U1"),
        (lambda: confusion_matrix([[0, 3]], [[0, 0]], 3), r"target holds 3.*0 to 2"),
        (lambda: confusion_matrix([[0, 255]], [[0, 0]], 3, 254), r"target holds 255.*=254"),
        (lambda: confusion_matrix([[0, -1]], [[0, 0]], 3), r"target holds -1.*0 to 2"),
        (lambda: confusion_matrix([[0, 1]], [[0, 3]], 3), r"prediction holds 3.*0 to 2"),
        (lambda: confusion_matrix([[0, 1]], [[255, 0]], 3, 255), r"prediction holds 255"),
        (lambda: confusion_matrix([[0, 1]], [[0, -2]], 3), r"prediction holds -2"),
        (lambda: confusion_matrix(E, E[:1], 2), r"prediction has shape \(1, 2\).*\(2, 2\)"),
        (lambda: confusion_matrix([0, 1], [0, 1], 2), r"target has shape \(2,\).*two axes"),
        (lambda: confusion_matrix([[0.0]], [[0]], 2), r"target has dtype float64"),
        (lambda: confusion_matrix([[0]], [[0.5]], 2), r"prediction has dtype float64"),
        (lambda: confusion_matrix([[0]], [[0]], 0), r"classes is 0"),
        (lambda: class_iou([[1, 2, 3]]), r"shape \(1, 3\).*square"),
        (lambda: class_dice([1, 2]), r"matrix has shape \(2,\).*two axes"),
        (lambda: mean_iou([[0.5, 0.5], [0.0, 1.0]]), r"matrix has dtype float64"),
        (lambda: matrix_accuracy([[1, 0], [-4, 1]]), r"matrix holds -4"),
    ],
)
def test_misuse_is_named_in_one_sentence(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    text = str(error.value)
    assert text.endswith(".") and "\n" not in text and ". " not in text


def test_meter_keeps_nothing_of_a_refused_picture():
    meter = OverlapMeter()
    with pytest.raises(ValueError, match="prediction"):
        meter.update(F, F * 255)
    assert meter.result()["images"] == 0


def test_counts_add_to_counts_only():
    with pytest.raises(TypeError):
        Counts(1, 2, 3, 4) + (1, 2, 3, 4)


# === Laws ===

shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=8)
numbers = st.integers(0, 10**12)
any_counts = st.builds(Counts, numbers, numbers, numbers, numbers)


@st.composite
def mask_triples(draw):
    return draw(hnp.arrays(bool, (3, *draw(shapes))))


@st.composite
def label_pairs(draw, classes=4):
    return draw(hnp.arrays(np.int64, (2, *draw(shapes)), elements=st.integers(0, classes - 1)))


@properties
@given(mask_triples())
def test_counts_sum_to_the_kept_pixels_and_forget_the_ignored(masks):
    target, prediction, ignore = masks
    counts = count(target, prediction, ignore)
    assert counts.pixels == (~ignore).sum()
    assert counts == count(target ^ ignore, prediction | ignore, ignore)
    assert count(target, prediction).pixels == target.size


@properties
@given(mask_triples())
def test_iou_and_dice_are_symmetric_and_precision_mirrors_recall(masks):
    there, back = count(*masks), count(masks[1], masks[0], masks[2])
    assert same(iou(there), iou(back))
    assert same(dice(there), dice(back))
    assert same(precision(there), recall(back))
    assert same(pixel_accuracy(there), pixel_accuracy(there.inverted()))


@properties
@given(any_counts)
def test_range_order_and_the_tie_between_iou_and_dice(counts):
    scores = [metric(counts) for metric in METRICS]
    assert all(math.isnan(score) or 0 <= score <= 1 for score in scores)
    jaccard, f1, p, r, _ = scores
    assert math.isnan(jaccard) == math.isnan(f1) == (counts.tp + counts.fp + counts.fn == 0)
    assert same(jaccard, f1 / (2 - f1))
    if p + r > 0:  # False for nan too
        assert same(f1, 2 * p * r / (p + r))
        assert jaccard <= min(p, r) <= f1 + 1e-12


@properties
@given(mask_triples())
def test_a_pixel_more_found_never_lowers_iou(masks):
    target, prediction, _ = masks
    before = iou(count(target, prediction))
    for row, column in np.argwhere(target & ~prediction):
        better = prediction.copy()
        better[row, column] = True
        assert iou(count(target, better)) > before


@properties
@given(label_pairs(), st.permutations(range(4)))
def test_relabelling_permutes_class_iou_and_keeps_mean_iou(labels, order):
    order = np.array(order)
    matrix, renamed = confusion_matrix(*labels, 4), confusion_matrix(*order[labels], 4)
    assert class_iou(renamed)[order].tolist() == pytest.approx(class_iou(matrix), nan_ok=True)
    assert mean_iou(renamed) == mean_iou(matrix)
    assert matrix_accuracy(renamed) == matrix_accuracy(matrix)


@properties
@given(label_pairs())
def test_class_iou_is_symmetric_and_unused_classes_change_nothing(labels):
    matrix = confusion_matrix(*labels, 4)
    assert (confusion_matrix(*labels[::-1], 4) == matrix.T).all()
    assert class_iou(matrix.T).tolist() == pytest.approx(class_iou(matrix), nan_ok=True)
    assert mean_iou(confusion_matrix(*labels, 9)) == mean_iou(matrix)


@properties
@given(label_pairs())
def test_a_matrix_holds_the_counts_of_each_class_against_the_rest(labels):
    matrix = confusion_matrix(*labels, 4)
    assert class_counts(matrix) == [count(labels[0] == k, labels[1] == k) for k in range(4)]


@properties
@given(mask_triples())
def test_two_classes_agree_with_masks(masks):
    target, prediction, ignore = masks
    counts = count(target, prediction, ignore)
    matrix = confusion_matrix(np.where(ignore, 255, target), prediction, 2, ignore_index=255)
    assert class_counts(matrix) == [counts.inverted(), counts]
    meter = OverlapMeter()
    meter.update(target, prediction, ignore)
    assert same(meter.result()["miou"], mean_iou(matrix))
    assert same(meter.result()["pixel_accuracy"], matrix_accuracy(matrix))


@properties
@given(mask_triples(), st.data())
def test_a_data_set_is_its_pictures_joined(masks, data):
    cut = data.draw(st.integers(0, masks.shape[1]))
    top, bottom = count(*masks[:, :cut]), count(*masks[:, cut:])
    assert top + bottom == bottom + top == count(*masks)
    labels = masks.astype(int)[:2]
    halves = confusion_matrix(*labels[:, :cut], 2) + confusion_matrix(*labels[:, cut:], 2)
    assert (halves == confusion_matrix(*labels, 2)).all()


# === The module ===


def test_examples_in_the_docstrings_run():
    outcome = doctest.testmod(overlap)
    assert outcome.attempted >= 10
    assert outcome.failed == 0


def test_metrics_import_neither_tensorflow_nor_streamlit():
    code = (
        "import sys, segcore.metrics; print({'tensorflow', 'keras', 'streamlit'} & {*sys.modules})"
    )
    root = overlap.__file__.rsplit("segcore", 1)[0]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr
