"""The interactive segmentation that a promptable model practises, and its losses.

Kirillov et al., "Segment Anything", ICCV 2023, section A, "Training algorithm" and "Losses".
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from segcore.datasets.prompt_crops import CELL
from segcore.training.simulated_prompts import Draws, clicks, jittered, rough_masks

ROUNDS = 3  # a first prompt, then corrections
BOX_RATE, MASK_RATE = 0.5, 0.08  # of first prompts; the rest are clicks, on regions also for boxes
MORE_CLICKS = (0.0, 0.4, 0.4)  # chance of a second click in a round
FOCAL_WEIGHT = 20.0
ALPHA = 0.5  # gamma is 2; with the published 0.25 masks come out too small
THREE_WEIGHT = 0.25  # of the best of three masks where the single one counts, too
THOUSANDTHS = 1000  # an object's IoU is told in such, so that each counts as much as any other


def mask_losses(logits, target, labelled):
    """Return focal loss times 20 plus Dice loss, and the IoU, of each mask.

    Parameters
    ----------
    logits : (n, masks, h, w) float32
    target : (n, 1, h, w) float32
        Share of a cell that the object fills, 0 to 1.
    labelled : (n, 1, h, w) float32
        Share of a cell that is labelled: its weight.

    Returns
    -------
    loss, iou : (n, masks) float32
        The focal loss (Lin et al. 2017; alpha `ALPHA`, gamma 2) is the mean over the labelled
        cells. The IoU is that of the masks cut at a half, 1 of empty with empty.
    """
    axes = (2, 3)
    probability = tf.sigmoid(logits)
    entropy = tf.nn.sigmoid_cross_entropy_with_logits(
        tf.broadcast_to(target, tf.shape(logits)), logits
    )
    balance = labelled * (ALPHA * target + (1 - ALPHA) * (1 - target))
    focal = tf.reduce_sum(balance * tf.square(probability - target) * entropy, axes)
    focal /= tf.maximum(tf.reduce_sum(labelled, axes), 1.0)
    weighted = labelled * probability
    overlap = tf.reduce_sum(weighted * target, axes)
    total = tf.reduce_sum(weighted, axes) + tf.reduce_sum(labelled * target, axes)
    dice = 1 - (2 * overlap + 1) / (total + 1)
    return FOCAL_WEIGHT * focal + dice, hard_iou(logits, target, labelled)


def hard_iou(logits, target, labelled):
    """Return the IoU of masks cut at a half, (n, masks); arguments as of `mask_losses`."""
    seen = labelled >= 0.5
    true, found = (target >= 0.5) & seen, (logits > 0) & seen
    both = tf.reduce_sum(tf.cast(true & found, tf.float32), (2, 3))
    either = tf.reduce_sum(tf.cast(true | found, tf.float32), (2, 3))
    return tf.where(either > 0, both / tf.maximum(either, 1), 1.0)


class PromptObjective:
    """Several rounds of prompts for each target; see `segcore.training.tasks.Objective`.

    The picture is encoded once; the decoder runs in each round for all targets. After a first
    click the best of three masks counts; after a box, a mask or several prompts the single
    mask, and a little the best of three, so that alternatives stay worth showing. The counts
    are the objects' IoU in thousandths, after the first prompt and after the last.
    """

    classes = 2

    def __call__(self, model, pictures, targets, training: bool):
        """Return each picture's loss, (batch,), and the counts, (2, 2)."""
        features = model.get_layer("encoder")(pictures, training=training)
        decoder = model.get_layer("decoder")
        coverage = tf.cast(targets["coverage"], tf.float32) / 255
        batch, count, height, width = tf.unstack(tf.shape(coverage))
        flat = (batch * count, 1, height, width)
        labelled = tf.reshape(tf.cast(targets["labelled"], tf.float32) / 255, flat)
        target = tf.reshape(coverage, flat) / tf.maximum(labelled, 1e-3)
        draws = Draws(training)
        prompt = _first_prompt(targets, target, labelled, draws)
        losses, figures = [], []
        for number in range(ROUNDS):
            masks, expected = decoder(
                [
                    *features,
                    tf.reshape(prompt["points"], (batch, count, -1, 2)),
                    tf.reshape(prompt["kinds"], (batch, count, -1)),
                    tf.reshape(prompt["previous"], (batch, count, height, width)),
                    tf.reshape(prompt["has_previous"], (batch, count)),
                ],
                training=training,
            )
            masks = tf.reshape(masks, (batch * count, -1, height, width))
            expected = tf.reshape(expected, (batch * count, -1))
            single = prompt["single"] if number == 0 else tf.ones((batch * count,), tf.bool)
            loss, best, iou = _losses(masks, expected, target, labelled, single)
            losses.append(loss)
            figures.append(iou)
            if number < ROUNDS - 1:
                prompt = _next_prompt(prompt, best, target, labelled, draws, number + 1)
        anything = tf.cast(tf.reduce_sum(labelled, (1, 2, 3)) > 0, tf.float32)
        loss = tf.add_n(losses) / ROUNDS * anything
        loss = tf.reduce_mean(tf.reshape(loss, (batch, count)), axis=1)
        shares = [tf.reduce_sum(iou * anything) for iou in (figures[0], figures[-1])]
        counts = tf.stack([tf.stack(shares), tf.fill((2,), tf.reduce_sum(anything))])
        return loss, tf.cast(tf.round(THOUSANDTHS * counts), tf.int64)

    def foreground(self, model, pictures) -> np.ndarray:
        """Return the (batch, h, w) probabilities of what a click into the middle selects."""
        pictures = tf.convert_to_tensor(pictures)
        shape = tf.shape(pictures)
        middle = tf.cast(shape[1:3][::-1], tf.float32) / 2
        points = tf.tile(middle[None, None, None], (shape[0], 1, 1, 1))
        previous = tf.zeros((shape[0], 1, shape[1] // CELL, shape[2] // CELL))
        none = tf.zeros((shape[0], 1))
        masks, expected = model(
            [pictures, points, tf.ones((shape[0], 1, 1)), previous, none], training=False
        )
        best = tf.argmax(expected[:, 0, 1:], axis=-1)
        masks = tf.gather(masks[:, 0, 1:], best, batch_dims=1)[..., None]
        return np.asarray(tf.sigmoid(tf.image.resize(masks, shape[1:3])))[..., 0]


def _first_prompt(targets, target, labelled, draws: Draws):
    """Return a box, a click or a rough mask with a click for each of the (n, ...) targets.

    Nobody draws a box around the sky: one around all of the picture means an object.
    """
    n = tf.shape(target)[0]
    side = tf.cast(CELL * tf.shape(target)[-1], tf.float32)
    boxes = jittered(tf.reshape(targets["boxes"], (n, 4)), side, draws)
    choice = draws.choice(n)
    is_box = (choice < BOX_RATE) & tf.reshape(targets["things"], (n,))
    is_mask = choice >= 1 - MASK_RATE
    rough = rough_masks(target, draws)
    previous = tf.where(is_mask[:, None, None, None], rough, -tf.ones_like(rough))
    points, kinds = clicks(previous, target, labelled, draws)
    box = tf.reshape(boxes, (n, 2, 2))
    corners = tf.where(is_box[:, None], tf.constant([2, 3]), -1)
    kinds = tf.where(is_box, -1, kinds)
    return {
        "points": tf.concat([box, points[:, None]], axis=1),
        "kinds": tf.concat([corners, kinds[:, None]], axis=1),
        "previous": previous * tf.cast(is_mask, tf.float32)[:, None, None, None],
        "has_previous": tf.cast(is_mask, tf.float32),
        "single": is_box | is_mask,
    }


def _losses(masks, expected, target, labelled, single):
    """Return the loss, the mask to go on with, and its IoU.

    `single` says where the prompt is clear, so that the single mask must fit; otherwise only
    the best of the three has to.
    """
    each, iou = mask_losses(masks, target, labelled)
    three = tf.reduce_min(each[:, 1:], axis=1)
    loss = tf.where(single, (1 - THREE_WEIGHT) * each[:, 0] + THREE_WEIGHT * three, three)
    loss += tf.reduce_mean(tf.square(expected - iou), axis=1)
    best = 1 + tf.argmax(expected[:, 1:], axis=1, output_type=tf.int32)
    best = tf.where(single, 0, best)
    chosen = tf.gather(masks, best, batch_dims=1)[:, None]
    return loss, chosen, tf.gather(iou, best, batch_dims=1)


def _next_prompt(prompt, mask, target, labelled, draws: Draws, number: int):
    """Add one click or two in the wrong region, and the mask."""
    mask = tf.stop_gradient(mask)
    points, kinds = clicks(mask, target, labelled, draws)
    more, their_kinds = clicks(mask, target, labelled, draws, anywhere=True)
    wanted = draws.choice(tf.shape(target)[0]) < (MORE_CLICKS[number] if draws.training else 0)
    their_kinds = tf.where(wanted, their_kinds, -1)
    return {
        "points": tf.concat([prompt["points"], points[:, None], more[:, None]], axis=1),
        "kinds": tf.concat([prompt["kinds"], kinds[:, None], their_kinds[:, None]], axis=1),
        "previous": mask,
        "has_previous": tf.ones_like(prompt["has_previous"]),
    }
