"""Scenes in memory, their crops and the targets of centres, against NumPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segcore.class_sets import SCENES
from segcore.datasets.in_memory import CROWD, Scenes, draw_order, maps, repeat_factors
from segcore.datasets.scene_pipeline import GREY, Crops, centre_targets, crop_batches, tensors
from segcore.labels import UNLABELLED
from segcore.normalisation import Normalisation
from segcore.scenes.grouping import targets
from segcore.scenes.truth import TrueSegment, Truth

AS_IT_IS = Normalisation(0.0, 1.0)


def scene(height: int, width: int, side: int = 32) -> Scenes:
    """A picture whose colour says what the labels are: red the class, green the object."""
    random = np.random.default_rng(height + width)
    rows, columns = np.indices((side, side)) // 8
    classes = ((rows + 2 * columns) % 5).astype(np.uint8)
    objects = ((rows * 4 + columns) % 7).astype(np.uint8)
    picture = np.zeros((side, side, 3), np.uint8)
    picture[..., 0], picture[..., 1] = classes * 40, objects * 30
    picture[..., 2] = random.integers(0, 255)
    inside = np.zeros((side, side), bool)
    inside[:height, :width] = True
    picture[~inside] = 0
    classes[~inside], objects[~inside] = UNLABELLED, 0
    size = np.array([[height, width]], np.int32)
    return Scenes(picture[None], classes[None], objects[None], size, ["drawn"], [])


def first(scenes: Scenes, side: int, crops: Crops | None, seed: int = 0):
    batch = next(
        iter(
            crop_batches(
                tensors(scenes),
                np.array([0]),
                side=side,
                batch=1,
                normalisation=AS_IT_IS,
                crops=crops,
                seed=(seed, 1),
            )
        )
    )
    return [np.asarray(array)[0] for array in batch]


def test_a_whole_picture_is_only_scaled():
    picture, classes, objects = first(scene(32, 32), 32, None)
    given = scene(32, 32)
    np.testing.assert_allclose(picture, given.pictures[0], atol=1e-3)
    np.testing.assert_array_equal(classes, given.classes[0, 1::2, 1::2])
    np.testing.assert_array_equal(objects, given.objects[0, 2::4, 2::4])


def test_beyond_the_picture_is_grey_and_void():
    picture, classes, objects = first(scene(16, 32), 32, None)
    assert (picture[17:] == GREY).all() and (picture[:15] != GREY).any()
    assert (classes[9:] == UNLABELLED).all() and not (classes[:7] == UNLABELLED).any()
    assert not objects[5:].any()


@pytest.mark.parametrize("seed", range(12))
def test_crops_move_picture_and_labels_alike(seed: int):
    crops = Crops(zoom=(0.8, 1.6), stretch=1.2, colour=0.0)
    picture, classes, objects = first(scene(32, 24), 64, crops, seed)
    half, quarter = picture[1::2, 1::2], picture[2::4, 2::4]
    for labels, shown, channel, factor in (
        (classes, half, 0, 40),
        (objects, quarter, 1, 30),
    ):
        seen = (shown != GREY).any(axis=-1)
        flat = seen & (np.abs(shown[..., channel] / factor - labels) < 0.3)
        known = seen & (labels != UNLABELLED)
        assert flat.sum() > 0.6 * known.sum()  # the rest lies between two squares


def test_the_same_seed_gives_the_same_crop_and_another_one_another():
    crops = Crops()
    one, same, other = (first(scene(32, 24), 32, crops, seed)[0] for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 1


def test_centres_and_offsets_equal_numpy():
    random = np.random.default_rng(1)
    batch = np.zeros((8, 12, 16), np.uint8)
    for objects in batch:
        for number in range(1, random.integers(1, 6)):
            y, x = random.integers(0, 10), random.integers(0, 12)
            objects[y : y + random.integers(1, 6), x : x + random.integers(1, 6)] = number
    heat, offsets, inside, counted = centre_targets(tf.constant(batch), sigma=2.0)
    for i, objects in enumerate(batch):
        numbers = [n for n in np.unique(objects).tolist() if n]
        wanted = targets(objects.astype(np.int32), numbers, sigma=2.0)
        np.testing.assert_allclose(offsets[i], wanted.offsets, atol=1e-4)
        np.testing.assert_array_equal(inside[i], wanted.inside)
        # NumPy's are cut off at 3 sigma, where exp(-4.5) is left
        np.testing.assert_allclose(heat[i], wanted.heat, atol=0.0112)
    assert np.asarray(counted).all()


def test_crowds_do_not_count():
    objects = np.array([[[0, CROWD, 1]]], np.uint8)
    heat, offsets, inside, counted = (np.asarray(a)[0, 0] for a in centre_targets(objects))
    assert inside.tolist() == [0, 0, 1] and counted.tolist() == [1, 0, 1]
    assert heat[2] == 1 and not offsets.any()


def test_maps_of_a_truth():
    cat, sky = SCENES.index("cat"), SCENES.index("sky")
    ids = np.array([[0, 5, 6, 7]], np.int32)
    segments = [TrueSegment(5, cat), TrueSegment(6, cat, True), TrueSegment(7, sky)]
    classes, objects = maps(Truth(ids, segments))
    assert classes.tolist() == [[UNLABELLED, cat, cat, sky]]
    assert objects.tolist() == [[0, 1, CROWD, 0]]


def test_rare_classes_are_drawn_more_often():
    present = np.zeros((1000, 2), bool)
    present[:, 0], present[:5, 1] = True, True
    factors = repeat_factors(present, 0.02)
    assert factors[:5].tolist() == [2.0] * 5 and (factors[5:] == 1).all()
    order = draw_order(factors, 0, 1)
    assert np.bincount(order, minlength=1000).tolist() == [2] * 5 + [1] * 995
    assert (
        order.tolist() == draw_order(factors, 0, 1).tolist() != draw_order(factors, 0, 2).tolist()
    )
