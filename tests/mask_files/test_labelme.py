"""segcore.mask_files on LabelMe's JSON."""

import base64
import io
import json
import math
import time

import numpy as np
import pytest
from PIL import Image
from skimage.draw import disk

from segcore.mask_files import MaskFileError, read
from segcore.objects import union

SIZE = (20, 30)


def objects(*shapes, size=SIZE, **more):
    return read(json.dumps({"shapes": shapes, **more}).encode(), "dog.json", size)


def mask_of(*shapes):
    return union(objects(*shapes), SIZE)


def refused(*shapes, **more):
    with pytest.raises(MaskFileError) as caught:
        objects(*shapes, **more)
    return str(caught.value)


def png64(mask):
    buffer = io.BytesIO()
    Image.fromarray(mask).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_polygons_and_rectangles_fill_the_same_pixels():
    corners = [[3, 2], [9, 2], [9, 7], [3, 7]]
    expected = np.zeros(SIZE, bool)
    expected[2:7, 3:9] = True
    for shape in (
        {"label": "dog", "points": corners},
        {"label": "dog", "points": corners, "shape_type": "polygon"},
        {"label": "dog", "points": corners[::2], "shape_type": "rectangle"},
        {"label": "dog", "points": corners[2::-2], "shape_type": "rectangle"},
    ):
        (thing,) = objects(shape, imageHeight=20, imageWidth=30)
        assert (thing.label, thing.score) == ("dog", 1)
        np.testing.assert_array_equal(union([thing], SIZE), expected)
    assert thing.box == (3, 2, 9, 7)


def test_circles_agree_with_scikit_image():
    random = np.random.default_rng(0)
    for _ in range(400):
        x, y, radius = random.random(3) * (36, 26, 12) + (-3, -3, 0.1)
        angle = random.random() * 2 * math.pi
        edge = [x + radius * math.cos(angle), y + radius * math.sin(angle)]
        expected = np.zeros(SIZE, bool)
        expected[disk((y - 0.5, x - 0.5), radius, shape=SIZE)] = True
        found = mask_of({"points": [[x, y], edge], "shape_type": "circle"})
        np.testing.assert_array_equal(found, expected)


def test_masks_lie_where_their_first_point_says_and_are_cut():
    random = np.random.default_rng(1)
    for _ in range(500):
        mask = random.random(random.integers(1, (21, 31))) < 0.5
        left, top = (int(v) for v in random.integers((-35, -25), (35, 25)))
        expected = np.zeros((100, 140), bool)
        expected[top + 40 :, left + 50 :][: mask.shape[0], : mask.shape[1]] = mask
        shape = {"points": [[left, top], [0, 0]], "shape_type": "mask", "mask": png64(mask)}
        np.testing.assert_array_equal(mask_of(shape), expected[40:60, 50:80])


def test_a_group_stays_apart_and_empty_objects_are_left_out():
    corners = [[0, 0], [4, 0], [4, 4]]
    shapes = [{"points": corners, "group_id": 1}] * 2
    outside = {"points": [[40, 0], [44, 0], [44, 4]]}
    assert len(objects(*shapes, outside)) == 2
    assert objects() == []


@pytest.mark.alone
def test_long_outlines_are_refused_at_once():
    points = [[i % 7, i % 11] for i in range(300_000)]
    began = time.process_time()
    assert "300000 points; accepted are 3 to 20000" in refused({"points": points})
    assert time.process_time() - began < 5


def test_too_many_objects_are_refused_before_they_are_drawn():
    shape = {"points": [[0, 0], [4000, 4000]], "shape_type": "rectangle"}
    message = refused(*[shape] * 5000, size=(4000, 4000))
    assert "holds 5000 objects, more than the 500 accepted" in message


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ({"points": [[1, 1]], "shape_type": "line"}, "of type 'line'; accepted are polygon"),
        ({"points": [[1, 1]], "shape_type": ["x" * 99]}, "accepted are polygon"),
        ({"points": [[1, 1], [2, 2]]}, "has 2 points; accepted are 3"),
        ({"points": [[1, 1], [1, 1]], "shape_type": "circle"}, "give it a width above 0"),
        ({"points": [[1, 1]], "shape_type": "circle"}, "damaged"),
        ({"points": [[1, 1]] * 3, "shape_type": "rectangle"}, "damaged"),
        ({"points": [], "shape_type": "mask", "mask": png64(np.ones((2, 2), bool))}, "damaged"),
        ({"points": [[0, 0]], "shape_type": "mask"}, "damaged"),
        ({"points": [[0, 0]], "shape_type": "mask", "mask": "!"}, "damaged"),
        ({"points": [[0, 0]], "shape_type": "mask", "mask": "AAAA"}, "damaged"),
        ({"points": [[0, 0]], "shape_type": "mask", "mask": None}, "damaged"),
        (
            {"points": [[0, 0]], "shape_type": "mask", "mask": png64(np.ones((21, 2), bool))},
            "larger than the picture",
        ),
        ({"points": [[math.nan, 0]] * 3}, "accepted are numbers up to"),
        ({"points": [[math.inf, 0]] * 3}, "accepted are numbers up to"),
        ({"points": [[1, 2, 3]] * 3}, "damaged"),
        ({"points": 3}, "damaged"),
        ({}, "damaged"),
        (None, "damaged"),
        ("polygon", "damaged"),
    ],
)
def test_damaged_shapes_are_one_sentence(shape, message):
    found = refused(shape)
    assert message in found
    assert found.startswith("dog.json") and found.endswith(".") and len(found) < 250


def test_another_size_and_another_kind_of_shapes():
    assert "30 × 21 pixels, the picture 30 × 20" in refused(imageHeight=21, imageWidth=30)
    assert "this is a drawing; load it under Save and load" in refused(format="segcore drawing")
    with pytest.raises(MaskFileError, match="damaged"):
        read(b'{"shapes": {"a": 1}}', "dog.json", SIZE)
