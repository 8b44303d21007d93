"""The folded encoder against the one with normalisation, and TensorFlow's gradient."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from segcore.models.efficientnet_lite import SKIPS, efficientnet_lite0, load_imagenet
from segcore.models.frozen_depthwise import FrozenDepthwise
from segcore.models.lite_encoder import lite_encoder


def test_folding_changes_nothing():
    plain = efficientnet_lite0()
    load_imagenet(plain)
    folded = lite_encoder("lite0", frozen_blocks=0)
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 96, 64, 3)).astype(np.float32)
    names = (*SKIPS[1:], "head_act")
    expected = keras.Model(plain.input, [plain.get_layer(name).output for name in names])(picture)
    for ours, theirs in zip(folded(picture), expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [(8, 12), (7, 9), (4, 4)])
def test_gradient_of_the_input(kernel: int, stride: int, size: tuple[int, int]):
    random = np.random.default_rng(kernel + stride)
    x = tf.constant(random.normal(size=(2, *size, 3)).astype(np.float32))
    layer = FrozenDepthwise(kernel, stride)
    layer.build(x.shape)
    layer.set_weights([random.normal(size=w.shape).astype(np.float32) for w in layer.weights])
    weight = tf.constant(random.normal(size=layer(x).shape).astype(np.float32))
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        ours = tf.reduce_sum(layer(x) * weight)
        theirs = tf.reduce_sum(
            tf.nn.depthwise_conv2d(x, layer.kernel, [1, stride, stride, 1], "SAME") * weight
        )
    np.testing.assert_allclose(tape.gradient(ours, x), tape.gradient(theirs, x), atol=1e-4)


def test_what_is_trained():
    model = lite_encoder("lite0", imagenet=False, frozen_blocks=3)
    trained = {w.path for w in model.trainable_weights}
    assert not any("depthwise" in path or "stem" in path or "block2_" in path for path in trained)
    assert any("block3_expand" in path for path in trained)


def test_lite2_has_the_published_size():
    model = lite_encoder("lite2", imagenet=False)
    # Lite2 has 6.09 million parameters, of which 1.28 million are the classifier; folding
    # leaves one of each normalisation's four.
    assert 4.6e6 < model.count_params() < 4.9e6
    shapes = [output.shape[-1] for output in model.outputs]
    assert shapes == [144, 288, 720, 1280]


def test_unknown_variant():
    with pytest.raises(ValueError, match="accepted are lite0, lite2"):
        lite_encoder("lite9")
