"""The Keras metric mean_iou against segcore.metrics, which counts in NumPy."""

import numpy as np
import pytest
import tensorflow as tf

from segcore.metrics import confusion_matrix, mean_iou
from segcore.training.mean_iou import MeanIoU


def random_batch(rng, classes, seen):
    """Return class maps, (n, h, w), of the classes in `seen`, and network outputs for them."""
    shape = tuple(rng.integers(1, 7, 3))
    truth, guess = rng.choice(seen, shape), rng.choice(seen, shape)
    if classes == 1:
        probability = np.where(guess == 1, rng.uniform(0.5, 1, shape), rng.uniform(0, 0.49, shape))
        return truth, guess, truth[..., None], probability[..., None]
    probability = rng.dirichlet(np.ones(classes), shape)
    probability += 2 * np.eye(classes)[guess]  # the largest, whatever it was before
    return truth, guess, np.eye(classes)[truth], probability / 3


def as_tensors(*arrays):
    return [tf.constant(array, tf.float32) for array in arrays]


@pytest.mark.parametrize(
    ("classes", "seen"),
    [
        (1, [0, 1]),  # the binary task
        (1, [0]),  # no foreground anywhere: background alone counts
        (1, [1]),  # foreground everywhere
        (2, [0, 1]),  # the same as two channels
        (5, [0, 1, 2, 3, 4]),  # several classes
        (5, [1, 4]),  # three of them absent
    ],
)
def test_updates_equal_the_confusion_matrix(classes, seen):
    rng, metric = np.random.default_rng(len(seen)), MeanIoU(classes)
    matrix = np.zeros((max(2, classes),) * 2, np.int64)
    for _ in range(6):
        truth, guess, one_hot, probability = random_batch(rng, classes, seen)
        for a, b in zip(truth, guess, strict=True):
            matrix += confusion_matrix(a, b, max(2, classes))
        metric.update_state(*as_tensors(one_hot, probability))
        assert float(metric.result()) == pytest.approx(mean_iou(matrix), abs=1e-6)


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.5, 1.0),  # a half counts as foreground
        (np.nextafter(np.float32(0.5), np.float32(0)), 0.0),  # the next number below does not
    ],
)
def test_foreground_begins_at_a_half(probability, expected):
    metric = MeanIoU()
    metric.update_state(*as_tensors(np.ones((1, 2, 2, 1)), np.full((1, 2, 2, 1), probability)))
    assert float(metric.result()) == expected


def test_a_class_only_predicted_counts_as_0():
    metric = MeanIoU(3)
    metric.update_state(*as_tensors(np.eye(3)[[[[0, 0]]]], np.eye(3)[[[[0, 2]]]]))
    assert float(metric.result()) == pytest.approx((1 / 2 + 0) / 2)  # class 1 is left out


def test_reset_forgets_and_nothing_seen_is_0():
    metric, batch = MeanIoU(), as_tensors(np.ones((1, 2, 2, 1)), np.ones((1, 2, 2, 1)))
    assert float(metric.result()) == 0
    metric.update_state(*batch)
    assert float(metric.result()) == 1
    metric.reset_state()
    assert float(metric.result()) == 0


def test_counts_stay_exact_beyond_float32():
    """One pixel more after 2**24 of them is still counted."""
    metric = MeanIoU()
    metric.union.assign([0, 2**24])
    metric.intersection.assign([0, 2**24])
    for _ in range(3):
        metric.update_state(*as_tensors(np.ones((1, 1, 1, 1)), np.ones((1, 1, 1, 1))))
    assert metric.union.numpy().tolist() == [0, 2**24 + 3]


def test_works_in_a_compiled_graph():
    metric = MeanIoU(name="mean_iou")
    update = tf.function(metric.update_state, reduce_retracing=True)
    for side in (2, 3):
        update(*as_tensors(np.ones((1, side, side, 1)), np.zeros((1, side, side, 1))))
    update(*as_tensors(np.ones((1, 1, 13, 1)), np.ones((1, 1, 13, 1))))
    assert float(metric.result()) == pytest.approx(13 / 26 / 2)  # background: 0 of 13


def test_settings_come_back():
    again = MeanIoU.from_config(MeanIoU(4, name="m").get_config())
    assert (again.classes, again.name) == (4, "m")
