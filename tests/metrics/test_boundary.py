"""Boundary IoU against erosions one pixel at a time, distances and sets of pixels."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import ndimage

from segcore.metrics import boundary, boundary_iou, boundary_width, count, iou

CASES = 1000
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


def by_erosions(mask, width):
    """The paper's code: frame of one pixel, then `width` erosions with 3 x 3 ones."""
    framed = np.pad(np.asarray(mask, bool), 1)
    core = ndimage.binary_erosion(framed, np.ones((3, 3)), iterations=width, border_value=1)
    return mask & ~core[1:-1, 1:-1]


def by_distances(mask, width):
    """Chessboard distance to the nearest pixel outside, the picture's edge included."""
    height, length = mask.shape
    outside = [
        (y, x)
        for y in range(-1, height + 1)
        for x in range(-1, length + 1)
        if not (0 <= y < height and 0 <= x < length and mask[y, x])
    ]
    near = np.zeros_like(mask)
    for y, x in np.argwhere(mask):
        near[y, x] = min(max(abs(y - v), abs(x - u)) for v, u in outside) <= width
    return near


def random_mask(rng, side=24):
    """Noise of some density, or a few boxes; some empty, some full."""
    shape = tuple(rng.integers(1, side, 2))
    mask = rng.random(shape) < rng.choice([0, 0.5, 0.95, 0.99, 1])
    if rng.random() < 0.4:
        mask[:] = False
        for _ in range(3):
            y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            mask[y : y + rng.integers(1, 15), x : x + rng.integers(1, 15)] = True
    return mask


def test_boundary_equals_erosions_one_pixel_at_a_time():
    rng = np.random.default_rng(1)
    inner = 0
    for _ in range(2 * CASES):
        mask, width = random_mask(rng), int(rng.integers(1, 9))
        near = boundary(mask, width)
        assert near.dtype == bool and (near == by_erosions(mask, width)).all()
        inner += near.sum() < mask.sum()
    assert inner > CASES / 4


def test_boundary_equals_chessboard_distances():
    rng = np.random.default_rng(2)
    for _ in range(CASES):
        mask, width = random_mask(rng, side=9), int(rng.integers(1, 4))
        assert (boundary(mask, width) == by_distances(mask, width)).all()


def test_boundary_iou_equals_the_papers_formula():
    rng = np.random.default_rng(3)
    for _ in range(CASES):
        target = random_mask(rng, 30)
        prediction = target ^ (rng.random(target.shape) < 0.02)
        ratio = rng.choice([0.02, 0.1, 0.005])
        width = max(1, int(round(ratio * np.sqrt(target.shape[0] ** 2 + target.shape[1] ** 2))))
        a, b = by_erosions(target, width), by_erosions(prediction, width)
        expected = (a & b).sum() / (a | b).sum() if (a | b).any() else NAN
        assert same(boundary_iou(target, prediction, ratio), expected)


E, F = np.zeros((9, 9), bool), np.ones((9, 9), bool)
DOT = E.copy()
DOT[4, 4] = True
INNER = E.copy()
INNER[1:-1, 1:-1] = True


@pytest.mark.parametrize(
    ("reason", "target", "prediction", "score"),
    [
        ("both empty: undefined", E, E, NAN),
        ("one empty", F, E, 0),
        ("full: the edge of the picture is an outline", F, F, 1),
        ("one pixel", DOT, DOT, 1),
        ("one pixel in a full mask is far from its outline", F, DOT, 0),
        ("nested by one pixel: the outlines share nothing", F, INNER, 0),
        ("picture without pixels", E[:0], E[:0], NAN),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, target, prediction, score):
    found = boundary_iou(target, prediction)
    assert type(found) is float and same(found, score), reason


def test_width_is_the_papers():
    assert boundary_width((480, 640)) == 16  # 2 % of 800
    assert boundary_width((1024, 2048), 0.005) == 11  # 11.45, Cityscapes
    assert boundary_width((1, 1)) == 1
    assert boundary_width((30, 40), 0.05) == 2  # 2.5: halves to even, as Python and NumPy round


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: boundary(F, 0), "width is 0.*at least 1"),
        (lambda: boundary(F * 255, 1), "mask holds 255"),
        (lambda: boundary_iou(F, F[:3]), r"prediction has shape \(3, 9\)"),
        (lambda: boundary_iou(F, F, 0), "ratio is 0.*above 0"),
        (lambda: boundary_width((9, 9), NAN), "ratio is nan"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@properties
@given(hnp.arrays(bool, (2, 9, 11)), st.integers(1, 6))
def test_laws(masks, width):
    target, prediction = masks
    near, nearer = boundary(target, width + 1), boundary(target, width)
    assert not (nearer & ~near).any() and not (near & ~target).any()  # a part of the mask; grows
    assert (boundary(target[::-1, ::-1], width) == nearer[::-1, ::-1]).all()
    assert (boundary(target.T, width) == nearer.T).all()
    score = boundary_iou(target, prediction)
    assert same(score, boundary_iou(prediction, target))
    assert math.isnan(score) or 0 <= score <= 1
    assert same(boundary_iou(target, prediction, 1), iou(count(target, prediction)))
    assert not target.any() or boundary_iou(target, target) == 1
