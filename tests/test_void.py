"""Void pixels, which nobody labelled, count for nothing: in the reader, losses and metric."""

import json

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from segcore import datasets, losses
from segcore.datasets.samples import VOID
from segcore.training.mean_iou import MeanIoU

LOSSES = ("cross_entropy", "dice", "cross_entropy+dice", "focal")


def batch(classes: int):
    """Return targets and probabilities, (1, 1, 12, classes), the last five pixels void."""
    rng = np.random.default_rng(classes)
    if classes == 1:
        true = rng.integers(0, 2, (1, 1, 12, 1)).astype(np.float32)
        predicted = rng.random((1, 1, 12, 1)).astype(np.float32)
    else:
        true = np.eye(classes, dtype=np.float32)[rng.integers(0, classes, (1, 1, 12))]
        predicted = rng.dirichlet(np.ones(classes), (1, 1, 12)).astype(np.float32)
    true[:, :, 7:] = VOID
    return true, predicted


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("classes", [1, 3])
def test_a_loss_with_void_is_the_loss_of_the_rest(name, classes):
    true, predicted = batch(classes)
    loss = losses.make_loss(name)
    np.testing.assert_allclose(
        loss(true, predicted), loss(true[:, :, :7], predicted[:, :, :7]), rtol=1e-5
    )


@pytest.mark.parametrize("name", LOSSES)
def test_void_pixels_get_no_gradient(name):
    true, predicted = batch(1)
    predicted = tf.Variable(predicted)
    with tf.GradientTape() as tape:
        value = losses.make_loss(name)(true, predicted)
    gradient = tape.gradient(value, predicted).numpy()
    assert (gradient[:, :, 7:] == 0).all() and (gradient[:, :, :7] != 0).all()


@pytest.mark.parametrize("name", LOSSES)
def test_a_picture_of_void_only_loses_nothing(name):
    _, predicted = batch(1)
    value = losses.make_loss(name)(np.full_like(predicted, VOID), predicted)
    assert float(value[0]) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("classes", [1, 3])
def test_mean_iou_leaves_void_out(classes):
    true, predicted = batch(classes)
    whole, rest = MeanIoU(classes), MeanIoU(classes)
    whole.update_state(true, predicted)
    rest.update_state(true[:, :, :7], predicted[:, :, :7])
    assert float(whole.result()) == float(rest.result()) < 1


def test_the_panoptic_reader_marks_segment_0_as_void(tmp_path):
    ids = np.array([[0, 5], [7, 256]], np.int32)
    (tmp_path / "panoptic").mkdir()
    (tmp_path / "images").mkdir()
    Image.fromarray(np.stack([ids % 256, ids // 256, 0 * ids], -1).astype(np.uint8)).save(
        tmp_path / "panoptic" / "a.png"
    )
    Image.new("RGB", (2, 2)).save(tmp_path / "images" / "a.png")
    segments = [
        {"id": 5, "category_id": 2},
        {"id": 7, "category_id": 1},
        {"id": 256, "category_id": 2},
    ]
    index = {
        "categories": [{"id": 1, "name": "person"}, {"id": 2, "name": "dog"}],
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "file_name": "a.png", "segments_info": segments}],
    }
    (tmp_path / "panoptic_train.json").write_text(json.dumps(index))
    (sample,) = datasets.read(tmp_path, "train")
    np.testing.assert_array_equal(sample.load()[1], [[VOID, 1], [0, 1]])
