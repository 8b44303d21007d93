"""From scored boxes to the few that are kept."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from segcore.models.detection import anchors, boxes
from segcore.models.detection.settings import PROPOSAL_OVERLAP, SMALLEST


def propose(logits, deltas, size: tuple[int, int], *, before: int, after: int):
    """Return the proposals of the region proposal network.

    Parameters
    ----------
    logits : (batch, anchors) float32
    deltas : (batch, anchors, 4) float32
    size : (height, width)
        Of the pictures.
    before, after : int
        How many of each level go into the suppression; how many come out of it.

    Returns
    -------
    proposals : (batch, after, 4) float32
        Within the picture, highest score first, zeros at the end.
    valid : (batch, after) bool

    Notes
    -----
    As Ren et al. 2015, section 3.3, and Lin et al. 2017: the best of each level are decoded,
    clipped and thinned out at an IoU of 0.7; boxes thinner than 2 pixels are left out.
    """
    grid = tf.constant(np.array(anchors.anchors(*size)))
    scores, indices, start = [], [], 0
    for count in anchors.counts(*size):
        best = tf.math.top_k(logits[:, start : start + count], min(before, count))
        scores.append(best.values)
        indices.append(best.indices + start)
        start += count
    score, index = tf.concat(scores, 1), tf.concat(indices, 1)
    found = boxes.decode(tf.gather(deltas, index, batch_dims=1), tf.gather(grid, index))
    found = boxes.clip(found, *size)
    thin = tf.reduce_min(found[..., 2:] - found[..., :2], -1) < SMALLEST
    score = tf.where(thin, -1.0, tf.sigmoid(score))
    kept = tf.image.combined_non_max_suppression(
        found[:, :, None],
        score[..., None],
        after,
        after,
        PROPOSAL_OVERLAP,
        score_threshold=-0.5,
        clip_boxes=False,
    )
    return kept.nmsed_boxes, tf.range(after) < kept.valid_detections[:, None]


def best_of_classes(found, probabilities, *, overlap: float, score: float, most: int):
    """Thin boxes out class by class; return boxes, scores, classes and which are valid.

    Parameters
    ----------
    found : (batch, n, 4) float32
        One box for all classes.
    probabilities : (batch, n, classes) float32
        Without the background.
    overlap, score : float
        IoU at which the lower of two boxes of a class goes; the lowest score kept.
    most : int
        How many are kept of a picture.

    Returns
    -------
    boxes : (batch, most, 4) float32
    scores : (batch, most) float32, falling
    classes : (batch, most) int32
    valid : (batch, most) bool
    """
    kept = tf.image.combined_non_max_suppression(
        found[:, :, None],
        probabilities,
        most,
        most,
        overlap,
        score_threshold=score,
        clip_boxes=False,
    )
    valid = tf.range(most) < kept.valid_detections[:, None]
    return kept.nmsed_boxes, kept.nmsed_scores, tf.cast(kept.nmsed_classes, tf.int32), valid
