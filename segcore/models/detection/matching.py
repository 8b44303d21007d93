"""Which object a box stands for, and which boxes a step learns from."""

from __future__ import annotations

import tensorflow as tf

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1


def match(ious, low: float, high: float, *, best_of_each: bool = False):
    """Assign boxes to objects by their IoU.

    Parameters
    ----------
    ious : (batch, n, m) float32
        Of n boxes with m objects; 0 or less where there is no object.
    low, high : float
        Below `low` a box is negative, from `high` on positive, ignored between.
    best_of_each : bool
        The boxes of highest IoU with an object, all of them if several tie, are positive
        too, unless they do not touch it.

    Returns
    -------
    states : (batch, n) int32
        `POSITIVE`, `NEGATIVE` or `IGNORED`.
    objects : (batch, n) int32
        The object of highest IoU.

    References
    ----------
    Ren et al., "Faster R-CNN", NIPS 2015, section 3.1.2 (0.3, 0.7, best of each); He et al.,
    "Mask R-CNN", ICCV 2017, section 3.1 (0.5).
    """
    best = tf.reduce_max(ious, -1)
    positive = best >= high
    if best_of_each:
        best_box = tf.reduce_max(ious, 1, keepdims=True)
        positive |= tf.reduce_any((ious == best_box) & (ious > 0), -1)
    state = tf.where(best < low, NEGATIVE, IGNORED)
    return tf.where(positive, POSITIVE, state), tf.argmax(ious, -1, output_type=tf.int32)


def sample(states, count: int, positives: int, noise):
    """Draw boxes to learn from: some positives, filled up with negatives.

    Parameters
    ----------
    states : (batch, n) int32
        As `match` gives them.
    count, positives : int
        How many boxes a picture, and how many of them may be positive.
    noise : (batch, n) float32
        Random numbers in [0, 1); the highest are drawn.

    Returns
    -------
    indices : (batch, positives + count) int32
        Positives first, then negatives.
    chosen : (batch, positives + count) bool
        Which of them count: at most `count` a picture.
    """
    count, positives = (min(k, states.shape[1] or k) for k in (count, positives))
    first = tf.math.top_k(tf.where(states == POSITIVE, noise, -1.0), positives)
    second = tf.math.top_k(tf.where(states == NEGATIVE, noise, -1.0), count)
    taken = first.values >= 0
    room = count - tf.reduce_sum(tf.cast(taken, tf.int32), -1, keepdims=True)
    filled = (second.values >= 0) & (tf.range(count) < room)
    return tf.concat([first.indices, second.indices], -1), tf.concat([taken, filled], -1)


def void_share(boxes, void, cell: int):
    """Return how much of each box is void, 0 to 1.

    Parameters
    ----------
    boxes : (batch, n, 4) or (n, 4) float32
        Their part within the picture counts, edges rounded to cells.
    void : (batch, h, w) float32
        Share of void in each cell.
    cell : int
        Side of a cell, pixels.

    Returns
    -------
    (batch, n) float32
    """
    sums = tf.pad(tf.cumsum(tf.cumsum(void, 1), 2), [[0, 0], [1, 0], [1, 0]])
    height, width = void.shape[1], void.shape[2]
    edges = tf.cast(tf.round(boxes / cell), tf.int32)
    edges = tf.clip_by_value(edges, 0, tf.constant([height, width, height, width]))
    top, left, bottom, right = tf.unstack(edges, axis=-1)
    flat = tf.reshape(sums, [-1, (height + 1) * (width + 1)])

    def at(y, x):
        places = y * (width + 1) + x
        if places.shape.rank == 1:
            return tf.gather(flat, places, axis=1)
        return tf.gather(flat, places, axis=1, batch_dims=1)

    total = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left)
    area = tf.cast((bottom - top) * (right - left), tf.float32)
    return tf.math.divide_no_nan(total, area)
