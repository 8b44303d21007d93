"""Overlap of boxes against exact fractions, pycocotools, and by its laws."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as rle

from segcore.metrics import (
    box_iou,
    complete_iou,
    count,
    distance_iou,
    generalized_iou,
    iou,
    pairwise_box_iou,
)

CASES = 1000
NAN = math.nan
FUNCTIONS = [box_iou, generalized_iou, distance_iou, complete_iou]
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


# === Oracle: the papers' formulas in exact fractions ===


def by_fractions(a, b):
    """IoU, GIoU, DIoU and CIoU, one letter of the papers after the other."""
    (x1, y1, x2, y2), (u1, v1, u2, v2) = ([Fraction(n) for n in box] for box in (a, b))
    width, height = min(x2, u2) - max(x1, u1), min(y2, v2) - max(y1, v1)
    inter = width * height if width > 0 and height > 0 else Fraction(0)
    union = (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - inter
    if union == 0:
        return [NAN] * 4
    overlap = inter / union
    wide, high = max(x2, u2) - min(x1, u1), max(y2, v2) - min(y1, v1)
    general = overlap - (wide * high - union) / (wide * high)
    rho = ((x1 + x2 - u1 - u2) / 2) ** 2 + ((y1 + y2 - v1 - v2) / 2) ** 2
    distance = overlap - rho / (wide**2 + high**2)
    angles = [
        math.atan(w / h) if h else math.pi / 2 * (w > 0)
        for w, h in ((x2 - x1, y2 - y1), (u2 - u1, v2 - v1))
    ]
    v = 4 / math.pi**2 * (angles[0] - angles[1]) ** 2
    alpha = v / ((1 - overlap) + v) if v else 0
    return [float(value) for value in (overlap, general, distance, distance - alpha * v)]


def random_boxes(rng, count):
    """Boxes on a grid or off it; some empty, some inside or beside one another."""
    low = rng.integers(0, 6, (count, 2)) / rng.choice([1, 3])
    return np.concatenate([low, low + rng.integers(0, 5, (count, 2)) / rng.choice([1, 7])], axis=1)


def test_all_four_equal_exact_fractions():
    rng = np.random.default_rng(1)
    undefined = 0
    for _ in range(2 * CASES):
        a, b = random_boxes(rng, 2).tolist()
        expected = by_fractions(a, b)
        assert same([function(a, b) for function in FUNCTIONS], expected)
        undefined += math.isnan(expected[0])
    assert 0 < undefined < CASES / 2


def test_pairwise_equals_single_pairs_and_pycocotools():
    rng = np.random.default_rng(2)
    for _ in range(CASES):
        a, b = (random_boxes(rng, n) for n in rng.integers(0, 4, 2))
        values = pairwise_box_iou(a, b)
        assert values.shape == (len(a), len(b))
        assert same(values.ravel().tolist(), [box_iou(x, y) for x in a for y in b])
        if values.size:
            sized = [np.concatenate([m[:, :2], m[:, 2:] - m[:, :2]], axis=1) for m in (a, b)]
            oracle = rle.iou(sized[0], sized[1], [0] * len(b))  # 0 where there is no union
            assert np.allclose(np.nan_to_num(values), oracle, rtol=0, atol=1e-12)


def test_boxes_of_whole_pixels_equal_their_masks():
    rng = np.random.default_rng(3)
    for _ in range(CASES):
        low = rng.integers(0, 6, (2, 2))
        boxes = np.concatenate([low, low + rng.integers(0, 6, (2, 2))], axis=1)
        masks = np.zeros((2, 12, 12), bool)
        for mask, (left, top, right, bottom) in zip(masks, boxes, strict=True):
            mask[top:bottom, left:right] = True
        assert same(box_iou(*boxes), iou(count(*masks)))


# === Edges ===


@pytest.mark.parametrize(
    ("reason", "a", "b", "values"),
    [  # IoU, GIoU, DIoU
        ("identical", [0, 0, 2, 2], [0, 0, 2, 2], (1, 1, 1)),
        ("disjoint", [0, 0, 1, 1], [3, 0, 4, 1], (0, -1 / 2, -9 / 17)),
        ("touching along a side", [0, 0, 1, 1], [1, 0, 2, 1], (0, 0, -1 / 5)),
        ("touching in a corner", [0, 0, 1, 1], [1, 1, 2, 2], (0, -1 / 2, -1 / 4)),
        ("nested, same centre", [0, 0, 4, 4], [1, 1, 3, 3], (1 / 4, 1 / 4, 1 / 4)),
        ("one empty", [0, 0, 2, 2], [1, 1, 1, 1], (0, 0, 0)),
        ("both empty", [0, 0, 0, 0], [1, 1, 1, 1], (NAN, NAN, NAN)),
        ("lines without width", [0, 0, 0, 5], [0, 0, 0, 5], (NAN, NAN, NAN)),
        ("below zero", [-2, -2, 0, 0], [-1, -2, 1, 0], (1 / 3, 1 / 3, 1 / 3 - 1 / 13)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, a, b, values):
    found = [function(a, b) for function in FUNCTIONS]
    assert same(found[:3], list(values)), reason
    assert all(type(value) is float for value in found)
    assert math.isnan(found[3]) or found[3] <= found[2] + 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: box_iou([0, 0, 1], [0, 0, 1, 1]), r"a has shape \(3,\).*x_min, y_min"),
        (lambda: box_iou([0, 0, 1, 1], [2, 0, 1, 1]), r"b holds \[2.0, 0.0, 1.0, 1.0\].*order"),
        (lambda: complete_iou([0, 0, 1, NAN], [0, 0, 1, 1]), r"a holds a number.*not finite"),
        (lambda: pairwise_box_iou([[0, 0, 1]], []), r"a has shape \(1, 3\).*\(N, 4\)"),
        (lambda: pairwise_box_iou([], [0, 0, 1, 1]), r"b has shape \(4,\).*\(N, 4\)"),
        (lambda: pairwise_box_iou([], [[0, 3, 1, 1]]), r"b holds \[0.0, 3.0, 1.0, 1.0\]"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


# === Laws ===

numbers = st.floats(-1e3, 1e3, width=32)


@st.composite
def boxes(draw):
    x, y = sorted([draw(numbers), draw(numbers)]), sorted([draw(numbers), draw(numbers)])
    return [x[0], y[0], x[1], y[1]]


@properties
@given(boxes(), boxes())
def test_symmetry_range_and_order(a, b):
    there, back = ([f(*pair) for f in FUNCTIONS] for pair in ((a, b), (b, a)))
    assert there == pytest.approx(back, abs=1e-9, nan_ok=True)
    overlap, general, distance, complete = there
    if not math.isnan(overlap):
        assert 0 <= overlap <= 1 + 1e-9
        assert -1 <= general <= overlap + 1e-9 and -1 <= distance <= overlap + 1e-9
        assert -1.5 - 1e-9 <= complete <= distance + 1e-9


@properties
@given(
    st.lists(st.integers(0, 20), min_size=8, max_size=8),
    st.integers(-50, 50),
    st.sampled_from([0.5, 2, 8]),
)
def test_moving_and_scaling_both_changes_nothing(numbers, shift, scale):
    a, b = ([x, y, x + w, y + h] for x, y, w, h in (numbers[:4], numbers[4:]))
    moved = [[scale * (n + shift) for n in box] for box in (a, b)]
    assert same([f(a, b) for f in FUNCTIONS], [f(*moved) for f in FUNCTIONS])


@properties
@given(st.integers(1, 20), st.integers(0, 40))
def test_boxes_further_apart_score_less(size, gap):
    near, far = ([gap + size + k, 0, gap + 2 * size + k, size] for k in (0, 1))
    box = [0, 0, size, size]
    for function in (generalized_iou, distance_iou, complete_iou):
        assert function(box, far) < function(box, near)
