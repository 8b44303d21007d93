"""Augmentation against scipy, and the batches of the training pipeline.

The trick of most tests: a picture whose red and green hold each pixel's own row and
column. Where its pixels end up tells which map moved them, and scipy applies that map,
found here by least squares, to another picture and to its mask.
"""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.experimental.numpy as tnp
from scipy import ndimage

from segcore.datasets.augment import augment, sample
from segcore.datasets.augmentation import Augmentation
from segcore.datasets.pipeline import batches, draw
from segcore.normalisation import EFFICIENTNET_LITE, Normalisation

SIDE = 120
OFF = Augmentation(
    flip=False, rotation=0, scale=0, shift=0, elastic=0, brightness=0, contrast=0, saturation=0
)
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]
RAMP = np.stack([ROWS, COLUMNS, 0 * ROWS], -1).astype(np.uint8)
BLOBS = (np.random.default_rng(0).random((8, 8)) < 0.5).repeat(15, 0).repeat(15, 1)
MASK = BLOBS.astype(np.uint8)
NOISE = np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
SEEDS = range(12)


def but(**settings):
    """Return an augmentation with everything off but the settings given."""
    return Augmentation(**{**vars(OFF), **settings})


def changed(picture, settings, seed, mask=MASK, side=SIDE):
    draws = draw([seed, 5])
    pair = augment(tf.constant(picture), tf.constant(mask), side, settings, draws, tnp)
    return tuple(tensor.numpy() for tensor in pair)


def places(settings, seed):
    """Return where each output pixel of an affine map comes from: (2, side, side) rows, columns.

    Fitted on the pixels whose source lies well inside the ramp, where nothing is mirrored.
    """
    ramp = changed(RAMP, settings, seed)[0]
    rows, columns = ramp[..., 0], ramp[..., 1]
    low, high = 2, SIDE - 3
    inside = (rows > low) & (rows < high) & (columns > low) & (columns < high)
    inside &= (abs(ROWS - SIDE / 2) < SIDE / 4) & (abs(COLUMNS - SIDE / 2) < SIDE / 4)
    basis = np.stack([ROWS, COLUMNS, np.ones_like(ROWS)], -1).astype(float)
    matrix, *_ = np.linalg.lstsq(basis[inside], ramp[..., :2][inside], rcond=None)
    assert np.abs(basis[inside] @ matrix - ramp[..., :2][inside]).max() < 1e-2  # affine indeed
    return np.moveaxis(basis @ matrix, -1, 0), matrix[:2].T


def looked_up(picture, where, order):
    channels = np.moveaxis(np.atleast_3d(picture).astype(float), -1, 0)
    return np.stack(
        [ndimage.map_coordinates(c, where, order=order, mode="mirror") for c in channels], -1
    )


# === Looking up ===


def test_sample_equals_scipy_beyond_the_edges_too():
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (7, 11, 3), dtype=np.uint8)
    mask = rng.integers(0, 2, (7, 11), dtype=np.uint8)
    grid = rng.uniform(-1.9, 1.9, (20, 20, 2)).astype(np.float32)
    result, result_mask = sample(tf.constant(picture), tf.constant(mask), tf.constant(grid), tnp)
    where = [(grid[..., i] + 1) / 2 * n - 0.5 for i, n in enumerate((7, 11))]
    np.testing.assert_allclose(result.numpy(), looked_up(picture, where, 1), atol=1e-2)
    assert result_mask.dtype == tf.uint8
    np.testing.assert_array_equal(result_mask.numpy(), looked_up(mask, where, 0)[..., 0])


@pytest.mark.parametrize("settings", [None, OFF], ids=["none", "all off"])
@pytest.mark.parametrize("side", [SIDE, SIDE // 3, SIDE * 2, 77])
def test_nothing_switched_on_only_resizes(settings, side):
    picture, mask = changed(NOISE, settings, 1, side=side)
    line = (np.arange(side) + 0.5) * SIDE / side - 0.5  # pixel centres
    where = np.meshgrid(line, line, indexing="ij")
    assert picture.shape == (side, side, 3) and picture.dtype == np.float32
    assert mask.shape == (side, side) and mask.dtype == np.uint8
    np.testing.assert_allclose(picture, looked_up(NOISE, where, 1), atol=2e-2)
    nearest = np.floor((np.arange(side) + 0.5) * SIDE / side).astype(int)
    np.testing.assert_array_equal(mask, MASK[nearest][:, nearest])


def test_pictures_need_not_be_square():
    picture, mask = changed(NOISE[:40], None, 1, mask=MASK[:40], side=40)
    np.testing.assert_allclose(picture[:, 7], NOISE[:40, 22], atol=1e-2)  # every third column
    np.testing.assert_array_equal(mask, MASK[:40, 1::3])


# === Moves, one by one ===


def test_flip_mirrors_left_and_right_or_not():
    seen = set()
    for seed in SEEDS:
        picture, mask = changed(NOISE, but(flip=True), seed)
        mirrored = np.abs(picture - NOISE[:, ::-1]).max() < 1e-2
        seen.add(bool(mirrored))
        step = -1 if mirrored else 1
        np.testing.assert_allclose(picture, NOISE[:, ::step], atol=1e-2)
        np.testing.assert_array_equal(mask, MASK[:, ::step])
    assert seen == {True, False}


def test_rotation_turns_about_the_centre_either_way():
    angles = []
    for seed in SEEDS:
        where, matrix = places(but(rotation=30), seed)
        angle = np.arctan2(matrix[1, 0], matrix[0, 0])
        turn = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        np.testing.assert_allclose(matrix, turn, atol=1e-4)
        centre = where[:, SIDE // 2 - 1 : SIDE // 2 + 1, SIDE // 2 - 1 : SIDE // 2 + 1]
        np.testing.assert_allclose(centre.mean((1, 2)), (SIDE - 1) / 2, atol=1e-2)
        angles.append(np.degrees(angle))
    assert -30 < min(angles) < -5 and 5 < max(angles) < 30


def test_scale_zooms_in_and_out():
    zooms = []
    for seed in SEEDS:
        where, matrix = places(but(scale=0.5), seed)
        zooms.append(matrix[0, 0])
        np.testing.assert_allclose(matrix, zooms[-1] * np.eye(2), atol=1e-4)
        np.testing.assert_allclose(where.mean((1, 2)), (SIDE - 1) / 2, atol=2e-2)
    assert 1 / 1.5 < min(zooms) < 0.9 and 1.1 < max(zooms) < 1.5


def test_shift_moves_both_ways():
    shifts = []
    for seed in SEEDS:
        where, matrix = places(but(shift=0.2), seed)
        np.testing.assert_allclose(matrix, np.eye(2), atol=1e-4)
        shifts.append(where[:, 0, 0] / SIDE)
    assert (-0.2 < np.min(shifts, 0)).all() and (np.min(shifts, 0) < -0.05).all()
    assert (np.max(shifts, 0) < 0.2).all() and (0.05 < np.max(shifts, 0)).all()


def test_elastic_displacement_is_smooth_and_as_strong_as_said():
    """Sizes from the inner half, where the ramp is not mirrored."""
    inner = slice(SIDE // 4, -SIDE // 4)
    moves = np.stack(
        [(changed(RAMP, but(elastic=0.03), seed)[0] - RAMP)[inner, inner, :2] for seed in range(30)]
    )
    assert 0.5 * 0.03 * SIDE < moves.std() < 1.2 * 0.03 * SIDE  # interpolating averages a little
    assert abs(moves.mean()) < 0.25 * 0.03 * SIDE
    assert np.abs(np.diff(moves, axis=1)).max() < 1  # neighbours stay in order: nothing folds


@pytest.mark.parametrize("seed", range(6))
def test_all_moves_together_equal_scipy(seed):
    """Picture and mask follow one affine map, mirrored beyond the edges."""
    settings = but(flip=True, rotation=20, scale=0.4, shift=0.15)
    where, _ = places(settings, seed)
    picture, mask = changed(NOISE, settings, seed)
    smooth = ndimage.gaussian_filter(NOISE, (3, 3, 0))
    ours, theirs = changed(smooth, settings, seed)[0], looked_up(smooth, where, 1)
    np.testing.assert_allclose(ours, theirs, atol=0.5)
    assert picture.std() > 20  # the noise was not smoothed away
    assert (mask == looked_up(MASK, where, 0)[..., 0]).mean() > 0.995


@pytest.mark.parametrize("seed", range(6))
def test_the_mask_follows_the_picture(seed):
    """A mask painted into the picture comes out where the mask comes out, elastic moves too."""
    painted = np.repeat(MASK[..., None] * 255, 3, 2).astype(np.uint8)
    settings = but(flip=True, rotation=25, scale=0.3, shift=0.1, elastic=0.03)
    picture, mask = changed(painted, settings, seed)
    assert set(np.unique(mask)) == {0, 1}
    sure = np.abs(picture[..., 0] - 127.5) > 120  # away from edges: not interpolated
    assert sure.mean() > 0.5
    assert ((picture[..., 0] > 127.5) == mask)[sure].mean() > 0.99
    np.testing.assert_array_less((mask != MASK).mean(), 0.9)
    assert (mask != MASK).mean() > 0.05  # something moved


# === Colours, one by one ===

SOFT = (60 + NOISE // 3).astype(np.uint8)  # 60 to 145: nothing is clipped below


def grey(picture):
    return picture @ np.array([0.299, 0.587, 0.114])


def test_brightness_adds_one_number():
    added = []
    for seed in SEEDS:
        difference = changed(SOFT, but(brightness=0.2), seed)[0] - SOFT
        assert np.ptp(difference) < 1e-2
        added.append(difference.mean() / 255)
    assert -0.2 < min(added) < -0.05 and 0.05 < max(added) < 0.2


def test_contrast_stretches_about_the_mean_grey():
    factors, mean = [], grey(SOFT).mean()
    for seed in SEEDS:
        picture = changed(SOFT, but(contrast=0.4), seed)[0]
        factors.append((picture - mean).std() / (SOFT - mean).std())
        np.testing.assert_allclose(picture, mean + (SOFT - mean) * factors[-1], atol=2e-2)
    assert 0.6 < min(factors) < 0.9 and 1.1 < max(factors) < 1.4


def test_saturation_keeps_grey_and_scales_colour():
    factors, base = [], grey(SOFT)[..., None]
    for seed in SEEDS:
        picture = changed(SOFT, but(saturation=0.5), seed)[0]
        factors.append((picture - base).std() / (SOFT - base).std())
        np.testing.assert_allclose(grey(picture), grey(SOFT), atol=2e-2)
        np.testing.assert_allclose(picture, base + (SOFT - base) * factors[-1], atol=2e-2)
    assert 0.5 < min(factors) < 0.9 and 1.1 < max(factors) < 1.5


@pytest.mark.parametrize("seed", range(4))
def test_colours_stay_in_range_and_leave_the_mask_alone(seed):
    picture, mask = changed(NOISE, but(brightness=0.9, contrast=0.9, saturation=0.9), seed)
    assert picture.min() >= 0 and picture.max() <= 255
    np.testing.assert_array_equal(mask, MASK)


# === Seeds ===


def test_the_seed_decides():
    first, again, other = (changed(NOISE, Augmentation(), seed) for seed in (3, 3, 4))
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first[0] - other[0]).mean() > 5 and (first[1] != other[1]).any()


# === Batches ===

PICTURES = np.stack([np.full((16, 16, 3), 10 * i, np.uint8) for i in range(7)])
MASKS = np.stack([np.eye(16, k=i, dtype=np.uint8) for i in range(7)])


def epoch(**options):
    settings = {"side": 16, "batch": 3, "normalisation": Normalisation(0, 10), **options}
    return [tuple(t.numpy() for t in pair) for pair in batches(PICTURES, MASKS, **settings)]


def order(found):
    return np.concatenate([pictures[:, 0, 0, 0] for pictures, _ in found]).round().tolist()


def test_batches_have_their_shapes_and_the_last_is_smaller():
    for side in (16, 24):
        found = epoch(side=side, augmentation=Augmentation())
        assert [x.shape for x, _ in found] == [(n, side, side, 3) for n in (3, 3, 1)]
        assert [y.shape for _, y in found] == [(n, side, side, 1) for n in (3, 3, 1)]
        assert {array.dtype for pair in found for array in pair} == {np.dtype(np.float32)}
        assert {value for _, y in found for value in np.unique(y)} == {0, 1}


def test_without_augmentation_pictures_are_only_normalised():
    found = epoch(normalisation=EFFICIENTNET_LITE)
    pictures, masks = (np.concatenate(part) for part in zip(*found, strict=True))
    np.testing.assert_allclose(pictures, (PICTURES.astype(float) - 127) / 128, atol=1e-5)
    np.testing.assert_array_equal(masks[..., 0], MASKS)


def test_shuffling_deals_every_picture_once_with_its_mask():
    found = epoch(shuffle=True, seed=1)
    assert order(found) != list(range(7)) and sorted(order(found)) == list(range(7))
    masks = np.concatenate([masks for _, masks in found])[..., 0]
    np.testing.assert_array_equal(masks, MASKS[np.array(order(found), int)])


@pytest.mark.parametrize(
    ("options", "same"),
    [
        ({}, True),  # the same again
        ({"epoch": 1}, False),  # another epoch
        ({"seed": 1}, False),  # another seed
    ],
)
def test_seed_and_epoch_decide_the_order(options, same):
    plain = order(epoch(shuffle=True))
    assert (order(epoch(**{"shuffle": True, **options})) == plain) == same


@pytest.mark.parametrize("options", [{}, {"epoch": 1}, {"seed": 1}], ids=str)
def test_seed_and_epoch_decide_the_changes(options):
    plain = epoch(augmentation=Augmentation())
    other = epoch(augmentation=Augmentation(), **options)
    same = all(
        np.array_equal(a, b)
        for one, two in zip(plain, other, strict=True)
        for a, b in zip(one, two, strict=True)
    )
    assert same == (not options)


def test_pictures_of_a_batch_change_each_in_its_own_way():
    same = np.repeat(PICTURES[3:4] + 20, 4, 0)
    (found,) = batches(
        same,
        MASKS[:4],
        side=16,
        batch=4,
        normalisation=Normalisation(0, 1),
        augmentation=but(brightness=0.2),
    )
    assert len(set(found[0].numpy().mean((1, 2, 3)).round(3))) == 4
