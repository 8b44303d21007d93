"""Panoptic-DeepLab, small: one encoder, the class of each pixel and the centre of its object."""

from __future__ import annotations

import keras
from keras import layers, ops

from segcore.models.layers import CropLike, PadToMultiple, ResizeLike
from segcore.models.lite_encoder import STRIDE, lite_encoder

RATES = (3, 6, 9)  # of the atrous convolutions at 1/16 of the size


def panoptic_deeplab(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    classes: int = 31,
    variant: str = "lite2",
    dropout: float = 0.1,
    imagenet: bool = True,
    frozen_blocks: int = 3,
) -> keras.Model:
    """Build Panoptic-DeepLab; its semantic branch is DeepLabV3+.

    Parameters
    ----------
    input_shape : (height, width, 3)
        RGB as ``(x - 127) / 128`` of 8-bit values. Any size: sides are padded to a multiple
        of 32 inside and the outputs are cropped back.
    classes : int
    variant : {"lite0", "lite2"}
        The encoder, see `segcore.models.lite_encoder`.
    dropout : float
        Rate in [0, 1) after the atrous pyramid.
    imagenet, frozen_blocks
        See `segcore.models.lite_encoder`.

    Returns
    -------
    keras.Model
        To three float32 maps at 1/4 of the size, rounded up: logits, (batch, h, w, classes);
        the heatmap of the objects' centres, (batch, h, w, 1), about [0, 1]; and offsets to
        the centre of a pixel's object, (batch, h, w, 2), y and x in pixels of the map.

    Notes
    -----
    The encoder keeps its stride of 32; its last map is enlarged to 1/16, where the atrous
    spatial pyramid pooling works, with rates for maps of 16 to 20 pixels. Both decoders take
    the skips at 1/8 and 1/4.

    References
    ----------
    Cheng et al., "Panoptic-DeepLab", CVPR 2020, section 3; Chen et al., "Encoder-Decoder with
    Atrous Separable Convolution for Semantic Image Segmentation", ECCV 2018, section 3.
    """

    def convolution(x, filters: int, kernel: int, name: str, rate: int = 1):
        x = layers.Conv2D(
            filters, kernel, padding="same", dilation_rate=rate, use_bias=False, name=f"{name}_conv"
        )(x)
        x = layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    def up(x, skip, filters: int, width: int, name: str):
        x = ResizeLike(name=f"{name}_resize")([x, skip])
        skip = convolution(skip, width, 1, f"{name}_skip")
        x = layers.Concatenate(name=f"{name}_concatenate")([x, skip])
        return convolution(x, filters, 3, name)

    # === Encoder ===
    encoder = lite_encoder(variant, imagenet=imagenet, frozen_blocks=frozen_blocks)
    inputs = keras.Input(input_shape, name="picture")
    x4, x8, x16, x32 = encoder(PadToMultiple(STRIDE, name="pad")(inputs))

    # === Atrous spatial pyramid pooling and decoder, one a branch ===
    high = ResizeLike(name="high_resize")([convolution(x32, 224, 1, "high"), x16])
    fused = layers.Concatenate(name="fused")([high, convolution(x16, 160, 1, "low")])
    mean = ops.mean(fused, axis=(1, 2), keepdims=True)

    def branch(name: str):
        x = convolution(mean, 96, 1, f"{name}_pool")
        pooled = ResizeLike(name=f"{name}_pool_resize")([x, fused])
        near = convolution(fused, 96, 1, f"{name}_rate0")
        far = [convolution(fused, 96, 3, f"{name}_rate{rate}", rate) for rate in RATES]
        x = layers.Concatenate(name=f"{name}_pyramid")([near, *far, pooled])
        x = convolution(x, 192, 1, f"{name}_aspp")
        x = layers.SpatialDropout2D(dropout, name=f"{name}_dropout")(x)
        return up(up(x, x8, 96, 48, f"{name}8"), x4, 64, 24, f"{name}4")

    semantic, instance = branch("semantic"), branch("instance")

    # === Heads ===
    small = keras.initializers.RandomNormal(stddev=1e-3)  # their losses weigh much at first
    maps = {
        "classes": layers.Conv2D(classes, 1, name="logits")(semantic),
        "heat": layers.Conv2D(1, 1, kernel_initializer=small, name="centres")(instance),
        "shift": layers.Conv2D(2, 1, kernel_initializer=small, name="offsets")(instance),
    }

    # === Functional model ===
    like = layers.AveragePooling2D(4, padding="same", name="quarter")(inputs)
    outputs = [
        layers.Activation("linear", dtype="float32", name=name)(CropLike()([x, like]))
        for name, x in maps.items()
    ]
    return keras.Model(inputs, outputs, name="panoptic_deeplab")
