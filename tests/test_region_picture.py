"""Regions as pictures: what each pixel shows, with and without colour."""

from itertools import pairwise

import numpy as np
import pytest

from segcore.comparison import BOTH, PREDICTION_ONLY, TARGET_ONLY
from segcore.region_picture import COLOURS, draw, number, paper, squares, swatch

GREY = 128


def picture(height, width):
    return np.full((height, width, 3), GREY, np.uint8)


def test_outside_the_regions_the_picture_is_as_it_was():
    random = np.random.default_rng(0)
    photo = random.integers(0, 256, (300, 200, 3)).astype(np.uint8)
    before = photo.copy()
    np.testing.assert_array_equal(draw(photo, np.zeros((300, 200), np.uint8)), before)
    np.testing.assert_array_equal(photo, before)


@pytest.mark.parametrize("region", COLOURS)
@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_each_region_has_its_colour_between_its_stripes(region, opacity):
    drawn = draw(picture(400, 600), np.full((400, 600), region, np.uint8), opacity)
    colour = np.rint(GREY * (1 - opacity) + np.array(COLOURS[region]) * opacity)
    share = (drawn == colour).all(-1).mean()
    assert 0.5 < share < 0.95


def test_without_colour_the_stripes_tell_the_regions_apart():
    """Falling, rising, both: seen by comparing along the diagonals of the plain region."""

    def constant(region, step):
        drawn = draw(picture(240, 240), np.full((240, 240), region, np.uint8))
        grey = drawn.astype(int).sum(-1)
        moved = np.roll(grey, (1, step), (0, 1))
        return (grey[8:-8, 8:-8] == moved[8:-8, 8:-8]).mean() > 0.99

    assert [(constant(r, 1), constant(r, -1)) for r in (TARGET_ONLY, PREDICTION_ONLY, BOTH)] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_regions_differ_in_lightness():
    lightness = sorted(np.dot(c, (0.2126, 0.7152, 0.0722)) for c in COLOURS.values())
    assert all(b - a > 8 for a, b in pairwise(lightness))


def test_small_regions_are_spread_over_a_large_picture():
    codes = np.array([[0, TARGET_ONLY], [PREDICTION_ONLY, BOTH]], np.uint8)
    drawn = draw(picture(200, 300), codes, 1.0)
    for y, x, region in ((160, 70, PREDICTION_ONLY), (40, 230, TARGET_ONLY), (160, 230, BOTH)):
        part = drawn[y - 20 : y + 20, x - 20 : x + 20].reshape(-1, 3)
        assert (part == COLOURS[region]).all(-1).any()
    assert (drawn[:90, :140] == GREY).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (500, 1), (2, 3)])
def test_tiny_pictures(size):
    for region in (0, *COLOURS):
        assert draw(picture(*size), np.full(size, region, np.uint8)).shape == (*size, 3)


def test_paper_has_its_squares():
    sheet = paper((4, 6), 10)
    assert sheet.shape == (40, 60, 3)
    ruled = (sheet != 255).any(-1)
    assert ruled[::10].all() and ruled[:, ::10].all() and ruled[-1].all() and ruled[:, -1].all()
    assert not ruled[1:9, 1:9].any()
    assert (paper((4, 6), 2) == 255).all()
    photo = picture(20, 20)
    squares(photo, 5)
    assert (photo == GREY).all()


def test_numbers_are_written_where_their_objects_are():
    plain = picture(200, 200)
    drawn = number(plain, ([(25, 25)], [(75, 75)]), 2.0)
    changed = (drawn != plain).any(-1)
    assert changed[30:60, 40:60].any() and changed[140:170, 140:160].any()
    assert not changed[80:120].any()


def test_swatches_are_all_different():
    marks = {swatch(region).tobytes() for region in COLOURS}
    assert len(marks) == len(COLOURS)
    assert swatch(TARGET_ONLY).shape == (22, 22, 3)
