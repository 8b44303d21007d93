"""What the region proposals and the heads are trained on."""

from __future__ import annotations

import tensorflow as tf

RPN_BETA = 1 / 9  # py-faster-rcnn's sigma = 3
HEAD_BETA = 1.0


def smooth_l1(difference, beta: float):
    """Return Girshick's robust loss, summed over the last axis.

    ``0.5 d^2 / beta`` up to `beta`, ``d - 0.5 beta`` beyond ("Fast R-CNN", ICCV 2015,
    equation 3).
    """
    size = tf.abs(difference)
    loss = tf.where(size < beta, 0.5 * size**2 / beta, size - 0.5 * beta)
    return tf.reduce_sum(loss, -1)


def rpn_loss(logits, deltas, positive, targets, chosen):
    """Return objectness and box loss of each picture, both (batch,) float32.

    Parameters
    ----------
    logits : (batch, k) float32
        Objectness of the drawn anchors.
    deltas, targets : (batch, k, 4) float32
        Predicted and true ones; only those of positives count.
    positive, chosen : (batch, k) bool
        Which anchors are positive, and which were drawn at all.

    Notes
    -----
    Both are divided by the number of drawn anchors (Ren et al. 2015, equation 1, with lambda
    such that both weigh about the same).
    """
    drawn = tf.cast(chosen, tf.float32)
    label = tf.cast(positive, tf.float32)
    number = tf.maximum(tf.reduce_sum(drawn, -1), 1)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(label, logits) * drawn
    boxes = smooth_l1(deltas - targets, RPN_BETA) * label * drawn
    return tf.reduce_sum(entropy, -1) / number, tf.reduce_sum(boxes, -1) / number


def box_head_loss(logits, deltas, classes, targets, chosen):
    """Return class and box loss of each picture, both (batch,) float32.

    Parameters
    ----------
    logits : (batch, k, 1 + things) float32
        Channel 0 is the background.
    deltas, targets : (batch, k, 4) float32
    classes : (batch, k) int32
        0 on the background; boxes of others count (Girshick 2015, equation 1).
    chosen : (batch, k) bool
    """
    drawn = tf.cast(chosen, tf.float32)
    number = tf.maximum(tf.reduce_sum(drawn, -1), 1)
    entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits) * drawn
    boxes = smooth_l1(deltas - targets, HEAD_BETA) * tf.cast(classes > 0, tf.float32) * drawn
    return tf.reduce_sum(entropy, -1) / number, tf.reduce_sum(boxes, -1) / number


def mask_loss(logits, targets, known):
    """Return the mean binary cross-entropy of each mask, (n,) float32.

    Parameters
    ----------
    logits, targets : (n, side, side) float32
        Of the object's own class (He et al. 2017, section 3); targets 0 or 1.
    known : (n, side, side) bool
        Where the target is known; 0 comes out where it is nowhere.
    """
    weight = tf.cast(known, tf.float32)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(targets, logits) * weight
    return tf.math.divide_no_nan(tf.reduce_sum(entropy, (1, 2)), tf.reduce_sum(weight, (1, 2)))
