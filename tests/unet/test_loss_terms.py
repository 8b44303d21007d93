"""segcore.unet.loss_terms against segcore.losses, which trains; and the scene they judge."""

import numpy as np
import pytest

from segcore import losses as keras_losses
from segcore.unet import loss_scene, loss_terms

SHAPE = (12, 17)
RNG = np.random.default_rng(7)
TRUTH = (RNG.random(SHAPE) < 0.3).astype(float)
GUESS = RNG.random(SHAPE)
ONE_PIXEL = np.zeros(SHAPE)
ONE_PIXEL[3, 4] = 1
VOID = np.where(RNG.random(SHAPE) < 0.2, 255.0, TRUTH)
EMPTY, FULL = np.zeros(SHAPE), np.ones(SHAPE)
CASES = {
    "random": (TRUTH, GUESS),
    "empty target": (EMPTY, GUESS),
    "full target": (FULL, GUESS),
    "one pixel": (ONE_PIXEL, GUESS),
    "one pixel of one": (np.ones((1, 1)), np.full((1, 1), 0.3)),
    "void": (VOID, GUESS),
    "all void": (np.full(SHAPE, 255.0), GUESS),
    "p of 0": (TRUTH, EMPTY),
    "p of 1": (TRUTH, FULL),
    "right and sure": (TRUTH, TRUTH),
    "wrong and sure": (TRUTH, 1 - TRUTH),
    "empty and empty": (EMPTY, EMPTY),
}


def keras_value(loss, truth, guess):
    batch = [array[None, ..., None].astype("float32") for array in (truth, guess)]
    return float(np.asarray(loss(*batch))[0])


@pytest.mark.parametrize("name", CASES)
def test_the_numbers_are_those_that_train(name):
    truth, guess = CASES[name]
    found = loss_terms.losses(truth, guess, 0.3)
    expected = [
        keras_value(loss, truth, guess)
        for loss in (
            keras_losses.cross_entropy,
            keras_losses.soft_dice,
            keras_losses.weighted_sum(0.3),
            keras_losses.focal,
        )
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_the_maps_make_up_the_numbers():
    valid = VOID <= 1
    found = loss_terms.losses(VOID, GUESS)
    entropy = loss_terms.cross_entropy_map(VOID, GUESS)
    assert not entropy[~valid].any()
    assert entropy[valid].mean() == pytest.approx(found.cross_entropy)
    overlap = loss_terms.overlap_map(VOID, GUESS)
    total = VOID[valid].sum() + GUESS[valid].sum()
    assert loss_terms.soft_dice(VOID, GUESS, smooth=0) == pytest.approx(
        1 - 2 * overlap.sum() / total
    )


def test_misuse_is_named():
    with pytest.raises(ValueError, match="dice_weight is 2"):
        loss_terms.losses(TRUTH, GUESS, 2)
    with pytest.raises(ValueError, match=r"\(12, 17\) and probability \(12, 16\)"):
        loss_terms.losses(TRUTH, GUESS[:, :-1])


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.25])
def test_the_disc_has_its_share_of_the_picture(share):
    truth = loss_scene.target("Disc", share)
    assert truth.mean() == pytest.approx(share, rel=0.15)
    assert not truth[[0, -1]].any() and not truth[:, [0, -1]].any()


@pytest.mark.parametrize("share", [0.01, 0.08, 0.25])
def test_a_ring_has_its_share_and_a_hole(share):
    truth = loss_scene.target("Ring", share)
    assert truth.mean() == pytest.approx(share, rel=0.1)
    assert not truth[47, 55]


def test_the_scene_refuses_what_it_cannot_draw():
    with pytest.raises(ValueError, match="Star"):
        loss_scene.target("Star", 0.1)
    with pytest.raises(ValueError, match="share is 0.3"):
        loss_scene.target("Disc", 0.3)


def test_a_prediction_is_the_target_moved_and_made_less_sure():
    truth = loss_scene.target("Disc", 0.1)
    here, there = loss_scene.predictions(truth, [0, 10], 0, 0.9)
    np.testing.assert_allclose(here, np.where(truth, 0.9, 0.1))
    np.testing.assert_allclose(there[:, 10:], here[:, :-10])
    np.testing.assert_allclose(there[:, :10], 0.1)
    (soft,) = loss_scene.predictions(truth, [0], 3, 0.9)
    assert soft.min() == pytest.approx(0.1) and soft.max() == pytest.approx(0.9, abs=1e-3)
    assert soft.mean() == pytest.approx(here.mean(), abs=1e-3)


@pytest.mark.parametrize("shape", loss_scene.SHAPES)
@pytest.mark.parametrize("share", [0.001, 0.25])
def test_losses_rise_until_the_object_is_passed(shape, share):
    shifts, found = loss_scene.by_shift(shape, share, 0, 0.95, 0.5, 33)
    assert shifts[0] == 0 and len(shifts) <= 33
    assert found[0] == pytest.approx(min(found))
    truth = loss_scene.target(shape, share)
    (beyond,) = loss_scene.predictions(truth, [int(shifts[-1])], 0, 0.95)
    assert not (truth & (beyond > 0.5)).any()
    assert (beyond > 0.5).sum() == truth.sum()  # nothing has left the picture


def test_the_shifts_reach_as_far_as_asked():
    near, _ = loss_scene.by_shift("Disc", 0.001, 0, 0.95, 0.5, 33)
    far, found = loss_scene.by_shift("Disc", 0.001, 0, 0.95, 0.5, 33, least=90)
    assert near[-1] < 20 and far[-1] == 90
    assert len(far) == len(found) == 33


def test_saying_background_everywhere_costs_cross_entropy_little_and_dice_much():
    few = loss_scene.all_background(0.001, 0.999, 0.5)
    assert few.cross_entropy < 0.01 and few.soft_dice > 0.9
    values = [loss_scene.all_background(share, 0.95, 0.5) for share in loss_scene.shares()]
    assert np.all(np.diff([value.cross_entropy for value in values]) > 0)


@pytest.mark.parametrize("share", [0.001, 0.05, 0.5])
def test_finding_all_of_the_object_costs_less_than_finding_nothing(share):
    found, missed = (
        loss(share, 0.95, 0.5) for loss in (loss_scene.all_found, loss_scene.all_background)
    )
    assert all(less < more for less, more in zip(found, missed, strict=True))
    assert found.cross_entropy == pytest.approx(-np.log(0.95), rel=1e-6)
    right_and_sure = loss_scene.all_found(share, 1.0, 0.5)
    assert max(right_and_sure) == pytest.approx(0, abs=1e-5)


def test_dice_of_a_tiny_object_is_high_even_where_all_of_it_is_found():
    assert loss_scene.all_found(0.001, 0.95, 0.5).soft_dice > 0.95
