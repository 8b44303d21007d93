"""Segment everything: a grid of clicks on squares whose masks are known."""

from __future__ import annotations

import numpy as np
import pytest

from segcore.prompting.everything import Everything, grid, stability
from tests.prompting.stand_in import StandIn

SIZE = (90, 120)


class Squares(StandIn):
    """Answers with the square that is clicked, its left half, and nothing useful."""

    def __init__(self, *corners: tuple[int, int], side: int = 24, scores=(0.9, 0.85, 0.1)):
        super().__init__()
        self.corners, self.side, self.scores = corners, side, scores
        self.set_image(np.zeros((*SIZE, 3), np.uint8))

    def predict(self, point_coords=None, **_):
        (x, y), masks = point_coords[0], np.zeros((3, *SIZE), bool)
        self.calls.append({"x": x, "y": y})
        masks[2] = True
        for top, left in self.corners:
            if top <= y < top + self.side and left <= x < left + self.side:
                masks[0, top : top + self.side, left : left + self.side] = True
                masks[1, top : top + self.side, left : left + self.side // 2] = True
        logits = np.stack([self.mask_logits(mask) for mask in masks])
        return masks, np.array(self.scores), logits


def test_each_object_is_found_once_and_the_largest_comes_first():
    corners = ((4, 4), (4, 60), (60, 40))
    search = Everything(Squares(*corners), SIZE)
    assert list(search.steps())[-1] <= search.total
    found = search.objects()
    assert len(found) == 6  # squares and their halves, each once
    assert {f.patch[:2] for f in found[:3]} == set(corners)
    assert [f.patch.mask.size for f in found] == [576] * 3 + [288] * 3


def test_what_is_found_is_not_clicked_again():
    model = Squares((0, 0))
    search = Everything(model, SIZE, per_side=30)
    list(search.steps())
    inside = [call for call in model.calls if call["x"] < 24 and call["y"] < 24]
    assert len(inside) <= 2 and search.done == search.total  # once for each half, at the most


def test_masks_that_are_not_expected_to_be_good_are_left_out():
    search = Everything(Squares((4, 4), scores=(0.79, 0.2, 0.99)), SIZE)
    list(search.steps())
    assert not search.objects()  # 0.99 is the whole picture


def test_a_search_is_left_and_gone_on_with():
    whole = Everything(Squares((4, 4), (60, 40)), SIZE)
    list(whole.steps())
    parts = Everything(Squares((4, 4), (60, 40)), SIZE)
    for _ in range(3):
        next(parts.steps())
    assert 0 < parts.done < parts.total
    list(parts.steps())
    assert [f.patch[:2] for f in parts.objects()] == [f.patch[:2] for f in whole.objects()]


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (300, 7), (300, 400), (401, 400)])
def test_the_grid_is_even_and_inside(size):
    points = grid(size, 16)
    assert len(np.unique(points, axis=0)) == len(points)
    assert (points > 0).all() and (points < (size[1], size[0])).all()
    np.testing.assert_allclose(points.mean(axis=0), (size[1] / 2, size[0] / 2))


def test_stability():
    assert stability(np.array([[-9.0, 9.0]])) == 1
    assert stability(np.array([[0.0, 0.5, 2.0, 3.0]])) == 0.5
    assert stability(np.full((2, 2), -5.0)) == 0
