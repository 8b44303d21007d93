"""Mask R-CNN on a feature pyramid, with light heads."""

from __future__ import annotations

import keras
from keras import layers

from segcore.models.detection.anchors import PER_CELL
from segcore.models.detection.settings import BOX_BINS, MASK_BINS
from segcore.models.lite_encoder import lite_encoder

PARTS = ("trunk", "box_head", "mask_head")


def mask_rcnn(
    input_shape: tuple[int | None, int | None, int] = (None, None, 3),
    *,
    classes: int = 21,
    channels: int = 96,
    hidden: int = 256,
    mask_convolutions: int = 3,
    variant: str = "lite2",
    imagenet: bool = True,
    frozen_blocks: int = 3,
) -> keras.Model:
    """Build Mask R-CNN.

    Parameters
    ----------
    input_shape : (height, width, 3)
        RGB as ``(x - 127) / 128`` of 8-bit values; sides are multiples of 32.
    classes : int
        Kinds of objects, without the background.
    channels : int
        Of the feature pyramid and the mask head.
    hidden : int
        Of the box head's two layers.
    mask_convolutions : int
        3 x 3 convolutions of the mask head before it doubles its size.
    variant, imagenet, frozen_blocks
        See `segcore.models.lite_encoder.lite_encoder`.

    Returns
    -------
    keras.Model
        A container of three networks, its layers `PARTS`: between them lies what depends on
        the boxes (`segcore.models.detection`). `trunk` makes P2 to P5, (batch, h, w,
        channels), objectness logits, (batch, anchors), and box deltas, (batch, anchors, 4).
        `box_head` maps (n, 7, 7, channels) to class logits, (n, 1 + classes), background
        first, and deltas, (n, 4). `mask_head` maps (n, 14, 14, channels) to mask logits,
        (n, 28, 28, classes). Logits and deltas are float32.

    References
    ----------
    He et al., "Mask R-CNN", ICCV 2017; Lin et al., "Feature pyramid networks", CVPR 2017.
    Smaller than published: 96 channels for 256, proposals from P3 on, box deltas that all
    classes share, three convolutions in the mask head for four.
    """
    trunk = _trunk(
        input_shape, channels, lite_encoder(variant, imagenet=imagenet, frozen_blocks=frozen_blocks)
    )
    box_head = _box_head(channels, hidden, classes)
    mask_head = _mask_head(channels, mask_convolutions, classes)
    picture = keras.Input(input_shape, name="picture")
    box_bins = keras.Input((BOX_BINS, BOX_BINS, channels), name="box_bins")
    mask_bins = keras.Input((MASK_BINS, MASK_BINS, channels), name="mask_bins")
    return keras.Model(
        [picture, box_bins, mask_bins],
        [*trunk(picture), *box_head(box_bins), mask_head(mask_bins)],
        name="mask_rcnn",
    )


def _trunk(input_shape, channels: int, encoder: keras.Model) -> keras.Model:
    # === Feature pyramid ===
    inputs = keras.Input(input_shape, name="picture")
    taps = encoder(inputs)
    pyramid: list = []
    x = None
    for level in (5, 4, 3, 2):
        lateral = layers.Conv2D(channels, 1, name=f"lateral_{level}")(taps[level - 2])
        if x is not None:
            x = layers.UpSampling2D(2, interpolation="nearest", name=f"up_{level}")(x)
            lateral = layers.Add(name=f"merged_{level}")([lateral, x])
        x = lateral
        smooth = layers.Conv2D(channels, 3, padding="same", name=f"p{level}")
        pyramid.insert(0, smooth(x))
    last = layers.MaxPooling2D(1, 2, padding="same", name="p6")(pyramid[-1])

    # === Region proposals ===
    small = keras.initializers.RandomNormal(stddev=0.01, seed=1)
    shared = layers.Conv2D(channels, 3, padding="same", activation="relu", name="rpn_conv")
    objectness = layers.Conv2D(PER_CELL, 1, kernel_initializer=small, name="rpn_objectness")
    deltas = layers.Conv2D(4 * PER_CELL, 1, kernel_initializer=small, name="rpn_deltas")
    scores, shifts = [], []
    for i, feature in enumerate([*pyramid[1:], last], 3):
        x = shared(feature)
        scores.append(layers.Reshape((-1,), name=f"rpn_objectness_{i}")(objectness(x)))
        shifts.append(layers.Reshape((-1, 4), name=f"rpn_deltas_{i}")(deltas(x)))
    score = layers.Concatenate(1, dtype="float32", name="objectness")(scores)
    shift = layers.Concatenate(1, dtype="float32", name="deltas")(shifts)
    return keras.Model(inputs, [*pyramid, score, shift], name="trunk")


def _box_head(channels: int, hidden: int, classes: int) -> keras.Model:
    inputs = keras.Input((BOX_BINS, BOX_BINS, channels), name="box_bins")
    x = layers.Flatten(name="flatten")(inputs)
    for i in (1, 2):
        x = layers.Dense(
            hidden, activation="relu", kernel_initializer="he_normal", name=f"box_hidden_{i}"
        )(x)
    logits = layers.Dense(
        1 + classes,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.01, seed=2),
        dtype="float32",
        name="box_classes",
    )(x)
    deltas = layers.Dense(
        4,
        kernel_initializer=keras.initializers.RandomNormal(stddev=0.001, seed=3),
        dtype="float32",
        name="box_deltas",
    )(x)
    return keras.Model(inputs, [logits, deltas], name="box_head")


def _mask_head(channels: int, convolutions: int, classes: int) -> keras.Model:
    inputs = x = keras.Input((MASK_BINS, MASK_BINS, channels), name="mask_bins")
    for i in range(1, convolutions + 1):
        x = layers.Conv2D(
            channels,
            3,
            padding="same",
            activation="relu",
            kernel_initializer="he_normal",
            name=f"mask_{i}",
        )(x)
    x = layers.Conv2DTranspose(
        channels, 2, 2, activation="relu", kernel_initializer="he_normal", name="mask_up"
    )(x)
    x = layers.Conv2D(classes, 1, name="mask_classes")(x)
    masks = layers.Activation("linear", dtype="float32", name="mask_logits")(x)
    return keras.Model(inputs, masks, name="mask_head")
