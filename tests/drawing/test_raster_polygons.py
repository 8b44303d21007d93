"""segcore.drawing.raster on boxes and polygons, against loops over centres and shapely."""

from fractions import Fraction

import numpy as np
import pytest
import shapely
from skimage.draw import polygon2mask

from segcore.drawing import Box, Polygon
from segcore.drawing.raster import rasterise
from segcore.objects import MaskedObject, union

SIZE = (9, 11)


def filled(shape, size=SIZE):
    """Return the whole picture's mask; the patch must have no empty rows or columns around."""
    patch = rasterise(shape, size)
    if patch.mask.size:
        assert patch.mask[0].any() and patch.mask[-1].any()
        assert patch.mask[:, 0].any() and patch.mask[:, -1].any()
    else:
        assert patch.mask.shape == (0, 0)
    return union([MaskedObject(patch)], size)


def by_crossings(points, size):
    """Count, exactly, the edges above each pixel's centre or through it."""
    mask = np.zeros(size, bool)
    corners = [(Fraction(x), Fraction(y)) for x, y in points]
    for row in range(size[0]):
        for column in range(size[1]):
            x, y = Fraction(2 * column + 1, 2), Fraction(2 * row + 1, 2)
            for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
                if (x0 <= x) != (x1 <= x):
                    mask[row, column] ^= y0 + (x - x0) * (y1 - y0) / (x1 - x0) <= y
    return mask


# === Boxes ===


def test_boxes_hold_the_centres_between_their_edges():
    random = np.random.default_rng(0)
    for case in range(2000):
        corners = random.random(4) * 24 - 6
        if case % 2:
            corners = np.round(corners * 2) / 2  # edges on centres and between pixels
        box = Box(*corners)
        expected = np.zeros(SIZE, bool)
        for row in range(SIZE[0]):
            for column in range(SIZE[1]):
                expected[row, column] = (
                    box.x_min <= column + 0.5 < box.x_max and box.y_min <= row + 0.5 < box.y_max
                )
        np.testing.assert_array_equal(filled(box), expected)


@pytest.mark.parametrize(
    ("corners", "pixels"),
    [
        ((0, 0, 11, 9), 99),
        ((-1e6, -1e6, 1e6, 1e6), 99),
        ((4, 4, 4, 9), 0),  # no width
        ((4.5, 4.5, 4.5, 4.5), 0),  # no extent, on a centre
        ((4.5, 4.5, 4.6, 4.6), 1),
        ((4.4, 4.4, 4.5, 4.5), 0),
        ((11, 0, 20, 9), 0),
        ((-3, -3, 0.5, 0.5), 0),
        ((-3, -3, 0.51, 0.51), 1),
    ],
)
def test_boxes_at_the_edge_of_what_is_possible(corners, pixels):
    assert filled(Box(*corners)).sum() == pixels


def test_a_box_and_the_polygon_of_its_corners_are_the_same():
    random = np.random.default_rng(1)
    for _ in range(1000):
        box = Box(*np.round((random.random(4) * 24 - 6) * 4) / 4)
        np.testing.assert_array_equal(filled(Polygon(box.outline())), filled(box))


# === Polygons ===


@pytest.mark.parametrize("grid", [1, 2, 4, 1000])
def test_polygons_agree_with_exact_arithmetic(grid):
    """Many corners on few places: crossings, repeated points, collinear points, slits."""
    random = np.random.default_rng(grid)
    for _ in range(120):
        count = random.integers(3, 9)
        points = random.integers(-3 * grid, 14 * grid, (count, 2)) / grid
        expected = by_crossings(points, SIZE)
        np.testing.assert_array_equal(filled(Polygon(tuple(map(tuple, points)))), expected)


def test_centres_on_slanting_edges_are_decided_exactly():
    """An edge over 98 pixels that rises by 2 passes through centres; 1 / 49 is not a float."""
    random, size = np.random.default_rng(2), (14, 110)
    for _ in range(12):
        run, times = random.integers(3, 50), random.integers(1, 3)
        rise = random.integers(1, 4)
        left, top = random.integers(0, 5, 2) + 0.5
        points = ((left, top), (left + run * times, top + rise * times), (left, top + 9.25))
        for corners in (points, points[::-1]):
            np.testing.assert_array_equal(
                filled(Polygon(corners), size), by_crossings(points, size)
            )


def test_polygons_agree_with_shapely():
    """Even-odd is shapely's reading of the outline cut up at its crossings."""
    random = np.random.default_rng(3)
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    for _ in range(500):
        points = random.random((random.integers(3, 9), 2)) * 16 - 3
        lines = shapely.node(shapely.LinearRing(points))
        expected = np.zeros(SIZE, bool)
        ray = shapely.linestrings(
            np.stack([[x, y], [x, np.full_like(y, -50.0)]]).transpose(2, 3, 0, 1)
        )
        cuts = shapely.get_num_geometries(shapely.intersection(ray, lines))
        cuts[~shapely.intersects(ray, lines)] = 0
        expected = cuts % 2 == 1
        np.testing.assert_array_equal(filled(Polygon(tuple(map(tuple, points)))), expected)


def test_simple_polygons_agree_with_scikit_image_and_shapely():
    random, size = np.random.default_rng(4), (40, 50)
    x, y = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    for _ in range(1000):
        angles = np.sort(random.random(random.integers(3, 20)) * 2 * np.pi)
        radii = random.random(len(angles)) * 22 + 2
        centre = random.random(2) * (60, 50) - 5
        points = centre + (radii * [np.cos(angles), np.sin(angles)]).T
        mask = filled(Polygon(tuple(map(tuple, points))), size)
        outline = shapely.Polygon(points)
        if outline.is_valid:
            np.testing.assert_array_equal(mask, shapely.contains_xy(outline, x, y))
            np.testing.assert_array_equal(mask, polygon2mask(size, points[:, ::-1] - 0.5))


def test_polygons_that_share_an_edge_share_no_pixel_and_leave_none_out():
    random = np.random.default_rng(5)
    for _ in range(1000):
        apex = tuple(random.integers(0, 45, 2) / 4)
        corners = [(0.0, 0.0), (11.0, 0.0), (11.0, 9.0), (0.0, 9.0)]
        if not (0 <= apex[0] <= 11 and 0 <= apex[1] <= 9):
            continue
        parts = [filled(Polygon((corners[i - 1], corners[i], apex))).astype(int) for i in range(4)]
        np.testing.assert_array_equal(sum(parts), np.ones(SIZE, int))


def test_where_it_starts_and_turns_does_not_matter():
    random = np.random.default_rng(6)
    for _ in range(300):
        points = [tuple(p) for p in random.integers(-6, 28, (6, 2)) / 2]
        mask = filled(Polygon(tuple(points)))
        np.testing.assert_array_equal(filled(Polygon(tuple(points[3:] + points[:3]))), mask)
        np.testing.assert_array_equal(filled(Polygon(tuple(points[::-1]))), mask)


@pytest.mark.parametrize(
    ("points", "pixels"),
    [
        (((1, 1), (8, 1), (8, 8), (1, 8)), 49),
        (((1, 1), (8, 1), (8, 8), (1, 8), (1, 1)), 49),  # closed by hand
        (((1, 1), (8, 1), (8, 1), (8, 8), (1, 8), (1, 8)), 49),  # repeated points
        (((1, 1), (4, 1), (8, 1), (8, 8), (1, 8)), 49),  # a corner on an edge
        (((1, 1),) * 3, 0),
        (((1, 1), (5, 5), (9, 9)), 0),  # on one line
        (((1, 1), (8, 1), (1, 1)), 0),
        (((20, 1), (30, 1), (30, 8)), 0),  # outside
        (((-9, -9), (-1, -9), (-1, -1)), 0),
        (((-50, -50), (90, -50), (90, 90), (-50, 90)), 99),  # around the picture
        (((0, 0), (8, 0), (0, 8), (8, 8)), 24 + 8),  # a bow tie
        (((0, 0), (8, 0), (8, 8), (0, 8)) * 2, 0),  # twice around
        (((4, 4), (5, 4), (5, 5), (4, 5)), 1),
    ],
)
def test_polygons_with_a_known_area(points, pixels):
    mask = filled(Polygon(points))
    np.testing.assert_array_equal(mask, by_crossings(points, SIZE))
    assert mask.sum() == pixels


def test_a_pentagram_is_hollow():
    angles = np.arange(5) * 4 * np.pi / 5 - np.pi / 2
    points = tuple(zip(50 + 45 * np.cos(angles), 50 + 45 * np.sin(angles), strict=True))
    mask = filled(Polygon(points), (100, 100))
    assert not mask[50, 50] and mask[20, 50] and mask.sum() < 45**2
