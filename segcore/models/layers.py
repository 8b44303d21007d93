"""Layers that let a network with pooling take pictures of any size."""

from __future__ import annotations

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable(package="segcore")
class PadToMultiple(keras.layers.Layer):
    """Pads height and width with zeros, at the bottom and right, to a multiple.

    Parameters
    ----------
    multiple : int
        What height and width are divisible by afterwards; 2 to the number of poolings.

    Notes
    -----
    Input and output have the shape ``(batch, height, width, channels)``, any float dtype.
    """

    def __init__(self, multiple: int, **kwargs):
        super().__init__(**kwargs)
        self.multiple = multiple

    def call(self, inputs):
        """Return `inputs` padded by fewer than `multiple` rows and columns."""
        size = tf.shape(inputs)
        # Not `-size % multiple`: the remainder of a negative number differs in ONNX.
        bottom = (self.multiple - size[1] % self.multiple) % self.multiple
        right = (self.multiple - size[2] % self.multiple) % self.multiple
        return tf.pad(inputs, [[0, 0], [0, bottom], [0, right], [0, 0]])

    def compute_output_shape(self, input_shape):
        """Round the known ones of height and width up."""
        batch, height, width, channels = input_shape

        def up(side):
            return None if side is None else side + -side % self.multiple

        return batch, up(height), up(width), channels

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "multiple": self.multiple}


@keras.saving.register_keras_serializable(package="segcore")
class CropLike(keras.layers.Layer):
    """Crops the first of two feature maps to the height and width of the second.

    Parameters
    ----------
    anchor : {"top_left", "center"}
        Where the crop sits: "top_left" undoes `PadToMultiple`, "center" is the copy and
        crop of the original U-Net (Ronneberger et al. 2015, figure 1).
    """

    def __init__(self, anchor: str = "top_left", **kwargs):
        super().__init__(**kwargs)
        if anchor not in ("top_left", "center"):
            raise ValueError(f"anchor is {anchor!r}; accepted are 'top_left' and 'center'.")
        self.anchor = anchor

    def call(self, inputs):
        """Return ``inputs[0]`` with the height and width of ``inputs[1]``."""
        source, like = inputs
        size, target = tf.shape(source), tf.shape(like)
        top = left = 0
        if self.anchor == "center":
            top, left = (size[1] - target[1]) // 2, (size[2] - target[2]) // 2
        return source[:, top : top + target[1], left : left + target[2], :]

    def compute_output_shape(self, input_shape):
        """Height and width of the second, channels of the first."""
        source, like = input_shape
        return source[0], like[1], like[2], source[3]

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "anchor": self.anchor}


@keras.saving.register_keras_serializable(package="segcore")
class ResizeLike(keras.layers.Layer):
    """Resizes the first of two feature maps, bilinearly, to the height and width of the second.

    Notes
    -----
    ``UpSampling2D(interpolation="bilinear")`` cannot be traced or exported with unknown
    height and width; this can.
    """

    def call(self, inputs):
        """Return ``inputs[0]`` with the height and width of ``inputs[1]``, in its dtype."""
        source, like = inputs
        return tf.cast(tf.image.resize(source, tf.shape(like)[1:3]), source.dtype)

    def compute_output_shape(self, input_shape):
        """Height and width of the second, channels of the first."""
        source, like = input_shape
        return source[0], like[1], like[2], source[3]
