"""The shapes of Panoptic-DeepLab, and its losses against loops over pixels."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segcore.labels import UNLABELLED
from segcore.models.panoptic_deeplab import panoptic_deeplab
from segcore.training.tasks.panoptic import HEAT_WEIGHT, OFFSET_WEIGHT, PanopticObjective


@pytest.fixture(scope="module")
def network():
    return panoptic_deeplab(classes=5, variant="lite0", imagenet=False)


@pytest.mark.parametrize("size", [(64, 96), (33, 65), (4, 300)])
def test_maps_are_a_quarter_of_the_size(network, size: tuple[int, int]):
    logits, heat, offsets = network(np.zeros((1, *size, 3), np.float32))
    quarter = tuple(-(-side // 4) for side in size)
    assert logits.shape == (1, *quarter, 5)
    assert heat.shape == (1, *quarter, 1)
    assert offsets.shape == (1, *quarter, 2)


def test_a_trained_step_reaches_all_branches(network):
    picture = tf.random.stateless_uniform((1, 64, 64, 3), (0, 1), -1, 1)
    with tf.GradientTape() as tape:
        loss = sum(tf.reduce_sum(tf.square(output)) for output in network(picture, training=True))
    gradients = tape.gradient(loss, network.trainable_variables)
    assert all(gradient is not None for gradient in gradients)


def test_the_loss_is_what_the_paper_says():
    random = np.random.default_rng(0)
    classes = random.integers(0, 3, (2, 4, 6)).astype(np.uint8)
    classes[0, 0, :3] = UNLABELLED
    objects = np.zeros((2, 2, 3), np.uint8)
    objects[0, 0], objects[1] = 1, 255
    logits = random.normal(size=(2, 2, 3, 3)).astype(np.float32)
    heat = random.random((2, 2, 3, 1)).astype(np.float32)
    offsets = random.normal(size=(2, 2, 3, 2)).astype(np.float32)
    loss, counts = PanopticObjective()(
        lambda *_, **__: (logits, heat, offsets), None, (classes, tf.constant(objects)), False
    )
    large = tf.image.resize(logits, (4, 6)).numpy()
    expected = []
    for i in range(2):
        terms = []
        for y, x in np.argwhere(classes[i] != UNLABELLED):
            powers = np.exp(large[i, y, x])
            terms.append(-np.log(powers[classes[i, y, x]] / powers.sum()))
        expected.append(np.mean(terms))
    y, x = np.mgrid[:2, :3]
    true_heat = np.exp(-((y - 0) ** 2 + (x - 1) ** 2) / 8)
    expected[0] += HEAT_WEIGHT * np.mean((heat[0, ..., 0] - true_heat) ** 2)
    to_centre = np.array([[0, 1], [0, 0], [0, -1]])
    expected[0] += OFFSET_WEIGHT * np.abs(offsets[0, 0] - to_centre).sum(axis=1).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-4)  # of the second all is crowd
    found, known = large.argmax(-1), classes != UNLABELLED
    for c in range(3):
        both = ((found == c) & (classes == c) & known).sum()
        either = (((found == c) | (classes == c)) & known).sum()
        assert (counts[0, c], counts[1, c]) == (both, either)
