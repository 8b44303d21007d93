"""Cutting the masks of boxes out of a map of object numbers, and putting masks back."""

from __future__ import annotations

import tensorflow as tf

VOID = 255


def mask_targets(ids, boxes, pictures, numbers, side: int):
    """Return the masks of objects within boxes.

    Parameters
    ----------
    ids : (batch, h, w) uint8
        0: no object, n: the picture's n-th object, `VOID`: unknown. One pixel a pixel.
    boxes : (n, 4) float32
    pictures : (n,) int32
        Which picture of the batch each box is in.
    numbers : (n,) int32
        Which of its objects, from 1 on.
    side : int
        Cells a side.

    Returns
    -------
    masks : (n, side, side) float32
        1 where at least half of a cell's 2 x 2 samples lie on the object.
    known : (n, side, side) bool
        Where no sample is void.
    """
    height, width = ids.shape[1], ids.shape[2]
    steps = (tf.range(2 * side, dtype=tf.float32) + 0.5) / (2 * side)

    def places(low, high, limit):
        at = low[:, None] + steps * (high - low)[:, None]
        return tf.clip_by_value(tf.cast(tf.floor(at), tf.int32), 0, limit - 1)

    y = places(boxes[:, 0], boxes[:, 2], height)
    x = places(boxes[:, 1], boxes[:, 3], width)
    flat = (pictures[:, None, None] * height + y[:, :, None]) * width + x[:, None, :]
    found = tf.cast(tf.gather(tf.reshape(ids, [-1]), flat), tf.int32)
    on = tf.cast(found == numbers[:, None, None], tf.float32)
    void = tf.cast(found == VOID, tf.float32)

    def mean(values):
        return tf.nn.avg_pool2d(values[..., None], 2, 2, "VALID")[..., 0]

    return tf.cast(mean(on) >= 0.5, tf.float32), mean(void) == 0


def paste(masks, boxes, height: int, width: int, scale: float):
    """Return masks at their places in a picture, (n, height, width) float32.

    Parameters
    ----------
    masks : (n, side, side) float32
        Probabilities.
    boxes : (n, 4) float32
        In pixels of the picture.
    height, width : int
        Size of what comes out.
    scale : float
        Its size over the picture's.

    Notes
    -----
    Bilinear between the cells' centres, 0 outside the box, falling to it over half a cell.
    """
    side = masks.shape[1]

    def weights(low, high, size):
        at = (tf.range(size, dtype=tf.float32) + 0.5) / scale
        share = (at - low[:, None]) / tf.maximum(high - low, 1e-6)[:, None]
        cell = share * side - 0.5
        return tf.maximum(1 - tf.abs(cell[..., None] - tf.range(side, dtype=tf.float32)), 0)

    rows = weights(boxes[:, 0], boxes[:, 2], height)
    columns = weights(boxes[:, 1], boxes[:, 3], width)
    return tf.matmul(tf.matmul(rows, masks), columns, transpose_b=True)
