"""Box arithmetic on tensors."""

from __future__ import annotations

import tensorflow as tf

from segcore.models.detection.settings import LARGEST_STEP


def area(boxes):
    """Return the areas of (..., 4) boxes, 0 for empty ones."""
    return tf.reduce_prod(tf.maximum(boxes[..., 2:] - boxes[..., :2], 0), -1)


def intersections(a, b):
    """Return the shared area of each of (..., n, 4) with each of (..., m, 4): (..., n, m)."""
    low = tf.maximum(a[..., :, None, :2], b[..., None, :, :2])
    high = tf.minimum(a[..., :, None, 2:], b[..., None, :, 2:])
    size = tf.maximum(high - low, 0)
    return size[..., 0] * size[..., 1]


def iou(a, b):
    """Return the IoU of each of (..., n, 4) with each of (..., m, 4), 0 for empty boxes."""
    shared = intersections(a, b)
    union = area(a)[..., :, None] + area(b)[..., None, :] - shared
    return tf.math.divide_no_nan(shared, union)


def encode(boxes, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """Return what brings anchors to boxes, both (..., 4): shift over size, logarithm of scale.

    Girshick et al., "Rich feature hierarchies", CVPR 2014, appendix C, equations 6-9; each
    times its weight. Both must have positive sizes.
    """
    size, anchor_size = boxes[..., 2:] - boxes[..., :2], anchors[..., 2:] - anchors[..., :2]
    centre = (boxes[..., :2] + boxes[..., 2:]) / 2
    anchor_centre = (anchors[..., :2] + anchors[..., 2:]) / 2
    deltas = tf.concat(
        [(centre - anchor_centre) / anchor_size, tf.math.log(size / anchor_size)], -1
    )
    return deltas * tf.constant(weights)


def decode(deltas, anchors, weights=(1.0, 1.0, 1.0, 1.0)):
    """Return the boxes that (..., 4) deltas make of anchors: the inverse of `encode`."""
    deltas = deltas / tf.constant(weights)
    anchor_size = anchors[..., 2:] - anchors[..., :2]
    centre = (anchors[..., :2] + anchors[..., 2:]) / 2 + deltas[..., :2] * anchor_size
    half = anchor_size * tf.exp(tf.minimum(deltas[..., 2:], LARGEST_STEP)) / 2
    return tf.concat([centre - half, centre + half], -1)


def clip(boxes, height, width):
    """Cut (..., 4) boxes at the edges of a picture."""
    limits = tf.cast(tf.stack([height, width, height, width]), boxes.dtype)
    return tf.clip_by_value(boxes, tf.zeros_like(limits), limits)
