"""segcore.losses against loops over single pixels in plain Python floats, and their edges."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from segcore import losses

E = 1e-6  # how far probabilities are kept off 0 and 1
NAMES = ("cross_entropy", "dice", "cross_entropy+dice", "focal")


# === Oracles: one picture, lists of lists of lists of floats ===


def true_probability(truth, guess):
    """Return p of a pixel's true class: one channel means foreground and background."""
    kept = [min(max(p, E), 1 - E) for p in guess]
    if len(kept) == 1:
        return kept[0] if truth[0] == 1 else 1 - kept[0]
    return sum(p for t, p in zip(truth, kept, strict=True) if t == 1)


def pixels(truth, guess):
    for truth_row, guess_row in zip(truth, guess, strict=True):
        yield from zip(truth_row, guess_row, strict=True)


def mean(values):
    values = list(values)
    return math.fsum(values) / len(values)


def cross_entropy(truth, guess):
    return mean(-math.log(true_probability(t, p)) for t, p in pixels(truth, guess))


def dice(truth, guess, smooth=1.0):
    terms = []
    for k in range(len(truth[0][0])):
        pairs = [(t[k], p[k]) for t, p in pixels(truth, guess)]
        both, total = sum(t * p for t, p in pairs), sum(t + p for t, p in pairs)
        terms.append(1 - (2 * both + smooth) / (total + smooth))
    return mean(terms)


def focal(truth, guess, gamma=2.0):
    probabilities = [true_probability(t, p) for t, p in pixels(truth, guess)]
    return mean(-((1 - p) ** gamma) * math.log(p) for p in probabilities)


def half_and_half(truth, guess):
    return 0.5 * cross_entropy(truth, guess) + 0.5 * dice(truth, guess)


ORACLES = dict(zip(NAMES, (cross_entropy, dice, half_and_half, focal), strict=True))


def value(loss, truth, guess):
    result = loss(tf.constant(truth, tf.float32), tf.constant(guess, tf.float32))
    assert result.shape == (len(truth),)
    return result.numpy()


def random_batch(rng, classes):
    """Return targets and probabilities, (batch, height, width, classes) float32."""
    batch, height, width = (int(n) for n in rng.integers(1, 6, 3))
    if classes == 1:
        density = rng.choice([0, 0.2, 0.8, 1])
        truth = rng.random((batch, height, width, 1)) < density
        guess = rng.random((batch, height, width, 1))
    else:
        truth = np.eye(classes)[rng.integers(0, classes, (batch, height, width))]
        guess = rng.dirichlet(np.full(classes, 0.5), (batch, height, width))
    return truth.astype(np.float32), guess.astype(np.float32)


@pytest.mark.parametrize("classes", [1, 2, 4])
@pytest.mark.parametrize("name", NAMES)
def test_random_pictures_equal_the_loop(name, classes):
    rng = np.random.default_rng(classes)
    for _ in range(25):
        truth, guess = random_batch(rng, classes)
        expected = [
            ORACLES[name](t, p) for t, p in zip(truth.tolist(), guess.tolist(), strict=True)
        ]
        np.testing.assert_allclose(
            value(losses.make_loss(name), truth, guess), expected, rtol=2e-4, atol=2e-6
        )


def filled(truth, guess, side=4):
    """One picture: a foreground square of `truth` pixels a side, probability `guess` on it."""
    target = np.zeros((1, side, side, 1))
    target[:, :truth, :truth] = 1
    inside, outside = guess
    return target, np.where(target == 1, inside, outside)


LOG = -math.log(E)  # what a pixel costs that is wrong with certainty


@pytest.mark.parametrize(
    ("truth", "guess", "expected"),
    [
        # truth, (p inside, p outside), (cross-entropy, Dice loss, focal)
        (0, (0, 0), (0, 0, 0)),  # empty and found so
        (4, (1, 1), (0, 0, 0)),  # full and found so
        (2, (1, 0), (0, 0, 0)),  # perfect
        (2, (0, 1), (LOG, 1 - 1 / 17, LOG)),  # all wrong: 4 + 12 pixels, none shared
        (0, (0, 1), (LOG, 1 - 1 / 17, LOG)),  # empty, full predicted
        (4, (0, 0), (LOG, 1 - 1 / 17, LOG)),  # full, nothing predicted
        (1, (1, 0), (0, 0, 0)),  # one pixel, found
        (1, (0, 0), (LOG / 16, 1 - 1 / 2, LOG / 16)),  # one pixel, missed
        (2, (0.5, 0.5), (math.log(2), 1 - 5 / 13, math.log(2) / 4)),  # undecided everywhere
    ],
)
def test_edges(truth, guess, expected):
    batch = filled(truth, guess)
    for loss, number in zip(
        (losses.cross_entropy, losses.soft_dice, losses.focal), expected, strict=True
    ):
        assert value(loss, *batch)[0] == pytest.approx(number, rel=0.02, abs=2e-6)


def test_a_single_pixel_picture():
    truth, guess = [[[[1.0]]]], [[[[0.25]]]]
    assert value(losses.cross_entropy, truth, guess)[0] == pytest.approx(math.log(4), rel=1e-5)
    assert value(losses.soft_dice, truth, guess)[0] == pytest.approx(1 - 1.5 / 2.25, rel=1e-5)
    expected = 0.75**2 * math.log(4)
    assert value(losses.focal, truth, guess)[0] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_has_its_own_value(name):
    """A batch gives what its pictures give one by one: nothing is summed across them."""
    rng, loss = np.random.default_rng(5), losses.make_loss(name)
    truth = (rng.random((3, 4, 5, 1)) < 0.5).astype(np.float32)
    guess = rng.random((3, 4, 5, 1)).astype(np.float32)
    alone = [value(loss, truth[i : i + 1], guess[i : i + 1])[0] for i in range(3)]
    np.testing.assert_allclose(value(loss, truth, guess), alone, rtol=1e-6)


def test_binary_cross_entropy_equals_keras():
    rng = np.random.default_rng(6)
    truth, guess = random_batch(rng, 1)
    theirs = keras.losses.binary_crossentropy(truth, guess).numpy().mean((1, 2))
    np.testing.assert_allclose(value(losses.cross_entropy, truth, guess), theirs, rtol=1e-4)


@pytest.mark.parametrize("classes", [1, 3])
def test_focal_without_gamma_is_cross_entropy(classes):
    truth, guess = random_batch(np.random.default_rng(7), classes)
    focal_value = value(lambda t, p: losses.focal(t, p, gamma=0.0), truth, guess)
    np.testing.assert_allclose(focal_value, value(losses.cross_entropy, truth, guess), rtol=1e-6)


@pytest.mark.parametrize(
    ("weight", "parts"), [(0, (1, 0)), (1, (0, 1)), (0.25, (0.75, 0.25))], ids=str
)
def test_weighted_sum(weight, parts):
    batch = random_batch(np.random.default_rng(8), 1)
    expected = sum(
        part * value(loss, *batch)
        for part, loss in zip(parts, (losses.cross_entropy, losses.soft_dice), strict=True)
    )
    np.testing.assert_allclose(value(losses.weighted_sum(weight), *batch), expected, rtol=1e-6)
    by_name = losses.make_loss("cross_entropy+dice", weight)
    np.testing.assert_allclose(value(by_name, *batch), expected, rtol=1e-6)


# === Gradients ===


def gradient(name, truth, guess):
    guess = tf.constant(guess, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(guess)
        loss = losses.make_loss(name)(tf.constant(truth, tf.float32), guess)
    return tape.gradient(loss, guess).numpy()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("classes", [1, 2])
def test_gradients_are_finite_at_0_and_1(name, classes):
    certain = np.array([[[[0.0, 1.0], [1.0, 0.0]]]])[..., :classes]
    for truth in (certain, 1 - certain):
        assert np.isfinite(gradient(name, truth, certain)).all()


@pytest.mark.parametrize("name", NAMES)
def test_gradients_point_to_the_target(name):
    """More probability on the foreground and less on the background lowers every loss."""
    truth = (np.random.default_rng(9).random((1, 4, 4, 1)) < 0.5).astype(np.float32)
    slope = gradient(name, truth, np.full_like(truth, 0.4))
    assert (slope[truth == 1] < 0).all() and (slope[truth == 0] > 0).all()


# === Misuse ===


@pytest.mark.parametrize("weight", [-0.01, 1.01, math.nan])
def test_weights_outside_0_to_1_are_refused(weight):
    with pytest.raises(ValueError, match=f"dice_weight is {weight}"):
        losses.weighted_sum(weight)
    with pytest.raises(ValueError, match=f"dice_weight is {weight}"):
        losses.make_loss("cross_entropy+dice", weight)


def test_unknown_losses_are_refused_with_the_list():
    with pytest.raises(ValueError, match="'hinge'.*cross_entropy, dice, cross_entropy.dice, focal"):
        losses.make_loss("hinge")
