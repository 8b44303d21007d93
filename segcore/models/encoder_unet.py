"""A U-Net whose encoder is EfficientNet-Lite0, trained on ImageNet beforehand."""

from __future__ import annotations

import keras
from keras import layers

from segcore.models.efficientnet_lite import SKIPS, efficientnet_lite0, load_imagenet
from segcore.models.layers import CropLike, PadToMultiple

STRIDE = 32
DECODER_FILTERS = (96, 64, 48, 24)  # at 1/16, 1/8, 1/4 and 1/2 of the size


def encoder_unet(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    classes: int = 1,
    dropout: float = 0.0,
    imagenet: bool = True,
    frozen_blocks: int = 0,
) -> keras.Model:
    """Build the U-Net with an EfficientNet-Lite0 encoder.

    Parameters
    ----------
    input_shape : (height, width, 3)
        RGB as ``(x - 127) / 128`` of 8-bit values. Any size: sides are padded to a
        multiple of 32 inside and the output is cropped back.
    classes : int
        1: one sigmoid channel; more: a softmax over that many channels.
    dropout : float
        Rate in [0, 1) of whole channels dropped at the bottom of the U.
    imagenet : bool
        Start from the ImageNet weights (needs requirements-train.txt).
    frozen_blocks : int
        How many of the 16 blocks, from the stem on, keep their weights and statistics.

    Returns
    -------
    keras.Model
        ``(batch, height, width, 3)`` to ``(batch, height, width, classes)`` probabilities.

    Notes
    -----
    Each skip, taken before the block that halves the size, passes a 1x1 convolution, is
    concatenated with the upsampled decoder and goes through 3x3 convolutions with batch
    normalisation: two of them, but one at half size, where they cost most. A transposed
    convolution makes the last step, from half to full size.
    """

    def convolution(x, filters: int, kernel: int, name: str):
        x = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(momentum=0.95, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    # === Encoder ===
    encoder = efficientnet_lite0()
    if imagenet:
        load_imagenet(encoder)
    taps = keras.Model(
        encoder.input,
        [encoder.get_layer(name).output for name in SKIPS] + [encoder.output],
        name="efficientnet_lite0",
    )
    freeze(taps, frozen_blocks)
    inputs = keras.Input(input_shape, name="picture")
    *skips, x = taps(PadToMultiple(STRIDE, name="pad")(inputs))

    # === Decoder ===
    x = convolution(x, 2 * DECODER_FILTERS[0], 1, "bridge")
    if dropout:
        x = layers.SpatialDropout2D(dropout, name="bridge_dropout")(x)
    for i, filters in enumerate(DECODER_FILTERS, 1):
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"up_{i}")(x)
        skip = convolution(skips.pop(), filters, 1, f"up_{i}_skip")
        x = layers.Concatenate(name=f"up_{i}_concatenate")([x, skip])
        x = convolution(x, filters, 3, f"up_{i}_1")
        if skips:
            x = convolution(x, filters, 3, f"up_{i}_2")

    # === Classifier ===
    x = layers.Conv2DTranspose(classes, 4, strides=2, padding="same", name="logits")(x)
    x = CropLike(name="crop")([x, inputs])
    activation = "sigmoid" if classes == 1 else "softmax"
    outputs = layers.Activation(activation, dtype="float32", name="probabilities")(x)
    return keras.Model(inputs, outputs, name="encoder_unet")


def freeze(encoder: keras.Model, blocks: int) -> None:
    """Make the stem and the first `blocks` blocks of an encoder keep what they learned."""
    frozen = tuple(f"block{i}_" for i in range(blocks)) + (("stem_",) if blocks else ())
    for layer in encoder.layers:
        if frozen and layer.name.startswith(frozen):
            layer.trainable = False
