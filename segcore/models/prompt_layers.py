"""What the promptable model's decoder is made of: positions, tokens, two-way attention."""

from __future__ import annotations

import math

import keras
import numpy as np
import tensorflow as tf
from keras import layers

POINT_KINDS = 4  # background, foreground, a box's top left and bottom right corner
FREQUENCY_SEED = 20230405
EMBEDDING = keras.initializers.RandomNormal(stddev=1.0)  # about as large as positions are


def fourier(points, width: int):
    """Encode positions by random Fourier features (Tancik et al. 2020).

    Parameters
    ----------
    points : (..., 2) float32
        (x, y) in [0, 1].
    width : int
        Even.

    Returns
    -------
    (..., width) float32
        Sines and cosines of fixed random frequencies.
    """
    frequencies = np.random.default_rng(FREQUENCY_SEED).standard_normal((2, width // 2))
    angles = 2 * math.pi * tf.matmul(2 * points - 1, tf.constant(frequencies, tf.float32))
    return tf.concat([tf.sin(angles), tf.cos(angles)], axis=-1)


@keras.saving.register_keras_serializable(package="segcore")
class PointTokens(layers.Layer):
    """Turns points and corners into tokens: where they are plus what they are.

    Parameters
    ----------
    width : int
        Channels of a token.

    Notes
    -----
    Takes where they are as `fourier` encodes it, ``(n, points, width)``, and what they are,
    ``(n, points)`` integers from -1 (no point: its token is void) to 3. Returns the tokens,
    ``(n, points, width)``.
    """

    def __init__(self, width: int, **kwargs):
        super().__init__(**kwargs)
        self.width = width

    def build(self, *shapes):
        """Make an embedding of each kind."""
        self.kinds = self.add_weight(
            shape=(POINT_KINDS, self.width), initializer=EMBEDDING, name="kinds"
        )
        self.built = True

    def call(self, places, kinds):
        """Return the tokens."""
        return places + tf.matmul(tf.one_hot(kinds, POINT_KINDS, dtype=places.dtype), self.kinds)

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "width": self.width}


@keras.saving.register_keras_serializable(package="segcore")
class Attention(layers.Layer):
    """Multi-head attention of few tokens with many others, or of many with few.

    Parameters
    ----------
    width, heads : int
        Channels of tokens; heads, each of ``width / heads`` channels.

    Notes
    -----
    The same arithmetic as Vaswani et al. 2017, in another order: with `many` the projections
    of the many tokens are moved over to the few, so that no tensor of their size is projected
    or split into heads. Products of queries and keys of a head are kept apart by masking the
    channels of the others.
    """

    def __init__(self, width: int, heads: int, **kwargs):
        super().__init__(**kwargs)
        self.width, self.heads = width, heads

    def build(self, *shapes):
        """Make the four projections."""
        for name in ("query", "key", "value", "out"):
            kernel = self.add_weight(
                shape=(self.width, self.width), initializer="glorot_uniform", name=name
            )
            setattr(self, f"{name}_kernel", kernel)
        own = np.repeat(np.eye(self.heads), self.width // self.heads, axis=1)
        self.own = own[:, None].astype(np.float32)  # (heads, 1, width)
        self.built = True

    def call(self, queries, keys, values, valid=None, many: str = "keys"):
        """Attend.

        Parameters
        ----------
        queries : (n, q, width)
        keys, values : (n, k, width)
        valid : (n, k) of 1 and 0, or None
            Keys that may be attended to.
        many : {"keys", "queries"}
            Which of them are many.

        Returns
        -------
        (n, q, width)
        """
        own = tf.cast(self.own, self.compute_dtype)
        if many == "keys":
            queries = self._split(tf.matmul(queries, self.query_kernel), own)
            queries = tf.matmul(queries, self.key_kernel, transpose_b=True)
            weights = self._weights(tf.matmul(queries, keys, transpose_b=True), valid)
            read = tf.matmul(tf.matmul(weights, values), self.value_kernel)
            shape = tf.shape(read)
            read = tf.reshape(read, (shape[0], self.heads, -1, self.width)) * own
            return tf.matmul(tf.reduce_sum(read, axis=1), self.out_kernel)
        keys = self._split(tf.matmul(keys, self.key_kernel), own)
        keys = tf.matmul(keys, self.query_kernel, transpose_b=True)
        values = self._split(tf.matmul(values, self.value_kernel), own)
        values = tf.matmul(values, self.out_kernel)
        scores = tf.matmul(queries, keys, transpose_b=True)
        shape = tf.shape(scores)
        scores = tf.reshape(scores, (shape[0], shape[1], self.heads, -1))
        weights = self._weights(scores, None if valid is None else valid[:, None])
        return tf.matmul(tf.reshape(weights, shape), values)

    def _split(self, few, own):
        """Return (n, heads * few, width): a copy a head, the other heads' channels zero."""
        split = few[:, None] * own
        return tf.reshape(split, (tf.shape(few)[0], -1, self.width))

    def _weights(self, scores, valid):
        scores = tf.cast(scores, tf.float32) / math.sqrt(self.width // self.heads)
        if valid is not None:
            scores += 1e4 * (tf.cast(valid, tf.float32)[:, None] - 1)
        return tf.cast(tf.nn.softmax(scores), self.compute_dtype)

    def get_config(self):
        """Return what rebuilds the layer."""
        return {**super().get_config(), "width": self.width, "heads": self.heads}


@keras.saving.register_keras_serializable(package="segcore")
class TwoWayBlock(layers.Layer):
    """One layer of Segment Anything's decoder: tokens read the picture and write to it.

    Parameters
    ----------
    width, heads, hidden : int
        Channels; attention heads; channels inside the MLP.

    Notes
    -----
    Self-attention of the tokens, attention to the picture, MLP, each added and normalised;
    then attention of the picture to the tokens (Kirillov et al. 2023, section A, figure 14).
    The picture's stream is not normalised again: with two layers only it stays in bounds.
    """

    def __init__(self, width: int, heads: int, hidden: int, **kwargs):
        super().__init__(**kwargs)
        self.width, self.heads, self.hidden = width, heads, hidden
        self.itself = Attention(width, heads, name="itself")
        self.read = Attention(width, heads, name="read")
        self.write = Attention(width, heads, name="write")
        self.mlp = [
            layers.Dense(hidden, activation="relu", name="mlp_1"),
            layers.Dense(width, name="mlp_2"),
        ]
        self.norms = [layers.LayerNormalization(epsilon=1e-5, name=f"norm_{i}") for i in range(4)]

    def build(self, *shapes):
        """Build the parts."""
        shape = (None, None, self.width)
        for part in (self.itself, self.read, self.write):
            part.build(shape, shape, shape)
        self.mlp[0].build(shape)
        self.mlp[1].build((None, None, self.hidden))
        for norm in self.norms:
            norm.build(shape)
        self.built = True

    def call(self, tokens, prompts, valid, picture, positions):
        """Return tokens and picture after the layer.

        Parameters
        ----------
        tokens, prompts : (n, t, width)
            The stream, and what it was at first: added to queries and keys.
        valid : (n, t)
            1, or 0 for tokens to be left out.
        picture : (n, pixels, width)
        positions : (1, pixels, width)
        """
        queries = tokens + prompts
        tokens = self.norms[0](tokens + self.itself(queries, queries, tokens, valid))
        placed = picture + positions
        tokens = self.norms[1](tokens + self.read(tokens + prompts, placed, picture))
        tokens = self.norms[2](tokens + self.mlp[1](self.mlp[0](tokens)))
        written = self.write(placed, tokens + prompts, self.norms[3](tokens), valid, many="queries")
        return tokens, picture + written

    def get_config(self):
        """Return what rebuilds the layer."""
        config = {"width": self.width, "heads": self.heads, "hidden": self.hidden}
        return {**super().get_config(), **config}
