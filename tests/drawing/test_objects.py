"""segcore.drawing.objects: which marks make up which objects."""

import numpy as np
import pytest

from segcore.drawing import Box, Brush, Drawing, Mark, Polygon
from segcore.drawing.objects import drawn_objects
from segcore.drawing.raster import rasterise
from segcore.objects import MaskedObject, union

SIZE = (20, 30)


def full(shape):
    return union([MaskedObject(rasterise(shape, SIZE))], SIZE)


def by_hand(drawing, side):
    """Apply the rules to whole masks: (mask, score) of each object."""
    objects = []
    for mark in (mark for mark in drawing.marks if mark.side == side):
        mask = full(mark.shape)
        if mark.erase:
            objects = [(old & ~mask, score) for old, score in objects]
            continue
        touched = [i for i, (old, _) in enumerate(objects) if (old & mask).any()]
        if isinstance(mark.shape, Brush) and touched:
            old, score = objects[touched[-1]]
            objects[touched[-1]] = (old | mask, score)
        else:
            objects.append((mask, mark.score))
    return [(mask, score) for mask, score in objects if mask.any()]


def random_mark(random):
    side = random.choice(["target", "prediction"])
    points = tuple(map(tuple, random.random((3, 2)) * (50, 40) - 10))
    kind = random.integers(4)
    if kind == 0:
        return Mark(side, Box(*points[0], *points[1]), score=random.random())
    if kind == 1:
        return Mark(side, Polygon(points), score=random.random())
    return Mark(side, Brush(points[:2], 1 + random.random() * 8), kind == 3)


def test_random_drawings_against_whole_masks():
    random = np.random.default_rng(0)
    for _ in range(400):
        drawing = Drawing(tuple(random_mark(random) for _ in range(random.integers(1, 9))))
        for side in ("target", "prediction"):
            found, expected = drawn_objects(drawing, side, SIZE), by_hand(drawing, side)
            assert [thing.score for thing in found] == [score for _, score in expected]
            for thing, (mask, _) in zip(found, expected, strict=True):
                np.testing.assert_array_equal(union([thing], SIZE), mask)
                assert thing.patch.mask[0].any() and thing.patch.mask[:, -1].any()


def targets(*shapes, erase=()):
    marks = [Mark("target", shape, i in erase) for i, shape in enumerate(shapes)]
    return drawn_objects(Drawing(tuple(marks)), "target", SIZE)


BOX = Box(4, 4, 10, 10)
STROKE = Brush(((5, 5), (20, 5)), 2)
FAR = Brush(((25, 15),), 2)


def test_a_box_keeps_its_corners_until_a_brush_changes_it():
    assert targets(BOX)[0].box == (4, 4, 10, 10)
    assert targets(Box(-5, -5, 3.5, 90))[0].box == (0, 0, 3.5, 20)
    assert targets(BOX, STROKE)[0].box is None
    assert targets(BOX, STROKE, erase=[1])[0].box is None
    assert targets(BOX, FAR, erase=[1])[0].box == (4, 4, 10, 10)
    assert targets(BOX, FAR)[0].box == (4, 4, 10, 10)


def test_a_stroke_adds_to_the_last_object_it_touches():
    assert len(targets(BOX, STROKE)) == 1
    assert len(targets(BOX, FAR)) == 2
    first, second = targets(BOX, Box(8, 4, 14, 10), STROKE)
    assert (first.box is None, second.box is None) == (False, True)


def test_erasing_all_and_erasing_nothing():
    everything = Brush(((15, 10),), 100)
    assert targets(BOX, FAR, everything, erase=[2]) == []
    assert targets(everything, erase=[0]) == []
    assert len(targets(BOX, everything, BOX, erase=[1])) == 1


@pytest.mark.parametrize(
    "shape",
    [Box(40, 0, 50, 9), Box(5, 5, 5, 9), Polygon(((0, 0), (5, 5), (9, 9))), Brush(((5, 5),), 0.1)],
)
def test_what_has_no_pixel_in_the_picture_is_left_out(shape):
    assert targets(shape) == []
    assert len(targets(shape, BOX)) == 1
