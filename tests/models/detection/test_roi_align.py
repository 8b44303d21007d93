"""RoIAlign of both engines against the definition, sample by sample."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segcore.inference import roi_align as numpy_roi_align
from segcore.models.detection.roi_align import level_of, pyramid_align, roi_align
from segcore.models.detection.settings import ROI_STRIDES


def reference(feature: np.ndarray, box: np.ndarray, stride: int, size: int) -> np.ndarray:
    """Read 2 x 2 bilinear samples a bin, in double precision."""
    feature = feature.astype(np.float64)
    y0, x0, y1, x1 = box.astype(np.float64) / stride
    result = np.zeros((size, size, feature.shape[-1]))
    for i in range(size):
        for j in range(size):
            for a in (0.25, 0.75):
                for b in (0.25, 0.75):
                    y = y0 + (i + a) * (y1 - y0) / size - 0.5
                    x = x0 + (j + b) * (x1 - x0) / size - 0.5
                    result[i, j] += bilinear(feature, y, x) / 4
    return result


def bilinear(feature: np.ndarray, y: float, x: float) -> np.ndarray:
    height, width = feature.shape[:2]
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    bottom, right = min(top + 1, height - 1), min(left + 1, width - 1)
    v, u = y - top, x - left
    return (
        feature[top, left] * (1 - v) * (1 - u)
        + feature[top, right] * (1 - v) * u
        + feature[bottom, left] * v * (1 - u)
        + feature[bottom, right] * v * u
    )


def some_boxes(rng: np.random.Generator, number: int, height: int, width: int) -> np.ndarray:
    """Random boxes; some fill the picture, touch its edges or are slivers."""
    corners = np.sort(rng.uniform(0, 1, (number, 2, 2)), axis=1).reshape(number, 4)
    found = corners * [height, width, height, width]
    found[0] = 0, 0, height, width
    found[1] = 0, 0, 1.5, 2
    found[2] = height - 2, width - 1, height, width
    found[3] = 10, 3, 10.01, width
    return found.astype(np.float32)


@pytest.mark.parametrize("size", [7, 14])
@pytest.mark.parametrize("stride", [4, 16])
def test_one_level(stride: int, size: int):
    rng = np.random.default_rng(stride + size)
    height, width = 96, 64
    feature = rng.normal(size=(3, height // stride, width // stride, 5)).astype(np.float32)
    found = some_boxes(rng, 16, height, width)
    pictures = rng.integers(0, 3, 16).astype(np.int32)
    ours = roi_align(tf.constant(feature), tf.constant(found), tf.constant(pictures), stride, size)
    for result, box, picture in zip(ours.numpy(), found, pictures, strict=True):
        expected = reference(feature[picture], box, stride, size)
        np.testing.assert_allclose(result, expected, atol=1e-5)
        light = numpy_roi_align.roi_align(feature[picture], box / stride, size)
        np.testing.assert_allclose(light, expected, atol=1e-5)


def test_pyramid_in_both_engines():
    rng = np.random.default_rng(5)
    features = [rng.normal(size=(2, 320 // s, 320 // s, 3)).astype(np.float32) for s in ROI_STRIDES]
    found = some_boxes(rng, 24, 320, 320)
    pictures = rng.integers(0, 2, 24).astype(np.int32)
    ours = pyramid_align(features, tf.constant(found), tf.constant(pictures), 7).numpy()
    levels = level_of(tf.constant(found)).numpy()
    assert set(levels.tolist()) == {0, 1, 2, 3}
    assert levels.tolist() == numpy_roi_align.levels_of(found).tolist()
    for i, (box, picture, level) in enumerate(zip(found, pictures, levels, strict=True)):
        expected = reference(features[level][picture], box, ROI_STRIDES[level], 7)
        np.testing.assert_allclose(ours[i], expected, atol=1e-5)
        light = numpy_roi_align.pyramid_align([f[picture] for f in features], box[None], 7)
        np.testing.assert_allclose(light[0], expected, atol=1e-5)


def test_no_boxes():
    features = [tf.zeros((1, 64 // s, 64 // s, 3)) for s in ROI_STRIDES]
    none = pyramid_align(features, tf.zeros((0, 4)), tf.zeros(0, tf.int32), 7)
    assert none.shape == (0, 7, 7, 3)
    light = numpy_roi_align.pyramid_align([f[0].numpy() for f in features], np.zeros((0, 4)), 7)
    assert light.shape == (0, 7, 7, 3)
