"""segcore.drawing.raster on brush strokes, against the distances of pixels to the line."""

import numpy as np
import pytest
import shapely
from skimage.draw import disk

from segcore.drawing import Brush
from segcore.drawing.raster import rasterise
from segcore.objects import MaskedObject, union

SIZE = (24, 31)


def filled(brush, size=SIZE):
    patch = rasterise(brush, size)
    if patch.mask.size:
        assert patch.mask[0].any() and patch.mask[-1].any()
        assert patch.mask[:, 0].any() and patch.mask[:, -1].any()
    return union([MaskedObject(patch)], size)


def distances(points, size=SIZE):
    """Return each centre's distance to the line through the points."""
    x, y = np.meshgrid(np.arange(size[1]) + 0.5, np.arange(size[0]) + 0.5)
    centres, nearest = np.stack([x, y], -1), np.full(size, np.inf)
    points = np.array(points, float)
    for a, b in zip(points, np.concatenate([points[1:], points[-1:]]), strict=True):
        along = b - a
        square = along @ along
        place = np.clip((centres - a) @ along / square, 0, 1) if square else np.zeros(size)
        nearest = np.minimum(
            nearest, np.hypot(*np.moveaxis(centres - a - place[..., None] * along, -1, 0))
        )
    return nearest


def test_strokes_hold_the_centres_within_half_a_width():
    random = np.random.default_rng(0)
    for case in range(600):
        points = random.random((random.integers(1, 7), 2)) * (45, 38) - 7
        if case % 3 == 0:
            points = np.round(points)  # repeated points, upright and level pieces
        width = random.choice([0.3, 1, 2.5, 6, 20]) * (0.5 + random.random())
        away = distances(points) - width / 2
        mask = filled(Brush(tuple(map(tuple, points)), width))
        sure = np.abs(away) > 1e-7
        np.testing.assert_array_equal(mask[sure], away[sure] < 0)
        assert mask[(away <= 0) & (away > -1e-7)].all()


def test_strokes_agree_with_shapely():
    random = np.random.default_rng(1)
    x, y = np.meshgrid(np.arange(SIZE[1]) + 0.5, np.arange(SIZE[0]) + 0.5)
    centres = shapely.points(x, y)
    for _ in range(1000):
        points = random.random((random.integers(2, 6), 2)) * (45, 38) - 7
        width = 0.3 + random.random() * 10
        near = shapely.dwithin(shapely.LineString(points), centres, width / 2)
        np.testing.assert_array_equal(filled(Brush(tuple(map(tuple, points)), width)), near)


def test_one_point_is_scikit_image_s_disc():
    random = np.random.default_rng(2)
    for _ in range(1000):
        x, y = random.random(2) * (45, 38) - 7
        radius = 0.2 + random.random() * 8
        expected = np.zeros(SIZE, bool)
        expected[disk((y - 0.5, x - 0.5), radius, shape=SIZE)] = True
        np.testing.assert_array_equal(filled(Brush(((x, y),), 2 * radius)), expected)
        np.testing.assert_array_equal(filled(Brush(((x, y),) * 3, 2 * radius)), expected)


def test_a_centre_at_exactly_half_a_width_belongs_to_it():
    random = np.random.default_rng(3)
    for _ in range(500):
        column, row, reach = (int(v) for v in random.integers(5, 15, 3))
        reach %= 5
        mask = filled(Brush(((column + 0.5, row + 0.5),), max(2 * reach, 0.1)))
        rows, columns = np.nonzero(mask)
        assert (rows.min(), rows.max()) == (row - reach, row + reach)
        assert (columns.min(), columns.max()) == (column - reach, column + reach)
        level = filled(
            Brush(((column + 0.5, row + 0.5), (column + 4.5, row + 0.5)), 2 * reach or 0.1)
        )
        assert level.any(axis=1).sum() == 2 * reach + 1
        assert level[row].sum() == 5 + 2 * reach


@pytest.mark.parametrize(
    ("points", "width", "pixels"),
    [
        (((5.5, 5.5),), 0.001, 1),
        (((5, 5),), 0.5, 0),  # between centres
        (((40, 5), (50, 9)), 4, 0),  # outside
        (((-1, 5),), 2, 0),
        (((-1, 5.5),), 3, 1),  # reaches in
        (((15, 12),), 1000, 24 * 31),
        (((-10, 12.5), (60, 12.5)), 1, 31),
        (((15.5, -10), (15.5, 60)), 1, 24),
        (((0, 0), (31, 0), (31, 24), (0, 24)), 1e6, 24 * 31),
    ],
)
def test_strokes_at_the_edge_of_what_is_possible(points, width, pixels):
    assert filled(Brush(points, width)).sum() == pixels


def test_the_direction_does_not_matter_and_pieces_join():
    random = np.random.default_rng(4)
    for _ in range(300):
        points = tuple(map(tuple, np.round(random.random((5, 2)) * 30, 1)))
        mask = filled(Brush(points, 3.3))
        np.testing.assert_array_equal(filled(Brush(points[::-1], 3.3)), mask)
        parts = [filled(Brush(points[i : i + 2], 3.3)) for i in range(4)]
        np.testing.assert_array_equal(np.any(parts, axis=0), mask)
