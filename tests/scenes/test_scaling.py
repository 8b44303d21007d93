"""segcore.scenes.scaling and views against whole arrays."""

import numpy as np
import pytest

from segcore import images
from segcore.class_sets import SCENES
from segcore.labels import UNLABELLED
from segcore.objects import MaskedObject, Patch
from segcore.scenes.merge import merge
from segcore.scenes.scaling import scaled
from segcore.scenes.truth import OTHER, TrueSegment, Truth
from segcore.scenes.views import class_map as to_class_map
from segcore.scenes.views import objects
from tests.scenes._scenes import (
    CAT,
    SMALL,
    class_map,
    discs,
    instances,
    random_instances,
    random_map,
    thing,
)


def whole(patch, shape):
    mask = np.zeros(shape, bool)
    mask[patch.window] = patch.mask
    return mask


@pytest.mark.parametrize("seed", range(30))
def test_objects_scale_as_whole_masks_do(seed):
    rng = np.random.default_rng(seed)
    old, new = (tuple(int(side) for side in rng.integers(1, 30, 2)) for _ in range(2))
    result = random_instances(rng, old, 6)
    left = list(scaled(result, new).objects)
    for before in result.objects:
        mask = images.resize_mask(whole(before.patch, old), new)
        if mask.any():
            after = left.pop(0)
            np.testing.assert_array_equal(whole(after.patch, new), mask)
            assert after.patch.mask[0].any() and after.patch.mask[:, -1].any()
            assert (after.score, after.label) == (before.score, before.label)
    assert not left


@pytest.mark.parametrize("seed", range(10))
def test_maps_and_truths_scale_and_lose_what_has_no_pixels(seed):
    rng = np.random.default_rng(seed)
    semantic = random_map(rng, (20, 30))
    new = tuple(int(side) for side in rng.integers(1, 40, 2))
    result = scaled(merge(semantic, random_instances(rng, (20, 30), 6), 0).panoptic, new)
    assert {s.id: s.area for s in result.segments} == {
        i: (result.ids == i).sum() for i in np.unique(result.ids).tolist() if i
    }
    smaller = scaled(semantic, new)
    assert smaller.shape == new and smaller.size == semantic.size
    np.testing.assert_array_equal(smaller.classes, images.resize_mask(semantic.classes, new))
    truth = scaled(discs(rng), new)
    assert {s.id for s in truth.segments} == set(np.unique(truth.ids).tolist()) - {0}


def test_boxes_scale_and_nothing_is_done_at_the_same_shape():
    box = MaskedObject(Patch(1, 2, np.ones((2, 4), bool)), box=(2, 1, 6, 3), label="cat")
    result = instances((4, 8), box)
    assert scaled(result, (4, 8)) is result
    (after,) = scaled(result, (8, 8)).objects
    assert after.box == (2, 2, 6, 6) and after.patch.mask.shape == (4, 4)


def test_a_panoptic_result_seen_as_classes_and_as_objects():
    found = instances((1, 4), thing([[1, 0, 0, 0]], 0.6, "dog"), thing([[0, 1, 0, 0]], 0.8))
    result = merge(class_map([[CAT, CAT, 2, UNLABELLED]], 51), found).panoptic
    seen = to_class_map(result)
    assert seen.classes.tolist() == [[1, 0, 2, UNLABELLED]]
    assert seen.scores.tolist() == [[153, 204, 51, 0]]
    assert [(o.label, o.score, o.patch.left) for o in objects(result).objects] == [
        ("cat", 0.8, 1), ("dog", 0.6, 0)
    ]  # fmt: skip
    assert to_class_map(result).class_set is SMALL


def test_the_places_of_a_truth_are_those_of_its_list():
    truth = Truth(
        np.array([[0, 70_000, 9, 12]], np.int32), [TrueSegment(70_000, 3), TrueSegment(9, OTHER)]
    )
    assert truth.places().tolist() == [[0, 1, 2, 0]]
    assert truth.classes().tolist() == [[UNLABELLED, 3, OTHER, UNLABELLED]]
    assert Truth(np.zeros((1, 1), np.int32), []).classes().tolist() == [[UNLABELLED]]
    assert len(SCENES) < OTHER
