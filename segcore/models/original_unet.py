"""The U-Net of the 2015 paper: 572x572x1 -> 388x388x2, valid convolutions."""

from __future__ import annotations

import keras
from keras import layers

from segcore.models.layers import CropLike
from segcore.models.unet_sides import LEVELS, output_side


def original_unet(
    input_shape: tuple[int, int, int] = (572, 572, 1), *, classes: int = 2, base_width: int = 64
) -> keras.Model:
    """Build the original U-Net.

    Parameters
    ----------
    input_shape : (height, width, channels)
        Sides as `output_side` accepts them; values in [0, 1].
    classes : int
        Channels of the softmax at the end, 2 or more.
    base_width : int
        Filters of the first level (64 in the paper, 1024 at the bottom).

    Returns
    -------
    keras.Model
        ``(batch, height, width, channels)`` to ``(batch, height - 184, width - 184,
        classes)`` probabilities, float32: the border is lost to the valid convolutions.

    References
    ----------
    Ronneberger, Fischer and Brox, "U-Net: Convolutional Networks for Biomedical Image
    Segmentation", MICCAI 2015, figure 1; dropout at the end of the contracting path: page 6.
    """
    if classes < 2 or base_width < 1:
        raise ValueError(
            f"classes={classes}, base_width={base_width}: classes must be 2 or more (a softmax "
            "over one is always 1) and base_width 1 or more."
        )
    for side in input_shape[:2]:
        output_side(side)

    def level(x, filters: int, name: str):
        for i in (1, 2):
            x = layers.Conv2D(
                filters,
                3,
                activation="relu",
                padding="valid",
                kernel_initializer="he_normal",
                name=f"{name}_conv_{i}",
            )(x)
        return x

    # === Contracting path ===
    inputs = x = keras.Input(input_shape, name="input")
    filters, skips = base_width, []
    for i in range(1, LEVELS + 1):
        x = level(x, filters, f"down_{i}")
        if i == LEVELS:
            x = layers.Dropout(0.5, name=f"down_{i}_dropout")(x)
        skips.append(x)
        x = layers.MaxPooling2D(name=f"down_{i}_pool")(x)
        filters *= 2

    # === Bottleneck ===
    x = level(x, filters, "bottleneck")
    x = layers.Dropout(0.5, name="bottleneck_dropout")(x)

    # === Expansive path ===
    for i in range(LEVELS, 0, -1):
        filters //= 2
        x = layers.Conv2DTranspose(filters, 2, strides=2, activation="relu", name=f"up_{i}")(x)
        crop = CropLike("center", name=f"up_{i}_copy_and_crop")([skips.pop(), x])
        x = layers.Concatenate(name=f"up_{i}_concatenate")([crop, x])
        x = level(x, filters, f"up_{i}")

    outputs = layers.Conv2D(classes, 1, activation="softmax", dtype="float32", name="output")(x)
    return keras.Model(inputs, outputs, name="original_unet")
