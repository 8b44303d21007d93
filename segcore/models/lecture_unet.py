"""The U-Net of the lecture: 256x256x3 -> 256x256x1, 6,667,639 parameters."""

from __future__ import annotations

import keras
from keras import layers

from segcore.models.layers import CropLike, PadToMultiple


def lecture_unet(
    input_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    *,
    classes: int = 1,
    base_width: int = 8,
    depth: int = 6,
    dropout: float = 0.0,
    batch_normalization: bool = False,
    initializer: str = "glorot_uniform",
) -> keras.Model:
    """Build the lecture's U-Net; the defaults give its 46 layers, name by name.

    Parameters
    ----------
    input_shape : (height, width, channels)
        Values in [0, 1]. A side that is None, or no multiple of ``2**depth``, is padded
        inside the network and the output cropped back.
    classes : int
        1: one sigmoid channel; more: a softmax over that many channels.
    base_width : int
        Filters of the first level; each further level has twice as many.
    depth : int
        Number of levels, each of two 3x3 convolutions and a 2x2 max pooling.
    dropout : float
        Rate in [0, 1) after each level's two convolutions, 0 for none.
    batch_normalization : bool
        Normalise between each 3x3 convolution and its ReLU.
    initializer : str
        Of the 3x3 convolutions; Keras's default, as in the lecture. Without batch
        normalisation "he_normal" learns much faster (He et al., ICCV 2015).

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` to ``(batch, height, width, classes)``
        probabilities in [0, 1], float32.

    References
    ----------
    The lecture "Image segmentation using deep learning", case study; after Ronneberger,
    Fischer and Brox, "U-Net", MICCAI 2015, figure 1.

    Examples
    --------
    >>> lecture_unet().count_params()
    6667639
    """
    if classes < 1 or base_width < 1 or depth < 1:
        raise ValueError(
            f"classes={classes}, base_width={base_width}, depth={depth}: each must be 1 or more."
        )

    def convolution(x, filters: int, name: str):
        x = layers.Conv2D(
            filters,
            3,
            activation=None if batch_normalization else "relu",
            padding="same",
            use_bias=not batch_normalization,
            kernel_initializer=initializer,
            name=name,
        )(x)
        if not batch_normalization:
            return x
        x = layers.BatchNormalization(name=f"{name}_BN")(x)
        return layers.ReLU(name=f"{name}_ReLU")(x)

    def level(x, filters: int, name: str):
        x = convolution(x, filters, f"{name}_1")
        x = convolution(x, filters, f"{name}_2")
        return layers.Dropout(dropout, name=f"{name}_Dropout")(x) if dropout else x

    def up(x, filters: int, skip, name: str):
        x = layers.Conv2DTranspose(
            filters, 2, strides=2, padding="same", name=f"Conv_Transp_{name}"
        )(x)
        return layers.Concatenate(axis=3, name=f"Concatenate_{name}")([x, skip])

    # === Input ===
    inputs = x = keras.Input(input_shape, name="Input")
    any_size = any(side is None or side % 2**depth for side in input_shape[:2])
    if any_size:
        x = PadToMultiple(2**depth, name="Pad")(x)

    # === Encoder ===
    filters, skips = base_width, []
    for i in range(1, depth + 1):
        x = level(x, filters, f"Conv_Down_{i}")
        skips.append(x)
        x = layers.MaxPooling2D(name=f"MaxPool_Down_{i}")(x)
        filters *= 2

    # === Bottleneck ===
    x = level(x, filters, "Conv_Bottle")
    up_filters = max(1, filters // 8)
    x = up(x, up_filters, skips.pop(), "Bottle")

    # === Decoder ===
    for i in range(1, depth):
        filters //= 2
        up_filters = max(1, up_filters // 2)
        x = level(x, filters, f"Conv_Up_{i}")
        x = up(x, up_filters, skips.pop(), f"Up_{i}")

    # === Classifier ===
    x = level(x, 2 * base_width, "Conv_Classif")
    if any_size:
        x = CropLike(name="Crop")([x, inputs])
    activation = "sigmoid" if classes == 1 else "softmax"
    outputs = layers.Conv2D(classes, 1, activation=activation, dtype="float32", name="Conv_Out")(x)
    return keras.Model(inputs, outputs, name="lecture_unet")
