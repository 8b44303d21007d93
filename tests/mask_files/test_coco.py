"""segcore.mask_files on COCO's JSON, against pycocotools."""

import json

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from segcore.mask_files import MaskFileError, read
from segcore.objects import union

SIZE = (6, 8)


def objects(content, size=SIZE, picture=""):
    return read(json.dumps(content).encode(), "cats.json", size, picture)


def mask_of(annotation, size=SIZE):
    return union(objects({"annotations": [annotation]}, size), size)


def refused(content, picture=""):
    with pytest.raises(MaskFileError) as caught:
        objects(content, picture=picture)
    return str(caught.value)


# === Run lengths ===


def compressed(mask):
    rle = coco_mask.encode(np.asfortranarray(mask, dtype=np.uint8))
    return {"size": [int(side) for side in rle["size"]], "counts": rle["counts"].decode()}


def uncompressed(mask):
    flat = mask.ravel(order="F")
    starts = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *starts, flat.size]).tolist()
    return {"size": list(mask.shape), "counts": [0, *runs] if flat[0] else runs}


def test_run_lengths_decode_as_pycocotools_encodes_them():
    random = np.random.default_rng(0)
    for case in range(1000):
        size = tuple(int(side) for side in random.integers(1, 60, 2))
        mask = random.random(size) < random.choice([0, 0.01, 0.5, 0.99, 1])
        if case % 2:  # long runs, whose lengths need several characters
            mask = np.zeros(size, bool)
            mask[: size[0] // 2 + 1, random.integers(size[1]) :] = True
        for rle in (compressed(mask), uncompressed(mask)):
            np.testing.assert_array_equal(mask_of({"segmentation": rle}, size), mask)


def test_long_runs_of_a_large_picture():
    mask = np.zeros((1500, 1200), bool)
    mask[100:1400, 30:1100], mask[7, 7] = True, True
    found = mask_of({"segmentation": compressed(mask)}, mask.shape)
    np.testing.assert_array_equal(found, mask)


@pytest.mark.parametrize(
    "counts",
    [[], [47], [49], [10, -2, 40], [10.0, 39], "", "0", "~~", "é", "_" * 40, [2**62] * 4 + [48]],
)
def test_wrong_run_lengths_are_refused(counts):
    """The last adds up to 48 in 64-bit arithmetic."""
    message = refused([{"segmentation": {"size": list(SIZE), "counts": counts}}])
    assert message.startswith("cats.json") and message.endswith(".")


def test_run_lengths_of_another_picture_are_refused():
    mask = np.ones((8, 6), bool)
    assert "6 × 8 pixels, the picture 8 × 6" in refused([{"segmentation": compressed(mask)}])


# === Polygons and boxes ===


def test_polygons_are_joined_and_boxes_kept():
    annotation = {
        "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3], [6, 4, 8, 4, 8, 6, 6, 6]],
        "bbox": [0, 0, 8, 6],
    }
    expected = np.zeros(SIZE, bool)
    expected[1:3, 1:4] = expected[4:6, 6:8] = True
    np.testing.assert_array_equal(mask_of(annotation), expected)
    (box,) = objects([{"bbox": [1.25, 2, 3.5, 2], "score": 0.4}])
    assert (box.box, box.score) == ((1.25, 2, 4.75, 4), 0.4)
    expected = np.zeros(SIZE, bool)
    expected[2:4, 1:5] = True  # centres 1.5 to 4.5
    np.testing.assert_array_equal(union([box], SIZE), expected)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")
def test_polygons_agree_with_pycocotools_up_to_their_outline():
    """It rounds to fifths of a pixel and counts from the pixels' corners, as here."""
    random, off, area = np.random.default_rng(1), 0, 0
    for _ in range(1000):
        ring = (random.random((3, 2)) * (40, 30)).ravel().tolist()
        found = mask_of({"segmentation": [ring]}, (30, 40))
        oracle = coco_mask.decode(coco_mask.frPyObjects([ring], 30, 40))[..., 0].astype(bool)
        off, area = off + np.count_nonzero(found ^ oracle), area + np.count_nonzero(oracle)
    assert off / area < 0.05


def test_what_lies_outside_is_cut_or_left_out():
    (left,) = objects([{"bbox": [-5, -5, 7, 7]}, {"bbox": [8, 0, 4, 4]}, {"bbox": [2, 2, 0, 3]}])
    assert left.box == (0, 0, 2, 2)


@pytest.mark.parametrize(
    "segmentation",
    [[[1, 1, 2]], [[1, 1, 2, 2]], [1, 1, 4, 1, 4, 3], [["a"] * 6], [[float("nan")] * 6],
     [[1e400] * 6], {"counts": [48]}, {"size": SIZE}, [[10**400] * 6], "circle", 7],
)  # fmt: skip
def test_damaged_outlines_are_refused(segmentation):
    message = refused([{"segmentation": segmentation}])
    assert message.startswith("cats.json") and message.endswith(".")


# === Scores, classes, pictures ===


def test_names_of_classes_and_scores():
    content = {
        "categories": [{"id": 3, "name": "cat"}],
        "annotations": [
            {"category_id": 3, "bbox": [0, 0, 1, 1]},
            {"category_id": 4, "bbox": [0, 0, 1, 1], "score": 1.5},
            {"bbox": [0, 0, 1, 1], "score": -1},
        ],
    }
    found = [(thing.label, thing.score) for thing in objects(content)]
    assert found == [("cat", 1), ("4", 1), ("", 0)]


def several():
    images = [{"id": n, "file_name": f"a/{n}.jpg", "height": 6, "width": 8} for n in (1, 2)]
    images[0]["width"] = 9
    annotations = [{"image_id": n, "bbox": [n, n, 1, 1]} for n in (1, 2, 2)]
    return {"images": images, "annotations": annotations}


def test_of_several_pictures_the_one_that_is_shown():
    assert [thing.box for thing in objects(several(), picture="2.jpg")] == [(2, 2, 3, 3)] * 2
    assert "9 × 6 pixels, the picture 8 × 6" in refused(several(), "1.jpg")
    for picture in ("3.jpg", ""):
        assert "of several pictures and none of them is called" in refused(several(), picture)
    results = [{"image_id": n, "bbox": [1, 1, 1, 1]} for n in (1, 2)]
    assert "the results are of several pictures" in refused(results)


def test_of_two_pictures_whose_names_end_alike_the_very_one():
    content = several()
    content["images"][0]["file_name"] = "a/12.jpg"
    assert len(objects(content, picture="2.jpg")) == 2


@pytest.mark.parametrize(
    "content",
    [{}, {"images": []}, {"annotations": None}, {"annotations": [None]}, {"annotations": [{}]},
     {"annotations": [{"bbox": [1, 2, 3]}]}, [1], ["a"], [[]], {"annotations": {"a": 1}},
     {"annotations": [], "images": 3}, {"annotations": [], "categories": [{}]}],
)  # fmt: skip
def test_missing_fields_are_one_sentence(content):
    message = refused(content)
    assert message.startswith("cats.json") and message.endswith(".") and len(message) < 250


def test_too_many_objects_are_refused_before_they_are_drawn():
    """Each would fill 16 million pixels: as masks they are 80 GB."""
    content = [{"bbox": [0, 0, 4000, 4000]}] * 5000
    with pytest.raises(MaskFileError, match="holds 5000 objects, more than the 500 accepted"):
        objects(content, (4000, 4000))
    assert len(objects([{"bbox": [0, 0, 1, 1]}] * 500)) == 500
