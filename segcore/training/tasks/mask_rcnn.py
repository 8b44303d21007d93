"""What Mask R-CNN learns: proposals, boxes, classes and masks at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from segcore.models.detection import anchors, boxes, losses
from segcore.models.detection.mask_targets import VOID, mask_targets, paste
from segcore.models.detection.matching import IGNORED, NEGATIVE, match, sample, void_share
from segcore.models.detection.proposals import best_of_classes, propose
from segcore.models.detection.roi_align import pyramid_align
from segcore.models.detection.settings import (
    AFTER,
    BEFORE,
    BOX_BINS,
    HEAD_WEIGHTS,
    MASK_BINS,
)

RPN_SAMPLES = 256  # anchors a picture, at most half of them positive: Ren et al. 2015
HEAD_SAMPLES = 64  # boxes a picture, at most a quarter of them positive: He et al. 2017
VOID_CELL = 4  # pixels
MAP_CELL = 4  # pixels of a picture a cell of the class map
DETECTIONS, SCORE, OVERLAP = 20, 0.5, 0.5  # what the class map of the validation shows
SHOWN_SCORE = 0.05


class Targets(NamedTuple):
    """What a batch of pictures shows.

    Attributes
    ----------
    boxes : (batch, m, 4) float32
        Of each picture's objects, in order of their numbers; zeros after the last.
    classes : (batch, m) int32
        Their classes, -1 after the last.
    ids : (batch, side, side) uint8
        0: no object, n: the n-th object, `VOID`: nobody knows.
    """

    boxes: tf.Tensor
    classes: tf.Tensor
    ids: tf.Tensor


class MaskRcnnObjective:
    """Loss and counts of Mask R-CNN.

    Parameters
    ----------
    classes : int
        Kinds of objects.
    masks : int
        Positive boxes a picture whose masks are learned.
    """

    def __init__(self, classes: int = 21, masks: int = 8):
        self.classes = classes
        self.masks = masks

    def __call__(self, model, pictures, targets, training: bool):
        """Return what the trainer needs of a batch.

        Parameters
        ----------
        model : keras.Model
            Of `segcore.models.mask_rcnn.mask_rcnn`.
        pictures : (batch, side, side, 3) float32
        targets : Targets
        training : bool
            False draws the same boxes each time, and detects.

        Returns
        -------
        loss : (batch,) float32
            Sum of the five losses, as published.
        counts : (2, classes) int64
            Pixels in the intersection and the union of predicted and true masks: those of
            the drawn boxes in training, otherwise those of a class map painted from the
            detections of score 0.5 or more, the highest on top.
        """
        side = tuple(pictures.shape[1:3])
        targets = _without_padding(targets)
        *pyramid, logits, deltas = model.get_layer("trunk")(pictures, training=training)
        void = _void_cells(targets.ids)
        draw = _Noise(training)
        loss = _proposal_loss(logits, deltas, targets, void, side, draw)
        proposals, valid = propose(
            tf.stop_gradient(logits), tf.stop_gradient(deltas), side, before=BEFORE, after=AFTER
        )
        drawn = _draw_boxes(proposals, valid, targets, void, draw)
        loss += _head_loss(model.get_layer("box_head"), pyramid, drawn, training)
        mask_loss, counts = self._mask_loss(
            model.get_layer("mask_head"), pyramid, drawn, targets, training
        )
        loss += mask_loss
        if training:
            return loss, counts
        masks, classes, _ = self._detect(model, pyramid, proposals, valid, side, SCORE)
        return loss, _overlap(_class_map(masks, classes), _true_map(targets), self.classes)

    def foreground(self, model, pictures) -> np.ndarray:
        """Return the (batch, side / 4, side / 4) probability of any object: score times mask."""
        side = tuple(pictures.shape[1:3])
        *pyramid, logits, deltas = model.get_layer("trunk")(pictures, training=False)
        proposals, valid = propose(logits, deltas, side, before=BEFORE, after=AFTER)
        masks, _, scores = self._detect(model, pyramid, proposals, valid, side, SHOWN_SCORE)
        return np.asarray(tf.reduce_max(masks * scores[:, :, None, None], 1))

    def _mask_loss(self, head, pyramid, drawn: Drawn, targets: Targets, training: bool):
        batch = tf.shape(drawn.boxes)[0]
        places = tf.where(drawn.positive[:, : self.masks])
        # Always one at least, and few different numbers: a new one costs the convolutions time.
        extra = 16 - tf.shape(places)[0] % 16
        real = tf.pad(tf.ones(tf.shape(places)[0]), [[0, extra]])
        places = tf.pad(places, [[0, extra], [0, 0]])
        found, objects = tf.gather_nd(drawn.boxes, places), tf.gather_nd(drawn.objects, places)
        picture = tf.cast(places[:, 0], tf.int32)
        classes = tf.maximum(tf.gather_nd(drawn.classes, places) - 1, 0)
        bins = pyramid_align(pyramid, found, picture, MASK_BINS)
        logits = tf.gather(head(bins, training=training), classes, axis=3, batch_dims=1)
        masks, known = mask_targets(targets.ids, found, picture, objects + 1, 2 * MASK_BINS)
        each = losses.mask_loss(logits, masks, known) * real
        sums = tf.math.unsorted_segment_sum(tf.stack([each, real], -1), picture, batch)
        guess, truth = (logits > 0) & known, (masks > 0) & known
        pixels = tf.stack(
            [
                tf.reduce_sum(tf.cast(both, tf.float32), (1, 2)) * real
                for both in (guess & truth, guess | truth)
            ],
            -1,
        )
        counts = tf.math.unsorted_segment_sum(pixels, classes, self.classes)
        return tf.math.divide_no_nan(sums[:, 0], sums[:, 1]), tf.cast(
            tf.transpose(counts), tf.int64
        )

    def _detect(self, model, pyramid, proposals, valid, side: tuple[int, int], score: float):
        """Return masks of detections, (batch, n, h, w), their classes and scores, (batch, n)."""
        number = proposals.shape[1]
        flat, picture = tf.reshape(proposals, [-1, 4]), _pictures(proposals)
        bins = pyramid_align(pyramid, flat, picture, BOX_BINS)
        logits, deltas = model.get_layer("box_head")(bins, training=False)
        found = boxes.clip(boxes.decode(deltas, flat, HEAD_WEIGHTS), *side)
        probabilities = tf.where(tf.reshape(valid, [-1, 1]), tf.nn.softmax(logits)[:, 1:], 0.0)
        found, scores, classes, valid = best_of_classes(
            tf.reshape(found, [-1, number, 4]),
            tf.reshape(probabilities, [-1, number, self.classes]),
            overlap=OVERLAP,
            score=score,
            most=DETECTIONS,
        )
        flat, height, width = tf.reshape(found, [-1, 4]), side[0] // MAP_CELL, side[1] // MAP_CELL
        bins = pyramid_align(pyramid, flat, _pictures(found), MASK_BINS)
        logits = model.get_layer("mask_head")(bins, training=False)
        masks = tf.gather(tf.sigmoid(logits), tf.reshape(classes, [-1]), axis=3, batch_dims=1)
        pasted = paste(masks, flat, height, width, 1 / MAP_CELL)
        masks = tf.reshape(pasted, [-1, DETECTIONS, height, width])
        return masks * tf.cast(valid, tf.float32)[:, :, None, None], classes, scores


class Drawn(NamedTuple):
    """The boxes that the heads learn from, positives first.

    Attributes
    ----------
    boxes : (batch, k, 4) float32
    objects : (batch, k) int32
        Index of the object that each stands for.
    targets : (batch, k, 4) float32
        Its box.
    classes : (batch, k) int32
        1 + its class, 0 for the background.
    positive, chosen : (batch, k) bool
        Those with an object; those that count at all.
    """

    boxes: tf.Tensor
    objects: tf.Tensor
    targets: tf.Tensor
    classes: tf.Tensor
    positive: tf.Tensor
    chosen: tf.Tensor


class _Noise:
    """Random numbers, the same ones each time unless in training."""

    def __init__(self, training: bool):
        self.training = training

    def __call__(self, shape):
        if self.training:
            return tf.random.uniform(shape)
        return tf.random.stateless_uniform(shape, (0, 0))


def _without_padding(targets: Targets) -> Targets:
    """Cut off the objects that no picture of the batch has; at least one is left."""
    most = tf.reduce_max(tf.reduce_sum(tf.cast(targets.classes >= 0, tf.int32), -1))
    most = tf.maximum(most, 1)
    return Targets(targets.boxes[:, :most], targets.classes[:, :most], targets.ids)


def _void_cells(ids):
    void = tf.cast(ids == VOID, tf.float32)[..., None]
    return tf.nn.avg_pool2d(void, VOID_CELL, VOID_CELL, "VALID")[..., 0]


def _proposal_loss(logits, deltas, targets: Targets, void, side: tuple[int, int], draw: _Noise):
    grid = tf.constant(np.array(anchors.anchors(*side)))
    states, objects = match(boxes.iou(grid, targets.boxes), 0.3, 0.7, best_of_each=True)
    hidden = (states == NEGATIVE) & (void_share(grid, void, VOID_CELL) > 0.5)
    states = tf.where(hidden, IGNORED, states)
    indices, chosen = sample(states, RPN_SAMPLES, RPN_SAMPLES // 2, draw(tf.shape(states)))
    positive = chosen & (tf.range(tf.shape(indices)[1]) < RPN_SAMPLES // 2)
    start = tf.gather(grid, indices)
    true = tf.gather(targets.boxes, tf.gather(objects, indices, batch_dims=1), batch_dims=1)
    wanted = boxes.encode(tf.where(positive[..., None], true, start), start)
    parts = losses.rpn_loss(
        tf.gather(logits, indices, batch_dims=1),
        tf.gather(deltas, indices, batch_dims=1),
        positive,
        wanted,
        chosen,
    )
    return parts[0] + parts[1]


def _draw_boxes(proposals, valid, targets: Targets, void, draw: _Noise) -> Drawn:
    """Match proposals, and the objects' own boxes among them, to objects and draw from them."""
    real = targets.classes >= 0
    candidates = tf.stop_gradient(tf.concat([targets.boxes, proposals], 1))
    states, objects = match(boxes.iou(candidates, targets.boxes), 0.5, 0.5)
    states = tf.where(tf.concat([real, valid], 1), states, IGNORED)
    hidden = (states == NEGATIVE) & (void_share(candidates, void, VOID_CELL) > 0.5)
    states = tf.where(hidden, IGNORED, states)
    positives = HEAD_SAMPLES // 4
    indices, chosen = sample(states, HEAD_SAMPLES, positives, draw(tf.shape(states)))
    positive = chosen & (tf.range(tf.shape(indices)[1]) < positives)
    objects = tf.gather(objects, indices, batch_dims=1)
    classes = tf.gather(targets.classes, objects, batch_dims=1)
    return Drawn(
        tf.gather(candidates, indices, batch_dims=1),
        objects,
        tf.gather(targets.boxes, objects, batch_dims=1),
        tf.where(positive, classes + 1, 0),
        positive,
        chosen,
    )


def _head_loss(head, pyramid, drawn: Drawn, training: bool):
    shape = tf.shape(drawn.chosen, tf.int64)
    places = tf.where(drawn.chosen)
    flat = tf.gather_nd(drawn.boxes, places)
    bins = pyramid_align(pyramid, flat, tf.cast(places[:, 0], tf.int32), BOX_BINS)
    logits, deltas = head(bins, training=training)
    logits, deltas = (
        tf.scatter_nd(places, values, tf.concat([shape, [values.shape[1]]], 0))
        for values in (logits, deltas)
    )
    positive = drawn.positive[..., None]
    unit = tf.constant([0.0, 0.0, 1.0, 1.0])
    wanted = boxes.encode(
        tf.where(positive, drawn.targets, unit),
        tf.where(positive, drawn.boxes, unit),
        HEAD_WEIGHTS,
    )
    parts = losses.box_head_loss(logits, deltas, drawn.classes, wanted, drawn.chosen)
    return parts[0] + parts[1]


def _pictures(found):
    """Return the picture of each of (batch, n, 4) boxes in a row, (batch * n,) int32."""
    return tf.repeat(tf.range(tf.shape(found)[0]), tf.shape(found)[1])


def _class_map(masks, classes):
    """Return the class of the first mask on each cell, (batch, h, w) int32; -1 without one."""
    covers = masks >= 0.5
    first = tf.argmax(tf.cast(covers, tf.int32), 1)
    shown = tf.gather(classes, first, axis=1, batch_dims=1)
    return tf.where(tf.reduce_any(covers, 1), shown, -1)


def _true_map(targets: Targets):
    """Return the class of each cell: -1 without an object, -2 where nobody knows."""
    ids = tf.cast(targets.ids[:, MAP_CELL // 2 :: MAP_CELL, MAP_CELL // 2 :: MAP_CELL], tf.int32)
    table = tf.pad(targets.classes, [[0, 0], [1, 0]], constant_values=-1)
    known = tf.minimum(ids, tf.shape(table)[1] - 1)
    return tf.where(ids == VOID, -2, tf.gather(table, known, batch_dims=1))


def _overlap(shown, truth, classes: int):
    shown = tf.where(truth == -2, -1, shown)
    guess, true = (tf.one_hot(found, classes, dtype=tf.int64) for found in (shown, truth))
    both = tf.reduce_sum(guess * true, (0, 1, 2))
    either = tf.reduce_sum(guess + true, (0, 1, 2)) - both
    return tf.stack([both, either])
