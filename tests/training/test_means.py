"""`segcore.training.means`: the epoch's figures as Keras' own metrics give them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from segcore.training.mean_iou import MeanIoU, overlap
from segcore.training.means import Means


@pytest.mark.parametrize("classes", [1, 2, 5])
def test_means_equal_keras_metrics(classes: int) -> None:
    rng = np.random.default_rng(classes)
    means, mean, mean_iou = Means(classes), keras.metrics.Mean(), MeanIoU(classes)
    assert means.loss == means.mean_iou == 0
    for pictures in (4, 4, 1):  # the last batch is smaller
        loss = tf.constant(rng.uniform(0, 3, pictures), tf.float32)
        shape = (pictures, 5, 7, classes)
        counts = overlap(
            tf.constant(rng.integers(0, 2, shape), tf.float32),
            tf.constant(rng.uniform(0, 1, shape), tf.float32),
        )
        means.add(loss, counts)
        mean.update_state(loss)
        mean_iou.add(counts)
        assert means.loss == pytest.approx(float(mean.result()), abs=1e-6)
        assert means.mean_iou == pytest.approx(float(mean_iou.result()), abs=1e-6)


def test_a_class_that_nobody_saw_is_left_out() -> None:
    means = Means(3)
    means.add([1.0], [[2, 0, 1], [4, 0, 1]])
    assert means.mean_iou == pytest.approx((0.5 + 1) / 2)
