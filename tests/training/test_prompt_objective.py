"""Losses and simulated prompts of the promptable model, against plain ones."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import ndimage

from segcore.losses import focal, soft_dice
from segcore.training.prompt_objective import BOX_RATE, _first_prompt, hard_iou, mask_losses
from segcore.training.simulated_prompts import DEPTH, Draws, clicks, jittered, rough_masks

EXACT, RANDOM = Draws(False), Draws(True)


def case(seed, n=6, size=(9, 12)):
    rng = np.random.default_rng(seed)
    logits = ndimage.gaussian_filter(rng.normal(size=(n, 1, *size)), (0, 0, 1, 1)) * 8
    target = (ndimage.gaussian_filter(rng.normal(size=(n, 1, *size)), (0, 0, 1, 1)) > 0) * 1.0
    labelled = (rng.random((n, 1, *size)) < 0.9) * 1.0
    return tuple(x.astype(np.float32) for x in (logits, target, labelled))


@pytest.mark.parametrize("seed", range(5))
def test_losses_are_the_published_ones(seed):
    logits, target, labelled = case(seed)
    loss, iou = mask_losses(logits, target, labelled)
    true = np.where(labelled == 1, target, 255)[:, 0, ..., None]
    probability = (1 / (1 + np.exp(-logits)))[:, 0, ..., None]
    # balanced by alpha, a half, as in Lin et al.'s equation 5: each side's sum, weighted
    sides = [
        np.asarray(focal(np.where(true == side, true, 255).astype(np.float32), probability))
        * ((true == side).sum(axis=(1, 2, 3)))
        for side in (1, 0)
    ]
    expected = 0.5 * (sides[0] + sides[1]) / labelled.sum(axis=(1, 2, 3))
    expected = 20 * expected + np.asarray(soft_dice(true.astype(np.float32), probability))
    np.testing.assert_allclose(loss[:, 0], expected, rtol=1e-4)
    np.testing.assert_allclose(iou, hard_iou(logits, target, labelled))


def test_void_counts_for_nothing_and_right_masks_cost_nothing():
    logits, target, labelled = case(9)
    other = np.where(labelled == 1, target, 1 - target)
    for a, b in zip(
        mask_losses(logits, target, labelled), mask_losses(logits, other, labelled), strict=True
    ):
        np.testing.assert_allclose(a, b, rtol=1e-5)
    loss, iou = mask_losses(60 * target - 30, target, labelled)
    np.testing.assert_allclose(loss, 0, atol=1e-5)
    np.testing.assert_allclose(iou, 1)


@pytest.mark.parametrize("seed", range(8))
def test_clicks_go_to_the_middle_of_the_largest_error(seed):
    logits, target, labelled = case(seed, size=(14, 17))
    points, kinds = clicks(logits, target, labelled, EXACT)
    for i, ((x, y), kind) in enumerate(zip(points.numpy(), kinds.numpy(), strict=True)):
        wrong = [
            sign & (labelled[i, 0] == 1)
            for sign in (
                (logits[i, 0] > 0) & (target[i, 0] == 0),
                (logits[i, 0] <= 0) & (target[i, 0] == 1),
            )
        ]
        depths = [
            np.minimum(ndimage.distance_transform_cdt(np.pad(w, 1), "chessboard"), DEPTH)[
                1:-1, 1:-1
            ]
            for w in wrong
        ]
        assert depths[kind][int(y // 4), int(x // 4)] == np.max(depths)
        assert (x % 4, y % 4) == (2, 2)


def test_clicks_in_training_lie_in_the_error_of_their_kind():
    logits, target, labelled = case(3, n=40)
    for anywhere in (False, True):
        points, kinds = clicks(logits, target, labelled, RANDOM, anywhere)
        for i, ((x, y), kind) in enumerate(zip(points.numpy(), kinds.numpy(), strict=True)):
            cell = int(y // 4), int(x // 4)
            assert labelled[i, 0][cell] == 1
            assert target[i, 0][cell] == kind
            assert (logits[i, 0][cell] > 0) == (kind == 0)
    assert set(kinds.numpy()) == {0, 1}


@pytest.mark.parametrize("draws", [EXACT, RANDOM])
def test_boxes_are_drawn_around_objects_only(draws):
    n = 400
    target = np.ones((n, 1, 8, 8), np.float32)
    things = np.arange(n) % 3 > 0
    targets = {
        "boxes": tf.constant(np.tile(np.float32([[[2, 3, 30, 28]]]), (n, 1, 1))),
        "things": tf.constant(things[:, None]),
    }
    prompt = _first_prompt(targets, target, np.ones_like(target), draws)
    kinds, has_box = prompt["kinds"].numpy(), (prompt["kinds"].numpy()[:, :2] == (2, 3)).all(1)
    assert not has_box[~things].any()
    assert has_box[things].mean() == pytest.approx(BOX_RATE, abs=0.1)
    assert (kinds[has_box, 2] == -1).all()


def test_nothing_wrong_no_click():
    _, target, labelled = case(4)
    assert clicks(2 * target - 1, target, labelled, EXACT)[1].numpy().tolist() == [-1] * 6


def test_boxes_move_little_and_in_training_only():
    boxes = tf.constant(np.tile(np.float32([[10, 20, 210, 60]]), (500, 1)))
    np.testing.assert_array_equal(jittered(boxes, 320.0, EXACT), boxes)
    moved = np.abs(jittered(boxes, 320.0, RANDOM) - boxes)
    assert 0 < moved[:, 1::2].mean() < moved[:, ::2].mean()
    assert moved.max() <= 320 / 50 + 1e-4


def test_rough_masks_miss_the_target_a_little():
    target = np.zeros((2, 1, 40, 40), np.float32)
    target[:, :, 10:30, 12:28] = 1
    iou = hard_iou(rough_masks(target, EXACT), target, np.ones_like(target)).numpy()
    assert ((iou > 0.4) & (iou < 0.9)).all()
