"""The hand-drawn outlines of the samples."""

import numpy as np
import pytest
from shapely import Polygon as Area
from skimage.draw import polygon2mask

from segcore.sample_outlines import sample_outlines, square_target
from segcore.sample_pictures import sample_pictures


def test_every_outline_is_simple_and_within_its_picture():
    assert "chelsea" in sample_outlines()
    for name, outline in sample_outlines().items():
        height, width = sample_pictures()[name].picture().shape[:2]
        area = Area(outline.points)
        assert area.is_valid, name
        x0, y0, x1, y1 = area.bounds
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
        assert 0.05 < area.area / (height * width) < 0.95


@pytest.mark.parametrize("side", [64, 256])
def test_targets_are_the_outlines_stretched_to_a_square(side):
    for name, outline in sample_outlines().items():
        height, width = sample_pictures()[name].picture().shape[:2]
        points = np.array(outline.points)[:, ::-1] * (side / height, side / width) - 0.5
        expected = polygon2mask((side, side), points)
        mask = square_target(name, side)
        assert mask.shape == (side, side) and (mask != expected).mean() < 0.005


def test_a_sample_without_an_outline_has_no_target():
    without = next(name for name in sample_pictures() if name not in sample_outlines())
    assert square_target(without, 64) is None
