"""Clicks, boxes and rough masks, drawn as a person might."""

from __future__ import annotations

import tensorflow as tf

from segcore.datasets.prompt_crops import CELL
from segcore.models.prompt_decoder import LOGIT_RANGE

DEPTH = 6  # cells up to which the middle of a region is told from its border
MIDDLE_RATE = 0.5  # of clicks in training that go to the middle; the others go anywhere
BOX_NOISE, BOX_NOISE_MOST = 0.1, 1 / 50  # of the box's side; of the picture's side


class Draws:
    """Random numbers; without `training` they are the same each time.

    Parameters
    ----------
    training : bool
    """

    def __init__(self, training: bool):
        self.training = training
        self._number = 0

    def uniform(self, shape):
        """Return float32 in [0, 1)."""
        if self.training:
            return tf.random.uniform(shape)
        self._number += 1
        return tf.random.stateless_uniform(shape, (7, self._number))

    def choice(self, count):
        """Return (count,) numbers in [0, 1); evenly spread without `training`."""
        if self.training:
            return tf.random.uniform((count,))
        return tf.cast(tf.range(count) % 2, tf.float32) * 0.6 + 0.2


def jittered(boxes, side, draws: Draws):
    """Move each side of boxes a little, in training.

    Parameters
    ----------
    boxes : (n, 4) float32
        x_min, y_min, x_max, y_max, pixels.
    side : () float32
        Of the picture.
    draws : Draws

    Notes
    -----
    Normal noise of a tenth of the box's width or height, 20 pixels of 1024 at most
    (Kirillov et al. 2023, section A).
    """
    if not draws.training:
        return boxes
    sizes = tf.tile(boxes[:, 2:] - boxes[:, :2], (1, 2))
    noise = tf.random.normal(tf.shape(boxes)) * BOX_NOISE * sizes
    most = tf.minimum(BOX_NOISE_MOST * side, 0.2 * sizes)
    return boxes + tf.clip_by_value(noise, -most, most)


def clicks(mask, target, labelled, draws: Draws, anywhere: bool = False):
    """Click where a mask is wrong.

    Parameters
    ----------
    mask : (n, 1, h, w) float32
        Logits.
    target, labelled : (n, 1, h, w) float32
        Shares of cells, 0 to 1.
    draws : Draws
    anywhere : bool
        Never aim at the middle.

    Returns
    -------
    points : (n, 2) float32
        (x, y) in pixels of the picture.
    kinds : (n,) int32
        1 where the object was missed, 0 where the mask is beside it, -1 if nothing is wrong.

    Notes
    -----
    In training uniformly in the wrong region, as published, or in the middle of its
    largest part, as people do and as is measured; without, the latter always. The middle is
    where most erosions leave something.
    """
    n, _, height, width = tf.unstack(tf.shape(mask))
    seen, found, true = labelled >= 0.5, mask > 0, target >= 0.5
    wrong = tf.concat([~true & found & seen, true & ~found & seen], axis=1)
    error = tf.transpose(tf.cast(wrong, tf.float32), (0, 2, 3, 1))
    depth, left = error, error
    for _ in range(DEPTH - 1):
        left = -tf.nn.max_pool2d(-tf.pad(left, [[0, 0], [1, 1], [1, 1], [0, 0]]), 3, 1, "VALID")
        depth += left
    if anywhere:
        middle = tf.zeros((n, 1, 1, 1))
    elif draws.training:
        middle = tf.cast(tf.random.uniform((n, 1, 1, 1)) < MIDDLE_RATE, tf.float32)
    else:
        middle = tf.ones((n, 1, 1, 1))
    score = error * (middle * depth + 0.01 + 0.99 * draws.uniform(tf.shape(error)))
    score = tf.reshape(score, (n, -1))
    place = tf.argmax(score, axis=1, output_type=tf.int32)
    cell, kind = place // 2, place % 2
    points = tf.cast(tf.stack([cell % width, cell // width], axis=1), tf.float32)
    within = draws.uniform((n, 2)) if draws.training else 0.5
    kinds = tf.where(tf.reduce_max(score, axis=1) > 0, kind, -1)
    return (points + within) * CELL, kinds


def rough_masks(target, draws: Draws):
    """Return logits, (n, 1, h, w), of masks that miss the targets by some cells."""
    n, _, height, width = tf.unstack(tf.shape(target))
    cells = tf.reshape(target, (n, height, width, 1))
    wide = tf.nn.max_pool2d(cells, 5, 1, "SAME")
    narrow = -tf.nn.max_pool2d(-cells, 5, 1, "SAME")
    which = tf.reshape(draws.choice(n), (n, 1, 1, 1))
    rough = tf.where(which < 0.5, wide, narrow)
    rough = tf.roll(rough, tf.constant([2, -2]), axis=[1, 2])
    share = tf.reshape(rough, (n, 1, height, width))
    return (2 * share - 1) * LOGIT_RANGE / 2
