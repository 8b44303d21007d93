"""segcore.metrics.overlap by its laws, and as a module."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segcore.metrics import (
    Counts,
    OverlapMeter,
    class_counts,
    class_iou,
    confusion_matrix,
    count,
    dice,
    iou,
    matrix_accuracy,
    mean_iou,
    pixel_accuracy,
    precision,
    recall,
)

METRICS = [iou, dice, precision, recall, pixel_accuracy]
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    """Equal to 1e-12, with nan equal to nan and to nothing else."""
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


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
