"""The decoder of the promptable model: prompts and an embedding to masks and their IoU."""

from __future__ import annotations

import keras
import tensorflow as tf
from keras import layers

from segcore.models.prompt_layers import (
    EMBEDDING_SPREAD,
    Attention,
    PointTokens,
    TwoWayBlock,
    fourier,
    prompt_maps,
)

STRIDE = 16  # of the embedding; masks come out at a quarter of the input's size
MASKS = 4  # the one for several prompts, then the three of an ambiguous one
PRIOR = -2.0  # logit of a pixel at the start: most are background
MAPS = 5  # of `prompt_maps`
LOGIT_RANGE = 8.0  # what a previous mask's logits are clipped to


@keras.saving.register_keras_serializable(package="segcore")
class PromptDecoder(layers.Layer):
    """Segment Anything's mask decoder with its prompt encoder (Kirillov et al. 2023, section A).

    Parameters
    ----------
    width, heads, hidden : int
        Channels of tokens and embedding; attention heads; channels inside the MLPs.
    fine : int
        Channels of the fine features at 1/4, and of the masks' kernels; twice as many at 1/8.
    depth : int
        Two-way layers.

    Notes
    -----
    Differences to the publication: fine features of the picture are added at 1/8 and 1/4 of
    its size while the mask embedding grows (as in SAM 2: Ravi et al. 2024, section D); absent
    points are masked in the attention, so padding changes nothing; positions are fractions of
    the longest side; prompts are also drawn as maps and added to the embedding, from which a
    small network learns where they are in a fraction of the time. The masks' bias starts where
    most pixels are background (Lin et al. 2017, section 3.3).
    """

    def __init__(
        self,
        width: int = 128,
        fine: int = 32,
        heads: int = 4,
        hidden: int = 512,
        depth: int = 2,
        **kwargs,
    ):
        super().__init__(autocast=False, **kwargs)  # coordinates need all their digits
        self.width, self.fine, self.heads = width, fine, heads
        self.hidden, self.depth = hidden, depth
        self.points = PointTokens(width, name="points")
        self.blocks = [TwoWayBlock(width, heads, hidden, name=f"block_{i}") for i in range(depth)]
        self.last = Attention(width, heads, name="last")
        self.norm = layers.LayerNormalization(epsilon=1e-5, name="norm")
        self.drawn = layers.Dense(
            width,
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(stddev=EMBEDDING_SPREAD),
            name="drawn",
        )
        self.mask_1 = layers.Dense(width // 4, activation="relu", name="mask_1")
        self.mask_2 = layers.Dense(width, use_bias=False, name="mask_2")
        self.up_8 = layers.Dense(8 * fine, use_bias=False, name="up_8")
        self.up_4 = layers.Dense(4 * fine, use_bias=False, name="up_4")
        self.hyper = [
            layers.Dense(width, activation="relu", name="hyper_1"),
            layers.Dense(width, activation="relu", name="hyper_2"),
        ]
        self.quality = [
            layers.Dense(width, activation="relu", name="quality_1"),
            layers.Dense(width, activation="relu", name="quality_2"),
            layers.Dense(MASKS, name="quality_3"),
        ]

    def build(self, *shapes):
        """Build the parts."""
        width, shape = self.width, (None, None, self.width)
        self.learned = self.add_weight(
            shape=(1 + MASKS, width),
            initializer=keras.initializers.RandomNormal(stddev=EMBEDDING_SPREAD),
            name="learned",
        )
        self.no_mask = self.add_weight(shape=(width,), initializer="zeros", name="no_mask")
        self.hyper_kernel = self.add_weight(
            shape=(MASKS, width, self.fine), initializer="glorot_uniform", name="hyper_3"
        )
        self.mask_bias = self.add_weight(
            shape=(MASKS, 1), initializer=keras.initializers.Constant(PRIOR), name="mask_bias"
        )
        self.points.build(None)
        for block in self.blocks:
            block.build(None)
        self.last.build(None)
        self.norm.build(shape)
        self.drawn.build((None, None, MAPS))
        self.mask_1.build((None, None, None, 16))
        self.mask_2.build((None, None, None, width // 4))
        self.up_8.build(shape)
        self.up_4.build((None, None, 2 * self.fine))
        for dense in (*self.hyper, *self.quality):
            dense.build(shape)
        self.built = True

    def call(self, inputs):
        """Segment.

        Parameters
        ----------
        inputs : list
            - embedding, ``(batch, h, w, width)``, and fine features of the pictures,
              ``(batch, 2h, 2w, 2 fine)`` and ``(batch, 4h, 4w, fine)``;
            - points ``(batch, prompts, points, 2)``: (x, y) in pixels of the network's input,
              which has 16h by 16w of them; a pixel's centre lies at a half;
            - kinds ``(batch, prompts, points)``: -1 none, 0 background, 1 foreground, 2 and 3
              the top left and bottom right corner of a box;
            - previous masks, ``(batch, prompts, 4h, 4w)`` logits, and ``(batch, prompts)``: 1
              where there is one.

        Returns
        -------
        masks : (batch, prompts, 4, 4h, 4w) float32
            Logits: the single mask, then the three.
        iou : (batch, prompts, 4) float32
            The IoU that each is expected to have, about 0 to 1.
        """
        embedding, fine_8, fine_4, *prompt = inputs
        points, kinds, previous, has_previous = (tf.cast(x, tf.float32) for x in prompt)
        shape, prompts = tf.shape(embedding), tf.shape(points)[1]
        batch, height, width = shape[0], shape[1], shape[2]
        many = batch * prompts
        dtype = self.compute_dtype
        embedding, fine_8, fine_4 = (tf.cast(x, dtype) for x in (embedding, fine_8, fine_4))

        # === Prompts to tokens ===
        side = tf.cast(STRIDE * tf.maximum(height, width), tf.float32)
        kinds = tf.cast(tf.reshape(kinds, (many, -1)), tf.int32)
        places = tf.cast(fourier(tf.reshape(points, (many, -1, 2)) / side, self.width), dtype)
        learned = tf.tile(tf.cast(self.learned, dtype)[None], (many, 1, 1))
        tokens = tf.concat([learned, self.points(places, kinds)], axis=1)
        valid = tf.concat([tf.ones((many, 1 + MASKS), tf.int32), tf.cast(kinds >= 0, tf.int32)], 1)

        # === Picture and previous mask ===
        picture = tf.repeat(tf.reshape(embedding, (batch, -1, self.width)), prompts, axis=0)
        picture += self._dense(previous, has_previous, (many, height, width))
        centres = _centres(height, width)
        maps = prompt_maps(tf.reshape(points, (many, -1, 2)) / STRIDE, kinds, centres)
        picture += self.drawn(tf.cast(maps, dtype))
        positions = tf.cast(fourier(centres * STRIDE / side, self.width)[None], dtype)

        # === Two-way transformer ===
        start = tokens
        for block in self.blocks:
            tokens, picture = block(tokens, start, valid, picture, positions)
        read = self.last(tokens + start, picture + positions, picture)
        tokens = self.norm(tokens + read)

        # === Masks ===
        up = self._grow(self.up_8(picture), fine_8, (batch, prompts, height, width))
        up = self._grow(self.up_4(up), fine_4, (batch, prompts, 2 * height, 2 * width))
        hyper = self.hyper[1](self.hyper[0](tokens[:, 1 : 1 + MASKS]))
        kernels = tf.matmul(tf.transpose(hyper, (1, 0, 2)), tf.cast(self.hyper_kernel, dtype))
        masks = tf.matmul(tf.transpose(kernels, (1, 0, 2)), up, transpose_b=True)
        masks += tf.cast(self.mask_bias, dtype)
        quality = tokens[:, 0]
        for dense in self.quality:
            quality = dense(quality)
        size = (batch, prompts, MASKS, 4 * height, 4 * width)
        return (
            tf.reshape(tf.cast(masks, tf.float32), size),
            tf.reshape(tf.cast(quality, tf.float32), size[:3]),
        )

    def _grow(self, cells, fine, size):
        """Spread the channels of cells over 2 x 2 of them and add the pictures' fine features."""
        batch, prompts, height, width = size
        cells = tf.reshape(cells, (batch * prompts, height, width, cells.shape[-1]))
        grown = tf.reshape(tf.nn.depth_to_space(cells, 2), (batch, prompts, -1))
        grown += tf.reshape(fine, (batch, 1, -1))
        grown = tf.reshape(grown, (batch * prompts, -1, cells.shape[-1] // 4))
        return tf.nn.leaky_relu(grown, 0.1)  # never dead; the exact GELU has no ONNX

    def _dense(self, previous, has_previous, size):
        """Return what a previous mask, or its absence, adds to the picture's stream."""
        many, height, width = size
        logits = tf.clip_by_value(previous, -LOGIT_RANGE, LOGIT_RANGE)
        logits = tf.reshape(logits / LOGIT_RANGE, (many, 4 * height, 4 * width, 1))
        cells = tf.cast(tf.nn.space_to_depth(logits, 4), self.compute_dtype)
        mask = tf.reshape(self.mask_2(self.mask_1(cells)), (many, -1, self.width))
        has = tf.cast(tf.reshape(has_previous, (many, 1, 1)), self.compute_dtype)
        return mask * has + tf.cast(self.no_mask, mask.dtype) * (1 - has)

    def compute_output_spec(self, inputs):
        """Say what comes out."""
        embedding, _, _, points, *_ = inputs
        batch, height, width, _ = embedding.shape
        prompts = points.shape[1]
        size = (height and 4 * height, width and 4 * width)
        masks = keras.KerasTensor((batch, prompts, MASKS, *size), "float32")
        return masks, keras.KerasTensor((batch, prompts, MASKS), "float32")

    def get_config(self):
        """Return what rebuilds the layer."""
        names = ("width", "fine", "heads", "hidden", "depth")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


def _centres(height, width):
    """Return (x, y) of the centres of a map's cells, in cells, (height * width, 2) float32."""
    y = tf.range(height, dtype=tf.float32) + 0.5
    x = tf.range(width, dtype=tf.float32) + 0.5
    return tf.reshape(tf.stack(tf.meshgrid(x, y), axis=-1), (-1, 2))
