"""The preview in NumPy: each change at its limit, and the same arithmetic as in training."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow.experimental.numpy as tnp
from scipy import ndimage

from segcore.datasets import pipeline, preview
from segcore.datasets.augment import Draws, augment, bicubic_weights
from segcore.datasets.augmentation import Augmentation
from segcore.datasets.preview import only

RNG = np.random.default_rng(0)
SIDE = 96
NOISE = RNG.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
SMOOTH = ndimage.gaussian_filter(60 + NOISE // 3, (2, 2, 0))  # nothing is clipped below
MASK = (ndimage.gaussian_filter(NOISE[..., 0].astype(float), 6) > 127).astype(np.uint8)
CENTRE = (SIDE - 1) / 2
NAMES = list(vars(Augmentation()))


def at_limit(name, value, picture=SMOOTH):
    settings = only(Augmentation(**{name: value}), name)
    changed, mask = preview.preview(picture, MASK, settings, SIDE)
    return changed.astype(float), mask


def moved(picture, matrix, shift, order):
    """Return what scipy makes of an affine map about the centre, rows before columns."""
    offset = CENTRE - np.array(matrix) @ (CENTRE, CENTRE) + np.array(shift) * SIDE
    return np.stack(
        [
            ndimage.affine_transform(c.astype(float), matrix, offset, order=order, mode="mirror")
            for c in np.moveaxis(np.atleast_3d(picture), -1, 0)
        ],
        -1,
    )


# === One implementation, two namespaces ===


def random_settings(rng):
    strong = Augmentation(True, 90.0, 1.0, 0.5, 0.08, 0.5, 0.5, 0.9)
    limits = {name: rng.uniform(0, value) for name, value in vars(strong).items()}
    return Augmentation(**{**limits, "flip": bool(rng.integers(2))})


@pytest.mark.parametrize("seed", range(8))
def test_numpy_and_tensorflow_give_the_same_for_the_same_draws(seed):
    """In a graph, as in the pipeline, and from a picture that is not square."""
    rng = np.random.default_rng(seed)
    settings, side = random_settings(rng), int(rng.integers(20, 130))
    draws = (
        preview.draw(seed) if seed % 2 else Draws(*(d.numpy() for d in pipeline.draw([seed, 1])))
    )
    picture, mask = NOISE[:70], MASK[:70]
    ours, our_mask = augment(picture, mask, side, settings, draws, np)
    graph = tf.function(
        lambda *numbers: augment(
            tf.constant(picture), tf.constant(mask), side, settings, Draws(*numbers), tnp
        )
    )
    theirs, their_mask = (tensor.numpy() for tensor in graph(*map(tf.constant, draws)))
    assert ours.dtype == theirs.dtype == np.float32 and ours.shape == (side, side, 3)
    assert our_mask.dtype == their_mask.dtype == np.uint8
    np.testing.assert_allclose(ours, theirs, atol=2e-2)
    assert (our_mask != their_mask).mean() < 1e-3  # rounding ties


def test_no_settings_only_resize_in_both():
    ours = augment(NOISE, MASK, 50, None, None, np)
    theirs = augment(tf.constant(NOISE), tf.constant(MASK), 50, None, None, tnp)
    np.testing.assert_allclose(ours[0], theirs[0].numpy(), atol=1e-2)
    np.testing.assert_array_equal(ours[1], theirs[1].numpy())


@pytest.mark.parametrize("side", [1, 3, 4, 7, 96, 256, 321])
def test_bicubic_weights_equal_tensorflows_resize(side):
    vectors = RNG.standard_normal((1, 4, 4, 2), np.float32)
    weights = bicubic_weights(side)
    ours = np.einsum("ya,xb,abc->yxc", weights, weights, vectors[0])
    theirs = tf.image.resize(vectors, (side, side), method="bicubic")[0]
    np.testing.assert_allclose(ours, theirs, atol=2e-6)


def test_neither_the_arithmetic_nor_the_preview_imports_tensorflow():
    code = """
import sys, numpy as np
from segcore.datasets.augmentation import Augmentation
from segcore.datasets.preview import preview
preview(np.zeros((9, 9, 3), np.uint8), np.zeros((9, 9), np.uint8), Augmentation(), 9, 1)
assert "segcore.datasets.augment" in sys.modules
print({"tensorflow", "keras", "streamlit"} & {*sys.modules})
"""
    root = Path(preview.__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "set()\n", done.stderr


# === Each change alone, at its limit ===


def test_flip_is_mirrored():
    picture, mask = at_limit("flip", True)
    np.testing.assert_array_equal(picture, SMOOTH[:, ::-1])
    np.testing.assert_array_equal(mask, MASK[:, ::-1])


@pytest.mark.parametrize(
    ("name", "value", "matrix", "shift"),
    [
        ("rotation", 90.0, [[0, -1], [1, 0]], (0, 0)),
        ("rotation", 30.0, [[0.75**0.5, -0.5], [0.5, 0.75**0.5]], (0, 0)),
        ("scale", 0.5, [[1.5, 0], [0, 1.5]], (0, 0)),  # shows 1.5 of the side
        ("shift", 0.2, np.eye(2), (0.2, 0.2)),
    ],
)
def test_moves_go_to_their_limit(name, value, matrix, shift):
    picture, mask = at_limit(name, value)
    np.testing.assert_allclose(picture, moved(SMOOTH, matrix, shift, 1), atol=0.6)  # rounded
    wanted = moved(MASK, matrix, shift, 0)[..., 0]
    assert (mask != wanted).mean() < 0.01  # rounding ties
    assert (mask != MASK).mean() > 0.1
    assert set(np.unique(mask)) == {0, 1}


def test_elastic_moves_picture_and_mask_smoothly():
    rows, columns = np.mgrid[:SIDE, :SIDE]
    ramp = np.stack([rows, columns, 0 * rows], -1).astype(np.uint8)
    picture, mask = at_limit("elastic", 0.03, ramp)
    inner = slice(SIDE // 4, -SIDE // 4)
    moves = (picture - ramp)[inner, inner, :2]
    assert 0.4 * 0.03 * SIDE < moves.std() < 1.5 * 0.03 * SIDE
    assert 0.005 < (mask != MASK).mean() < 0.3


def test_colours_go_to_their_limit_and_leave_the_mask_alone():
    grey = (SMOOTH @ np.array([0.299, 0.587, 0.114]))[..., None]
    for name, value, wanted in (
        ("brightness", 0.2, SMOOTH + 0.2 * 255),
        ("contrast", 0.4, grey.mean() + (SMOOTH - grey.mean()) * 1.4),
        ("saturation", 0.5, grey + (SMOOTH - grey) * 1.5),
    ):
        picture, mask = at_limit(name, value)
        np.testing.assert_allclose(picture, wanted, atol=0.6, err_msg=name)
        np.testing.assert_array_equal(mask, MASK)


@pytest.mark.parametrize("name", NAMES)
def test_only_leaves_one_setting(name):
    settings = Augmentation(True, 1.0, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7)
    left = {key: value for key, value in vars(only(settings, name)).items() if value}
    assert left == {name: getattr(settings, name)}


def test_only_names_the_settings_there_are():
    with pytest.raises(ValueError, match="no setting 'mirror'; accepted are flip, rotation"):
        only(Augmentation(), "mirror")


# === Random changes ===


def test_the_seed_decides():
    first, again, other = (
        preview.preview(NOISE, MASK, Augmentation(), 64, seed) for seed in (3, 3, 4)
    )
    assert first[0].shape == (64, 64, 3) and first[1].shape == (64, 64)
    assert first[0].dtype == first[1].dtype == np.uint8
    for a, b in zip(first, again, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (first[0] != other[0]).mean() > 0.5 and (first[1] != other[1]).any()


def test_random_numbers_are_those_of_the_pipeline_in_range_and_spread():
    drawn = [preview.draw(seed) for seed in range(300)]
    trained = pipeline.draw([1, 2])
    for name in Draws._fields:
        numbers = np.stack([getattr(d, name) for d in drawn])
        assert numbers.dtype == getattr(trained, name).numpy().dtype
        assert numbers.shape[1:] == getattr(trained, name).shape
        wanted = 1 if name == "elastic" else 3**-0.5  # of a uniform number from -1 to 1
        assert abs(numbers.mean()) < 0.12 and abs(numbers.std() - wanted) < 0.06
        assert name == "elastic" or np.abs(numbers).max() <= 1


def test_none_only_resizes_and_off_does_too():
    for settings in (None, Augmentation.off()):
        picture, mask = preview.preview(NOISE, MASK, settings, SIDE, 1)
        np.testing.assert_array_equal(picture, NOISE)
        np.testing.assert_array_equal(mask, MASK)


@pytest.mark.parametrize(
    ("picture", "mask"),
    [((9, 9, 3), (9, 8)), ((9, 9), (9, 9)), ((9, 9, 4), (9, 9))],
    ids=["sizes differ", "grey", "four channels"],
)
def test_shapes_that_do_not_fit_are_named(picture, mask):
    with pytest.raises(ValueError, match="accepted are"):
        preview.preview(np.zeros(picture, np.uint8), np.zeros(mask, np.uint8), None, 9)
