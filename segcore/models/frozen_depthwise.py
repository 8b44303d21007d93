"""A depthwise convolution that keeps its kernel and is quick to train through on a CPU."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="segcore")
class FrozenDepthwise(keras.layers.Layer):
    """Depthwise convolution with a bias, "same" padding and weights that are not trained.

    Parameters
    ----------
    kernel_size : int
    stride : int
        1 or 2.

    Notes
    -----
    TensorFlow's own gradients of a depthwise convolution take most of a training step on a
    CPU. With the kernel fixed only the gradient of the input is left, and that is a
    convolution with the kernel turned round, of the gradient spread out to the stride: the
    quick forward operation does it.

    Input and output have the shape ``(batch, height, width, channels)``, any float dtype.
    """

    def __init__(self, kernel_size: int, stride: int = 1, **kwargs):
        super().__init__(trainable=False, **kwargs)
        if stride not in (1, 2):
            raise ValueError(f"stride is {stride}; accepted are 1 and 2.")
        self.kernel_size, self.stride = kernel_size, stride

    def build(self, input_shape):
        """Make kernel, (k, k, channels, 1), and bias, (channels,)."""
        channels = input_shape[-1]
        shape = (self.kernel_size, self.kernel_size, channels, 1)
        self.kernel = self.add_weight(name="kernel", shape=shape, trainable=False)
        self.bias = self.add_weight(
            name="bias", shape=(channels,), initializer="zeros", trainable=False
        )

    def call(self, inputs):
        """Return the convolved feature map."""
        kernel = tf.convert_to_tensor(self.kernel)
        strides = [1, self.stride, self.stride, 1]

        @tf.custom_gradient
        def convolve(x):
            y = tf.nn.depthwise_conv2d(x, kernel, strides, "SAME")
            return y, lambda dy: _input_gradient(dy, kernel, tf.shape(x), self.stride)

        return convolve(inputs) + tf.convert_to_tensor(self.bias)

    def compute_output_shape(self, input_shape):
        """Divide height and width by the stride, rounding up."""
        batch, height, width, channels = input_shape

        def down(side):
            return None if side is None else -(-side // self.stride)

        return batch, down(height), down(width), channels

    def get_config(self):
        """Return what rebuilds the layer."""
        config = super().get_config()
        del config["trainable"]
        return {**config, "kernel_size": self.kernel_size, "stride": self.stride}


def _input_gradient(dy, kernel, shape, stride: int):
    """Return the gradient of the input, of ``shape``, from that of the output."""
    turned = kernel[::-1, ::-1]
    if stride == 1:
        return tf.nn.depthwise_conv2d(dy, turned, [1, 1, 1, 1], "SAME")
    size = kernel.shape[0]
    height, width = shape[1], shape[2]
    out = tf.shape(dy)
    above = tf.maximum((out[1] - 1) * 2 + size - height, 0) // 2
    left = tf.maximum((out[2] - 1) * 2 + size - width, 0) // 2
    spread = tf.pad(dy[:, :, None, :, None, :], [[0, 0], [0, 0], [0, 1], [0, 0], [0, 1], [0, 0]])
    spread = tf.reshape(spread, [out[0], 2 * out[1], 2 * out[2], dy.shape[3]])
    edges = [
        [0, 0],
        [size - 1 - above, size],
        [size - 1 - left, size],
        [0, 0],
    ]
    full = tf.nn.depthwise_conv2d(tf.pad(spread, edges), turned, [1, 1, 1, 1], "VALID")
    return tf.ensure_shape(full[:, :height, :width], (dy.shape[0], None, None, dy.shape[3]))
