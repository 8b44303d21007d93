"""segcore.drawing: shapes and drawings, what they accept and how they are edited."""

import math
import time

import numpy as np
import pytest

from segcore.drawing import Box, Brush, Drawing, DrawingError, Mark, Polygon, default_boxes
from segcore.drawing.drawing import MAX_MARKS
from segcore.drawing.shapes import MAX_COORDINATE, MAX_POINTS, rounded

TRIANGLE = ((0, 0), (4, 0), (4, 3))


def refused(make, *args, **more):
    with pytest.raises(DrawingError) as caught:
        make(*args, **more)
    message = str(caught.value)
    assert message.endswith(".") and "\n" not in message and len(message) < 250
    return message


def random_shape(random):
    points = tuple(map(tuple, random.random((random.integers(3, 9), 2)) * 90 - 20))
    if random.random() < 0.3:
        return Box(*points[0], *points[1])
    return Brush(points, 0.1 + random.random() * 9) if random.random() < 0.5 else Polygon(points)


# === Shapes ===


def test_boxes_put_their_corners_in_order():
    for corners in ((5, 1, 2, 3), (2, 3, 5, 1), (5, 3, 2, 1), (2, 1, 5, 3)):
        assert Box(*corners).bounds() == (2, 1, 5, 3)
    assert Box(2, 1, 5, 3).outline() == ((2, 1), (5, 1), (5, 3), (2, 3))


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 2 * MAX_COORDINATE])
def test_coordinates_are_finite_and_bounded(bad):
    assert "accepted are numbers up to 1,000,000" in refused(Box, 0, 0, bad, 1)
    assert "accepted are numbers up to" in refused(Polygon, (*TRIANGLE, (bad, 0)))
    assert "accepted are numbers up to" in refused(Brush, ((0, bad),), 2)


@pytest.mark.parametrize("width", [0, -1, math.nan, math.inf, 2 * MAX_COORDINATE])
def test_brushes_have_a_width(width):
    assert "give it a width" in refused(Brush, ((0, 0),), width)


@pytest.mark.parametrize("points", [(), TRIANGLE[:2], TRIANGLE * MAX_POINTS])
def test_polygons_have_three_points_and_not_too_many(points):
    assert f"accepted are 3 to {MAX_POINTS}" in refused(Polygon, points)


@pytest.mark.parametrize("points", [None, 3, "abc", (1, 2, 3), ((1, 2, 3),) * 3, (("a", 1),) * 3])
def test_points_are_pairs(points):
    assert "is a list of points [x, y]" in refused(Polygon, points)


def test_bounds_are_what_is_covered_and_fitting_reaches_them():
    random = np.random.default_rng(0)
    for _ in range(1000):
        shape = random_shape(random)
        x, y = np.array(shape.outline()).T
        half = shape.width / 2 if isinstance(shape, Brush) else 0
        expected = (x.min() - half, y.min() - half, x.max() + half, y.max() + half)
        assert shape.bounds() == pytest.approx(expected)
        left, top = random.random(2) * 50
        width, height = random.random(2) * 40 + 2 * half
        target = (left, top, left + width, top + height)
        fitted = shape.fitted(target)
        assert fitted.bounds() == pytest.approx(target)
        assert fitted.fitted(shape.bounds()).outline() == pytest.approx(
            np.array(shape.outline()), abs=1e-6
        )


def test_what_has_no_extent_is_only_moved():
    level = Brush(((0, 5), (10, 5)), 2)
    assert level.fitted((10, 20, 32, 90)).points == ((11, 21), (31, 21))
    assert Brush(((3, 3),), 4).fitted((10, 10, 12, 12)).points == ((12, 12),)


def test_rounding_keeps_the_kind_and_a_width():
    assert rounded(Box(0.004, 1.006, 2, 3)) == Box(0, 1.01, 2, 3)
    assert rounded(Polygon(((0.001, 0), (1, 0), (1, 1)), True)) == Polygon(
        ((0, 0), (1, 0), (1, 1)), True
    )
    assert rounded(Brush(((0.126, 0),), 0.001)) == Brush(((0.13, 0),), 0.01)


# === Marks and drawings ===


def test_marks_say_what_is_wrong():
    box = Box(0, 0, 1, 1)
    assert "accepted are ('target', 'prediction')" in refused(Mark, "left", box)
    assert "accepted are" in refused(Mark, "left" * 1000, box)
    assert "Only a brush stroke can erase" in refused(Mark, "target", box, True)
    for score in (-0.1, 1.1, math.nan, math.inf):
        assert "accepted are values from 0 to 1" in refused(Mark, "target", box, score=score)


def test_editing_returns_new_drawings_and_keeps_the_order():
    a, b, c = (Mark(side, Box(i, 0, 9, 9)) for i, side in enumerate(("target", "prediction") * 2)
               if i < 3)  # fmt: skip
    drawing = Drawing().added(a).added(b).added(c)
    assert drawing.marks == (a, b, c)
    assert drawing.side("target") == [(0, a), (2, c)]
    assert drawing.side("prediction") == [(1, b)]
    assert drawing.replaced(1, c).marks == (a, c, c)
    assert drawing.removed(1).marks == (a, c)
    assert drawing.cleared("target").marks == (b,)
    assert drawing.marks == (a, b, c)


def test_a_drawing_is_bounded():
    marks = (Mark("target", Box(0, 0, 1, 1)),) * MAX_MARKS
    assert "up to 500 shapes" in refused(Drawing, (*marks, marks[0]))
    line = Mark("target", Brush(((0, 0),) * MAX_POINTS, 1))
    assert len(Drawing((line,) * 5).marks) == 5
    assert "up to 500 shapes with 100,000 points: use fewer" in refused(Drawing, (line,) * 6)


def test_drawings_resemble_each_other_up_to_the_tolerance():
    random = np.random.default_rng(1)
    for _ in range(1000):
        shape = random_shape(random)
        mark = Mark("target", shape)
        x0, y0, x1, y1 = shape.bounds()
        moved = shape.fitted((x0 + 0.1, y0 - 0.1, x1 + 0.1, y1 - 0.1))
        other = Drawing((Mark("target", moved, score=0.5),))
        assert Drawing((mark,)).resembles(other, 0.1001)
        assert not Drawing((mark,)).resembles(other, 0.0999)
        for different in (
            Drawing(),
            Drawing((mark, mark)),
            Drawing((Mark("prediction", shape),)),
            Drawing((Mark("target", Box(*shape.bounds()).fitted((500, 500, 501, 501))),)),
        ):
            assert not Drawing((mark,)).resembles(different, 0.1)
    stroke, wider = Brush(TRIANGLE, 2), Brush(TRIANGLE, 2.2)
    assert not Drawing((Mark("target", stroke),)).resembles(Drawing((Mark("target", wider),)), 0.1)
    eraser = Drawing((Mark("target", stroke, True),))
    assert not Drawing((Mark("target", stroke),)).resembles(eraser, 0.1)


@pytest.mark.parametrize("size", [(480, 640), (10, 16), (1000, 30), (4, 4)])
def test_the_first_boxes_lie_in_the_picture_and_overlap(size):
    target, prediction = (mark.shape for mark in default_boxes(size).marks)
    for box in (target, prediction):
        x0, y0, x1, y1 = box.bounds()
        assert 0 <= x0 < x1 <= size[1] and 0 <= y0 < y1 <= size[0]
    assert prediction.x_min < target.x_max and prediction.y_min < target.y_max


@pytest.mark.alone
def test_a_full_drawing_is_compared_at_once():
    marks = tuple(Mark("target", Box(i, 0, i + 1, 1)) for i in range(MAX_MARKS))
    began = time.perf_counter()
    assert Drawing(marks).resembles(Drawing(marks), 0)
    assert time.perf_counter() - began < 1
