"""LabelMe files that are written, read again by the calculator's reader."""

from __future__ import annotations

import json

import numpy as np

from segcore.exporters import labelme
from segcore.mask_files import read
from segcore.objects import EMPTY, MaskedObject, Patch, trimmed


def test_random_objects_come_back():
    rng = np.random.default_rng(4)
    size = (40, 70)
    for _ in range(50):
        masks = rng.random((3, *size)) < rng.uniform(0.001, 0.9)
        objects = [
            MaskedObject(trimmed(Patch(0, 0, mask)), label=f"object {i}")
            for i, mask in enumerate(masks)
            if mask.any()
        ]
        data = labelme.encode(objects, size, "my cat.jpg")
        back = read(data, "my cat.json", size)
        assert [thing.label for thing in back] == [thing.label for thing in objects]
        for ours, theirs in zip(objects, back, strict=True):
            assert ours.patch[:2] == theirs.patch[:2]
            np.testing.assert_array_equal(ours.patch.mask, theirs.patch.mask)


def test_it_says_what_labelme_wants():
    thing = MaskedObject(Patch(3, 5, np.ones((4, 2), bool)))
    content = json.loads(labelme.encode([thing, MaskedObject(EMPTY)], (10, 20), "a.jpg"))
    (shape,) = content["shapes"]
    assert shape["points"] == [[5, 3], [6, 6]]  # both corners are pixels of it
    assert (shape["shape_type"], shape["label"]) == ("mask", "object")
    assert (content["imagePath"], content["imageHeight"], content["imageWidth"]) == (
        "a.jpg",
        10,
        20,
    )
