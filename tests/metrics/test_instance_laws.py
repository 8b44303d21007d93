"""Instances: the curve, the laws of average precision, mask IoU, and how misuse is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from pycocotools import mask as rle

from segcore.metrics import (
    InstanceMeter,
    Objects,
    count,
    cut_labels,
    cut_masks,
    iou,
    mask_iou,
)

properties = settings(deadline=None, derandomize=True, max_examples=60)
NAN = math.nan


def same(value, expected):
    return np.allclose(value, expected, rtol=0, atol=1e-12, equal_nan=True)


def result(*pictures, classes=(0, 1)):
    meter = InstanceMeter(classes)
    for targets, predictions in pictures:
        meter.update(targets, predictions)
    return meter.result()


def flat(figures):
    return [v for value in figures.values() for v in ([value] if np.isscalar(value) else [])]


# === IoU of masks ===


def random_stacks(seed, cases=1000):
    rng = np.random.default_rng(seed)
    for _ in range(cases):
        shape = tuple(rng.integers(1, 12, 2))
        yield tuple(
            rng.random((n, *shape)) < rng.choice([0, 0.02, 0.3, 1], (n, 1, 1))
            for n in rng.integers(0, 5, 2)
        )


def test_mask_iou_equals_counts_of_pairs_and_pycocotools():
    defined = 0
    for targets, predictions in random_stacks(1):
        crowd = np.arange(len(targets)) % 2 == 1
        values = mask_iou(targets, predictions)
        crowded = mask_iou(targets, predictions, crowd)
        assert values.shape == crowded.shape == (len(targets), len(predictions))
        assert same(values, [[iou(count(a, b)) for b in predictions] for a in targets] or values)
        if values.size:
            codes = [
                rle.encode(np.asfortranarray(m.transpose(1, 2, 0), np.uint8))
                for m in (predictions, targets)
            ]
            assert same(np.nan_to_num(crowded), rle.iou(*codes, crowd.tolist()).T)
        defined += np.isfinite(values).sum()
    assert defined > 1000


def test_cut_masks_hold_the_pixels_and_areas_of_the_masks():
    for masks, _ in random_stacks(2):
        cut = cut_masks(masks)
        assert cut.areas.tolist() == masks.sum(axis=(1, 2)).tolist()
        for mask, piece, (top, left, bottom, right) in zip(
            masks, cut.cuts, cut.corners.tolist(), strict=True
        ):
            again = np.zeros_like(mask)
            again[top:bottom, left:right] = piece
            assert (again == mask).all()
            if piece.size:  # no row or column of the frame is empty
                assert all(line.any() for line in (piece[0], piece[-1], piece[:, 0], piece[:, -1]))


def test_cut_labels_equal_the_masks_of_the_labels():
    rng = np.random.default_rng(3)
    for _ in range(1000):
        ids = rng.choice(1000, rng.integers(0, 6), replace=False)
        labels = rng.choice([0, 5000, *ids], rng.integers(1, 9, 2)).astype(np.int32)
        ours, masks = cut_labels(labels, ids.tolist()), cut_masks(labels == ids[:, None, None])
        assert ours.corners.tolist() == masks.corners.tolist()
        assert ours.areas.tolist() == masks.areas.tolist()
        assert all((a == b).all() for a, b in zip(ours.cuts, masks.cuts, strict=True))


def test_cut_masks_are_accepted_wherever_masks_are_and_do_not_keep_the_picture():
    stack = np.zeros((2, 50, 60), bool)
    stack[0, 3:9, 4:20] = stack[1, 5:30, 50:] = True
    cut = cut_masks(stack)
    assert cut_masks(cut) is cut
    assert all(piece.base is None for piece in cut.cuts)
    whole = Objects([0, 1], masks=stack, scores=[1, 0.5])
    pieces = Objects([0, 1], masks=cut, scores=[1, 0.5])
    assert same(flat(result((whole, whole))), flat(result((pieces, pieces))))


# === Curves ===


def test_curve_of_a_worked_example():
    squares = np.array([[i, 0, i + 1, 1] for i in range(0, 10, 2)], float)
    targets = Objects(["cat"] * 2, boxes=squares[:2])
    guess = Objects(["cat"] * 4, boxes=squares[[0, 3, 1, 4]], scores=[0.9, 0.8, 0.6, 0.4])
    meter = InstanceMeter(["cat", "dog"])
    meter.update(targets, guess)
    curve = meter.precision_recall("cat", iou=0.75)
    assert curve.scores.tolist() == [0.9, 0.8, 0.6, 0.4]
    assert same(curve.precision, [1, 1 / 2, 2 / 3, 1 / 2])
    assert same(curve.recall, [1 / 2, 1 / 2, 1, 1])
    assert same(curve.interpolated, [1] * 51 + [2 / 3] * 50)
    assert same(curve.ap, (51 + 50 * 2 / 3) / 101)
    nothing = meter.precision_recall("dog")
    assert nothing.scores.size == nothing.recall.size == 0
    assert math.isnan(nothing.ap)


def test_curve_without_targets_has_no_recall():
    meter = InstanceMeter(["cat"])
    meter.update(Objects([], boxes=[]), Objects(["cat"], boxes=[[0, 0, 1, 1]], scores=[0.5]))
    curve = meter.precision_recall("cat")
    assert curve.precision.tolist() == [0] and same(curve.recall, [NAN])
    assert np.isnan(curve.interpolated).all()


# === Laws ===


@st.composite
def pictures(draw):
    """One to three pictures of boxes of two classes; scores differ throughout."""
    made, order = [], iter(draw(st.permutations(range(18))))
    for _ in range(draw(st.integers(1, 3))):
        boxes = [
            draw(hnp.arrays(float, (draw(st.integers(0, 6)), 4), elements=st.integers(0, 9)))
            for _ in range(2)
        ]
        for rows in boxes:
            rows[:, 2:] += rows[:, :2]
        classes = [
            draw(st.lists(st.integers(0, 1), min_size=len(b), max_size=len(b))) for b in boxes
        ]
        scores = [next(order) / 18 for _ in boxes[1]]
        made.append(
            (
                Objects(classes[0], boxes=boxes[0]),
                Objects(classes[1], boxes=boxes[1], scores=scores),
            )
        )
    return made


@properties
@given(pictures())
def test_figures_are_fractions_in_order(data):
    figures = result(*data)
    assert all(math.isnan(v) or 0 <= v <= 1 + 1e-12 for v in flat(figures))
    if not math.isnan(figures["ap"]):
        assert (
            figures["ap"] <= figures["ap50"] + 1e-12 and figures["ap75"] <= figures["ap50"] + 1e-12
        )
        assert figures["ar_1"] <= figures["ar_10"] <= figures["ar_100"]


@properties
@given(pictures(), st.randoms())
def test_pictures_and_predictions_may_come_in_any_order(data, random):
    shuffled = []
    for targets, guess in data:
        order = list(range(len(guess.scores)))
        random.shuffle(order)
        classes = [guess.classes[i] for i in order]
        boxes = np.asarray(guess.boxes)[order].reshape(-1, 4)
        shuffled.append(
            (targets, Objects(classes, boxes=boxes, scores=[guess.scores[i] for i in order]))
        )
    random.shuffle(shuffled)
    assert same(flat(result(*data)), flat(result(*shuffled)))


@properties
@given(pictures())
def test_names_of_classes_and_rising_functions_of_scores_change_nothing(data):
    renamed = [
        (
            Objects(["xy"[k] for k in t.classes], boxes=t.boxes),
            Objects(["xy"[k] for k in p.classes], boxes=p.boxes, scores=np.exp(p.scores)),
        )
        for t, p in data
    ]
    assert same(flat(result(*data)), flat(result(*renamed, classes="yx")))


@properties
@given(pictures())
def test_the_targets_themselves_score_one(data):
    perfect = [
        (t, Objects(t.classes, boxes=t.boxes, scores=np.ones(len(t.classes)))) for t, _ in data
    ]
    if all((np.asarray(t.boxes)[:, 2:] > np.asarray(t.boxes)[:, :2]).all() for t, _ in data):
        assert result(*perfect)["ap"] in (1, pytest.approx(NAN, nan_ok=True))


@properties
@given(pictures())
def test_boxes_of_whole_pixels_agree_with_their_masks(data):
    def masks(boxes):
        stack = np.zeros((len(boxes), 20, 20), bool)
        for mask, (left, top, right, bottom) in zip(stack, boxes.astype(int), strict=True):
            mask[top:bottom, left:right] = True
        return stack

    drawn = [
        (Objects(t.classes, masks(t.boxes)), Objects(p.classes, masks(p.boxes), scores=p.scores))
        for t, p in data
    ]
    assert same(flat(result(*data)), flat(result(*drawn)))


# === Misuse ===

ONE = {"classes": ["a"], "boxes": [[0, 0, 1, 1]], "scores": [1]}
SQUARE = np.ones((1, 2, 2), bool)


@pytest.mark.parametrize(
    ("targets", "predictions", "message"),
    [
        (ONE, ONE | {"classes": ["b"]}, r"predictions.classes hold class 'b'.*'a'"),
        (ONE | {"classes": ["a", "a"]}, ONE, r"targets have 2 classes, but 1 masks or boxes"),
        (ONE, ONE | {"scores": None}, r"predictions have no scores"),
        (ONE, ONE | {"scores": [NAN]}, r"predictions.scores hold nan"),
        (ONE, ONE | {"scores": [1, 2]}, r"1 classes, but 2 scores"),
        (ONE | {"crowd": []}, ONE, r"1 classes, but 0 crowd"),
        (ONE | {"areas": [1, 2]}, ONE, r"1 classes, but 2 areas"),
        (ONE | {"boxes": None}, ONE, r"targets have neither masks nor boxes"),
        (ONE | {"boxes": [[2, 0, 1, 1]]}, ONE, r"targets.boxes holds \[2.0, 0.0, 1.0, 1.0\]"),
        (ONE | {"masks": SQUARE}, ONE, r"both have masks, or both boxes"),
        (ONE | {"masks": SQUARE[0]}, ONE, r"targets.masks have shape \(2, 2\).*three axes"),
        (ONE | {"masks": SQUARE * 255}, ONE, r"targets.masks holds 255"),
        (ONE | {"masks": SQUARE}, ONE | {"masks": SQUARE[:, :1]}, r"\(2, 2\).*\(1, 2\)"),
    ],
)
def test_misuse_is_named_and_nothing_is_kept(targets, predictions, message):
    meter = InstanceMeter(["a"])
    with pytest.raises(ValueError, match=message):
        meter.update(targets, predictions)
    assert math.isnan(meter.result()["ap"])


def test_unknown_class_threshold_and_crowd_are_refused():
    meter = InstanceMeter(["a"])
    with pytest.raises(ValueError, match="class 'z'"):
        meter.precision_recall("z")
    with pytest.raises(ValueError, match=r"iou is 0.52.*0.5, 0.55"):
        meter.precision_recall("a", 0.52)
    with pytest.raises(ValueError, match=r"crowd has shape \(2,\).*1 targets"):
        mask_iou(SQUARE, SQUARE, crowd=[True, False])
