"""EfficientNet-Lite as an encoder that is quick to train on: what the scene models stand on."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import layers

from segcore.models.efficientnet_lite import STAGES, read_imagenet, torch_name
from segcore.models.frozen_depthwise import FrozenDepthwise

VARIANTS = {"lite0": (1.0, 1.0), "lite2": (1.1, 1.2)}  # width, depth
STRIDE = 32
EPSILON = 1e-3


def lite_encoder(
    variant: str = "lite2", *, imagenet: bool = True, frozen_blocks: int = 3
) -> keras.Model:
    """Build EfficientNet-Lite with the batch normalisation folded into its convolutions.

    Parameters
    ----------
    variant : {"lite0", "lite2"}
    imagenet : bool
        Start from the ImageNet weights (needs requirements-train.txt).
    frozen_blocks : int
        How many blocks, from the stem on, are not trained; 0: all are, but for the depthwise
        kernels, which never are.

    Returns
    -------
    keras.Model
        From ``(batch, height, width, 3)``, RGB as ``(x - 127) / 128`` of 8-bit values, sides
        multiples of 32, to four feature maps at 1/4, 1/8, 1/16 and 1/32 of the size.

    Notes
    -----
    Normalisation with fixed statistics is an affine map, so it goes into kernel and bias of
    the convolution before it. Of a training step's time with batch normalisation and trained
    depthwise kernels a third is left, and a sixth in bfloat16.

    References
    ----------
    Tan and Le, "EfficientNet", ICML 2019, table 1 and equation 3; R. Liu, "Higher accuracy on
    vision models with EfficientNet-Lite", TensorFlow blog, 2020.
    """
    if variant not in VARIANTS:
        raise ValueError(f"variant is {variant!r}; accepted are {', '.join(VARIANTS)}.")
    width, depth = VARIANTS[variant]

    def convolution(x, filters: int, kernel: int, stride: int, name: str, block: int, act=True):
        layer = layers.Conv2D(filters, kernel, stride, padding="same", name=f"{name}_conv")
        layer.trainable = block >= frozen_blocks
        return activation(layer(x), name) if act else layer(x)

    def activation(x, name: str):
        return layers.ReLU(max_value=6.0, name=f"{name}_act")(x)

    inputs = keras.Input((None, None, 3), name="picture")
    x = convolution(inputs, 32, 3, 2, "stem", -1 if frozen_blocks else 0)
    channels, block, taps = 32, 0, []
    for i, (kernel, repeats, filters, expansion, first_stride) in enumerate(STAGES):
        last = i in (0, len(STAGES) - 1)
        filters = _rounded(filters * width)
        for repeat in range(repeats if last else math.ceil(repeats * depth)):
            name, stride, shortcut = f"block{block}", first_stride if repeat == 0 else 1, x
            if expansion != 1:
                x = convolution(x, channels * expansion, 1, 1, f"{name}_expand", block)
            if stride == 2:
                taps.append(x)
            x = FrozenDepthwise(kernel, stride, name=f"{name}_depthwise_conv")(x)
            x = activation(x, f"{name}_depthwise")
            x = convolution(x, filters, 1, 1, f"{name}_project", block, act=False)
            if stride == 1 and channels == filters:
                x = layers.Add(name=f"{name}_add")([x, shortcut])
            channels, block = filters, block + 1
    x = convolution(x, 1280, 1, 1, "head", block)
    model = keras.Model(inputs, [*taps[1:], x], name="encoder")
    if imagenet:
        _load_folded(model, read_imagenet(variant))
    return model


def _rounded(channels: float) -> int:
    """Round to a multiple of 8, by no more than a tenth down."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


def _load_folded(model: keras.Model, weights: dict[str, np.ndarray]) -> None:
    for layer in model.layers:
        if not layer.name.endswith("_conv"):
            continue
        kernel = weights[f"{torch_name(layer.name)}.weight"].transpose(2, 3, 1, 0)
        norm = torch_name(layer.name.removesuffix("_conv") + "_bn")
        gamma, beta, mean, variance = (
            weights[f"{norm}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        scale = gamma / np.sqrt(variance + EPSILON)
        if isinstance(layer, FrozenDepthwise):
            kernel = kernel.transpose(0, 1, 3, 2) * scale[:, None]
        else:
            kernel = kernel * scale
        layer.set_weights([kernel, beta - mean * scale])
