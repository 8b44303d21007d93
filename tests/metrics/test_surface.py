"""Surface distances against scikit-image, loops over all pairs, and by their laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from scipy import ndimage
from skimage.metrics import hausdorff_distance

from segcore.metrics import (
    hausdorff,
    hausdorff95,
    mean_surface_distance,
    surface_distances,
    surface_pixels,
)

CASES = 1000
NAN = math.nan
FIGURES = [hausdorff, hausdorff95, mean_surface_distance]
properties = settings(deadline=None, derandomize=True)


def same(value, expected):
    return value == pytest.approx(expected, abs=1e-9, nan_ok=True)


def by_loop(mask):
    """Pixels of the mask with a neighbour above, below, left or right outside it."""
    height, width = mask.shape
    return [
        (y, x)
        for y in range(height)
        for x in range(width)
        if mask[y, x]
        and any(
            not (0 <= v < height and 0 <= u < width and mask[v, u])
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1))
        )
    ]


def percentile95(values):
    """95 % quantile, interpolated linearly between the two nearest ranks."""
    ordered, place = sorted(values), 0.95 * (len(values) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def random_pairs(seed, cases=CASES, side=16):
    rng = np.random.default_rng(seed)
    for _ in range(cases):
        shape = tuple(rng.integers(1, side, 2))
        masks = [rng.random(shape) < rng.choice([0, 0.02, 0.5, 0.95, 1]) for _ in range(2)]
        for mask in masks:
            y, x = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            mask[y : y + rng.integers(0, 9), x : x + rng.integers(0, 9)] = True
        yield masks


def test_everything_equals_loops_over_all_pairs_of_surface_pixels():
    undefined = 0
    for target, prediction in random_pairs(1):
        a, b = by_loop(target), by_loop(prediction)
        there, back = surface_distances(target, prediction)
        if not a or not b:
            assert np.isnan(there).all() and np.isnan(back).all()
            assert (len(there), len(back)) == (len(a), len(b))
            assert same([f(target, prediction) for f in FIGURES], [NAN] * 3)
            undefined += 1
            continue
        one, two = (
            [min(math.dist(p, q) for q in far) for p in near] for near, far in ((a, b), (b, a))
        )
        assert same(there.tolist(), one) and same(back.tolist(), two)
        assert same(hausdorff(target, prediction), max(one + two))
        assert same(hausdorff95(target, prediction), max(percentile95(one), percentile95(two)))
        assert same(mean_surface_distance(target, prediction), sum(one + two) / len(one + two))
    assert 0 < undefined < CASES / 2


def test_hausdorff_equals_scikit_image():
    compared = 0
    for target, prediction in random_pairs(2, side=40):
        surfaces = surface_pixels(target), surface_pixels(prediction)
        if target.any() and prediction.any():  # it gives infinity, or 0 for both empty
            assert same(hausdorff(target, prediction), float(hausdorff_distance(*surfaces)))
            compared += 1
    assert compared > CASES / 2


def test_surface_equals_loop_and_erosion_with_a_cross():
    for target, _ in random_pairs(3):
        surface = surface_pixels(target)
        assert [tuple(p) for p in np.argwhere(surface).tolist()] == by_loop(target)
        assert (surface == (target & ~ndimage.binary_erosion(target))).all()


E, F = np.zeros((5, 5), bool), np.ones((5, 5), bool)
DOT, CORNER = E.copy(), E.copy()
DOT[2, 2] = CORNER[0, 0] = True


@pytest.mark.parametrize(
    ("reason", "target", "prediction", "values"),
    [
        ("both empty: undefined", E, E, (NAN, NAN, NAN)),
        ("target empty: undefined", E, F, (NAN, NAN, NAN)),
        ("prediction empty: undefined", F, E, (NAN, NAN, NAN)),
        ("identical", F, F, (0, 0, 0)),
        ("one pixel against itself", DOT, DOT, (0, 0, 0)),
        ("two pixels", DOT, CORNER, (math.sqrt(8),) * 3),
        ("picture of one pixel", F[:1, :1], F[:1, :1], (0, 0, 0)),
        ("picture without pixels", E[:0], E[:0], (NAN, NAN, NAN)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, target, prediction, values):
    found = [figure(target, prediction) for figure in FIGURES]
    assert same(found, list(values)), reason
    assert all(type(value) is float for value in found)


def test_one_stray_pixel_moves_hausdorff_but_not_its_quantile():
    target = np.zeros((60, 60), bool)
    target[5:30, 5:30] = True
    stray = target.copy()
    stray[55, 55] = True
    assert hausdorff(target, stray) == pytest.approx(math.dist((55, 55), (29, 29)))
    assert hausdorff95(target, stray) == 0


@pytest.mark.parametrize("figure", FIGURES)
def test_misuse_is_named(figure):
    with pytest.raises(ValueError, match=r"prediction has shape \(2, 5\).*\(5, 5\)"):
        figure(F, F[:2])
    with pytest.raises(ValueError, match="target holds 255"):
        figure(F * 255, F)


@properties
@given(hnp.arrays(bool, (2, 7, 9)))
def test_laws(masks):
    target, prediction = masks
    for figure in FIGURES:
        value = figure(target, prediction)
        assert same(value, figure(prediction, target))
        assert same(value, figure(target[::-1].T, prediction[::-1].T))
        assert math.isnan(value) or 0 <= value <= math.hypot(6, 8)
        assert same(figure(target, target), 0 if target.any() else NAN)
    if target.any() and prediction.any():
        assert hausdorff95(target, prediction) <= hausdorff(target, prediction)
        assert mean_surface_distance(target, prediction) <= hausdorff(target, prediction) + 1e-12
