"""Grids of numbers as figures: when the numbers show, and the frames."""

import numpy as np
import pytest

from segcore.unet.grids import MARK, grid


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.full((8, 8), -0.84), True),
        (np.full((9, 9), -0.84), True),
        (np.full((12, 12), -0.84), False),  # too long for its cell
        (np.full((12, 12), 4.0), True),
        (np.full((50, 50), 4.0), False),
        (np.full((4, 4), np.nan), True),  # nothing to write, and room for it
    ],
)
def test_numbers_show_where_they_fit(values, shown):
    (heat,) = grid(values, 0, 1).data
    assert (heat.texttemplate is not None) == shown


def test_a_mark_frames_its_cells():
    figure = grid(np.ones((4, 4)), 0, 1, np.s_[1:3, 0:2])
    _, frame = figure.layout.shapes
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (0.5, 2.5, 1.5, 3.5)
    assert frame.line.color == MARK


def test_one_value_has_a_range_of_colours_too():
    (heat,) = grid(np.ones((2, 2)), 1, 1).data
    assert heat.zmax > heat.zmin
