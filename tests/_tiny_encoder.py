"""An encoder of five convolutions in the place of EfficientNet-Lite: quick to trace and learn."""

import keras
from keras import layers


def tiny_encoder(variant="", *, imagenet=True, frozen_blocks=0):
    """Return what `segcore.models.lite_encoder.lite_encoder` does, small and untrained."""
    inputs = x = keras.Input((None, None, 3), name="picture")
    maps = []
    for i, filters in enumerate((16, 16, 24, 32, 32)):
        x = layers.Conv2D(filters, 3, 2, "same", activation="relu", name=f"tiny_{i}")(x)
        maps.append(x)
    return keras.Model(inputs, maps[1:], name="encoder")
