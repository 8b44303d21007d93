"""segcore.metrics.overlap on its edges, and how it refuses misuse."""

import math

import numpy as np
import pytest

from segcore.metrics import (
    Counts,
    OverlapMeter,
    class_dice,
    class_iou,
    confusion_matrix,
    count,
    dice,
    iou,
    matrix_accuracy,
    mean_defined,
    mean_iou,
    pixel_accuracy,
    precision,
    recall,
)

METRICS = [iou, dice, precision, recall, pixel_accuracy]
NAN = math.nan


def same(value, expected):
    """Equal to 1e-12, with nan equal to nan and to nothing else."""
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


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
