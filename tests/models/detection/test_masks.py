"""Masks cut out of a map and put back, and the losses, against loops."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segcore.inference.detection import paste as paste_patch
from segcore.models.detection import losses
from segcore.models.detection.mask_targets import VOID, mask_targets, paste


def test_mask_targets_against_a_loop():
    rng = np.random.default_rng(0)
    ids = rng.choice([0, 1, 2, VOID], (2, 40, 40), p=[0.4, 0.3, 0.2, 0.1]).astype(np.uint8)
    corners = np.sort(rng.uniform(0, 40, (8, 2, 2)), axis=1).reshape(8, 4).astype(np.float32)
    pictures, numbers = rng.integers(0, 2, 8), rng.integers(1, 3, 8)
    masks, known = mask_targets(
        tf.constant(ids),
        tf.constant(corners),
        tf.constant(pictures.astype(np.int32)),
        tf.constant(numbers.astype(np.int32)),
        6,
    )
    for k, (y0, x0, y1, x1) in enumerate(corners.astype(np.float64)):
        for i in range(6):
            for j in range(6):
                seen = [
                    ids[
                        pictures[k],
                        min(39, int(y0 + (i + a) / 6 * (y1 - y0))),
                        min(39, int(x0 + (j + b) / 6 * (x1 - x0))),
                    ]
                    for a in (0.25, 0.75)
                    for b in (0.25, 0.75)
                ]
                assert int(masks[k, i, j]) == (sum(s == numbers[k] for s in seen) >= 2)
                assert bool(known[k, i, j]) == (VOID not in seen)


def test_pasting_undoes_cutting():
    y, x = np.mgrid[:96, :128]
    disc = ((y - 50) ** 2 + (x - 70) ** 2 < 30**2).astype(np.uint8)
    box = tf.constant([[20.0, 40.0, 81.0, 101.0]])
    zero, one = tf.zeros(1, tf.int32), tf.ones(1, tf.int32)
    mask, _ = mask_targets(tf.constant(disc[None]), box, zero, one, 28)
    back = paste(mask, box, 96, 128, 1.0)[0].numpy() >= 0.5
    assert (back & (disc > 0)).sum() / (back | (disc > 0)).sum() > 0.95


@pytest.mark.parametrize(
    "box", [(10.3, 5.2, 50.9, 30.0), (-4.0, -3.0, 12.0, 9.0), (30, 20, 80, 90)]
)
def test_both_engines_paste_alike(box):
    mask = np.random.default_rng(1).random((28, 28)).astype(np.float32)
    whole = paste(tf.constant(mask[None]), tf.constant([box], tf.float32), 64, 48, 1.0)[0].numpy()
    patch = paste_patch(mask, np.array(box), (64, 48), 0.5)
    placed = np.zeros((64, 48), bool)
    placed[patch.window] = patch.mask
    unsure = np.abs(whole - 0.5) < 1e-4
    assert ((whole >= 0.5) == placed)[~unsure].all()


def test_smooth_l1():
    for beta in (1 / 9, 1.0):
        for d in (-3.0, -0.05, 0.0, 0.5, 2.0):
            expected = 0.5 * d * d / beta if abs(d) < beta else abs(d) - beta / 2
            ours = losses.smooth_l1(tf.constant([[d, 0.0]]), beta)
            assert float(ours[0]) == pytest.approx(expected, abs=1e-6)


def test_rpn_loss_against_a_loop():
    rng = np.random.default_rng(2)
    logits, deltas, wanted = rng.normal(size=(2, 9)), *rng.normal(size=(2, 2, 9, 4))
    positive, chosen = rng.random((2, 9)) < 0.4, rng.random((2, 9)) < 0.7
    chosen[1] = False
    ours = losses.rpn_loss(
        *(tf.constant(a, tf.float32) for a in (logits, deltas)),
        tf.constant(positive),
        tf.constant(wanted, tf.float32),
        tf.constant(chosen),
    )
    entropy = shift = 0.0
    for k in np.flatnonzero(chosen[0]):
        p = 1 / (1 + np.exp(-logits[0, k]))
        entropy -= np.log(p if positive[0, k] else 1 - p)
        if positive[0, k]:
            for d in np.abs(deltas[0, k] - wanted[0, k]):
                shift += d - 0.5 / 9 if d >= 1 / 9 else 4.5 * d * d
    number = chosen[0].sum()
    np.testing.assert_allclose([o[0] for o in ours], [entropy / number, shift / number], rtol=1e-5)
    assert float(ours[0][1]) == float(ours[1][1]) == 0


def test_head_losses_against_a_loop():
    rng = np.random.default_rng(3)
    logits, classes = rng.normal(size=(1, 6, 4)), np.array([[0, 3, 1, 0, 2, 1]])
    deltas, wanted = rng.normal(size=(2, 1, 6, 4)) * 2
    chosen = np.array([[True, True, False, True, True, False]])
    ours = losses.box_head_loss(
        tf.constant(logits, tf.float32),
        tf.constant(deltas, tf.float32),
        tf.constant(classes, tf.int32),
        tf.constant(wanted, tf.float32),
        tf.constant(chosen),
    )
    entropy = shift = 0.0
    for k in (0, 1, 3, 4):
        powers = np.exp(logits[0, k])
        entropy -= np.log(powers[classes[0, k]] / powers.sum()) / 4
        if classes[0, k]:
            for d in np.abs(deltas[0, k] - wanted[0, k]):
                shift += (d - 0.5 if d >= 1 else 0.5 * d * d) / 4
    np.testing.assert_allclose([o[0] for o in ours], [entropy, shift], rtol=1e-5)

    masks, known = rng.random((2, 3, 3)) < 0.5, rng.random((2, 3, 3)) < 0.6
    known[1] = False
    scores = rng.normal(size=(2, 3, 3))
    each = losses.mask_loss(
        tf.constant(scores, tf.float32), tf.constant(masks, tf.float32), tf.constant(known)
    )
    p = 1 / (1 + np.exp(-scores[0]))
    expected = -np.log(np.where(masks[0], p, 1 - p))[known[0]].mean()
    np.testing.assert_allclose(each, [expected, 0], rtol=1e-5)
