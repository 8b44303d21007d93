"""A small Segment Anything: click or draw a box, get masks."""

from __future__ import annotations

import keras
from keras import layers

from segcore.models.layers import ResizeLike
from segcore.models.lite_encoder import lite_encoder
from segcore.models.prompt_decoder import PromptDecoder


def promptable(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    variant: str = "lite2",
    imagenet: bool = True,
    frozen_blocks: int = 3,
    width: int = 128,
    fine: int = 32,
    heads: int = 4,
    depth: int = 2,
) -> keras.Model:
    """Build the promptable model: an image encoder and a light prompt and mask decoder.

    Parameters
    ----------
    input_shape : (height, width, 3)
        RGB as ``(x - 127) / 128`` of 8-bit values; sides are multiples of 32.
    variant, imagenet, frozen_blocks
        Of `segcore.models.lite_encoder.lite_encoder`.
    width, fine, heads, depth : int
        Of `segcore.models.prompt_decoder.PromptDecoder`, where the other inputs and the
        outputs are described.

    Returns
    -------
    keras.Model
        Inputs ``picture, points, kinds, previous, has_previous``; outputs masks and their
        expected IoU. Its parts ``encoder`` (picture to embedding at 1/16 and fine features
        at 1/8 and 1/4) and ``decoder`` are models of their own: one is run once a
        picture, the other for each prompt.

    References
    ----------
    Kirillov et al., "Segment Anything", ICCV 2023, section 3 and A; the embedding comes from a
    feature pyramid: Lin et al., "Feature Pyramid Networks", CVPR 2017, section 3.
    """
    encoder = lite_encoder(variant, imagenet=imagenet, frozen_blocks=frozen_blocks)
    encoder = _image_encoder(encoder, width, fine)
    decoder = _prompt_decoder(PromptDecoder(width, fine, heads, 4 * width, depth, name="prompts"))
    height, across, _ = input_shape
    quarter = (height and height // 4, across and across // 4)
    inputs = [
        keras.Input((height, across, 3), name="picture"),
        keras.Input((None, None, 2), name="points"),
        keras.Input((None, None), name="kinds"),
        keras.Input((None, *quarter), name="previous"),
        keras.Input((None,), name="has_previous"),
    ]
    outputs = decoder([*encoder(inputs[0]), *inputs[1:]])
    return keras.Model(inputs, outputs, name="promptable")


def _image_encoder(encoder: keras.Model, width: int, fine: int) -> keras.Model:
    """Put a feature pyramid on an encoder's maps."""

    def convolution(x, filters: int, kernel: int, name: str):
        x = layers.Conv2D(filters, kernel, padding="same", use_bias=False, name=f"{name}_conv")(x)
        x = layers.BatchNormalization(momentum=0.97, name=f"{name}_bn")(x)
        return layers.ReLU(name=f"{name}_relu")(x)

    inputs = keras.Input((None, None, 3), name="picture")
    *maps, x = encoder(inputs)
    x = convolution(convolution(x, width, 1, "p32_lateral"), width, 3, "p32")
    merged = []
    for name, filters in (("p16", width), ("p8", 2 * fine), ("p4", fine)):
        lateral = convolution(maps.pop(), filters, 1, f"{name}_lateral")
        if x.shape[-1] != filters:
            x = convolution(x, filters, 1, f"{name}_reduced")
        x = layers.Add(name=f"{name}_add")([ResizeLike(name=f"{name}_up")([x, lateral]), lateral])
        x = convolution(x, filters, 3, name)
        merged.append(x)
    embedding = layers.Conv2D(width, 1, name="embedding")(merged[0])
    embedding = layers.LayerNormalization(epsilon=1e-5, name="embedding_norm")(embedding)
    fine_8 = layers.Conv2D(2 * fine, 1, name="fine_8")(merged[1])
    fine_4 = layers.Conv2D(fine, 1, name="fine_4")(merged[2])
    return keras.Model(inputs, [embedding, fine_8, fine_4], name="encoder")


def _prompt_decoder(layer: PromptDecoder) -> keras.Model:
    inputs = [
        keras.Input((None, None, layer.width), name="embedding"),
        keras.Input((None, None, 2 * layer.fine), name="fine_8"),
        keras.Input((None, None, layer.fine), name="fine_4"),
        keras.Input((None, None, 2), name="points"),
        keras.Input((None, None), name="kinds"),
        keras.Input((None, None, None), name="previous"),
        keras.Input((None,), name="has_previous"),
    ]
    return keras.Model(inputs, layer(inputs), name="decoder")
