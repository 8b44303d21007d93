"""Random changes of a training picture and, where they move pixels, of its mask."""

from __future__ import annotations

import tensorflow as tf

from segcore.datasets.augmentation import Augmentation


def augment(picture, mask, side: int, settings: Augmentation | None, seed):
    """Return a changed picture and mask; the same seed gives the same change.

    Parameters
    ----------
    picture : (height, width, 3) uint8 tensor
    mask : (height, width) integer tensor
    side : int
        Side of the square that is returned.
    settings : Augmentation or None
        None only resizes.
    seed : (2,) int32 or int64 tensor

    Returns
    -------
    picture : (side, side, 3) float32 tensor, values 0 to 255; bilinear
    mask : (side, side) tensor of the mask's dtype; nearest neighbour

    Notes
    -----
    All moves are one map from the output's pixels to places in the input, so that pixels
    are interpolated once. Beyond the picture's edge both are mirrored.
    """
    grid = _grid(side, settings, seed) if settings else _plain_grid(side)
    picture, mask = sample(picture, mask, grid)
    if settings:
        picture = _colour(picture, settings, seed)
    return picture, mask


def sample(picture, mask, grid):
    """Look up picture (bilinear) and mask (nearest) at ``grid``.

    `grid` is (side, side, 2) float32: y and x, -1 to 1 from edge to edge of the input.
    """
    size = tf.shape(picture)[:2]
    limits = tf.cast(size, tf.float32)
    places = (grid + 1) / 2 * limits - 0.5
    places = _mirror(places, limits - 1)
    low = tf.floor(places)
    part = places - low
    low = tf.cast(low, tf.int32)
    high = tf.minimum(low + 1, size - 1)
    flat, flat_mask = tf.reshape(picture, (-1, 3)), tf.reshape(mask, (-1,))

    def at(y, x):
        return tf.cast(tf.gather(flat, y * size[1] + x), tf.float32)

    y, x = part[..., :1], part[..., 1:]
    top = at(low[..., 0], low[..., 1]) * (1 - x) + at(low[..., 0], high[..., 1]) * x
    bottom = at(high[..., 0], low[..., 1]) * (1 - x) + at(high[..., 0], high[..., 1]) * x
    nearest = tf.minimum(tf.cast(tf.floor(places + 0.5), tf.int32), size - 1)
    return (
        top * (1 - y) + bottom * y,
        tf.gather(flat_mask, nearest[..., 0] * size[1] + nearest[..., 1]),
    )


def _plain_grid(side: int):
    line = (tf.range(side, dtype=tf.float32) * 2 + 1) / side - 1
    return tf.stack(tf.meshgrid(line, line, indexing="ij"), axis=-1)


def _grid(side: int, settings: Augmentation, seed):
    def uniform(stream: int, limit: float, shape=()):
        return tf.random.stateless_uniform(shape, _stream(seed, stream), -limit, limit)

    grid = _plain_grid(side)
    angle = uniform(0, settings.rotation) * (3.14159265 / 180)
    zoom = tf.exp(uniform(1, 1.0) * tf.math.log(1.0 + settings.scale))
    turn = tf.stack([[tf.cos(angle), -tf.sin(angle)], [tf.sin(angle), tf.cos(angle)]]) * zoom
    if settings.flip:
        mirrored = tf.where(uniform(2, 1.0) < 0, -1.0, 1.0)
        turn *= tf.stack([[1.0, mirrored], [1.0, mirrored]])
    grid = tf.einsum("hwc,dc->hwd", grid, turn) + 2 * uniform(3, settings.shift, (2,))
    if settings.elastic:
        vectors = tf.random.stateless_normal((1, 4, 4, 2), _stream(seed, 4))
        field = tf.image.resize(vectors, (side, side), method="bicubic")[0]
        grid += 2 * settings.elastic * field
    return grid


def _colour(picture, settings: Augmentation, seed):
    def uniform(stream: int, limit: float):
        return tf.random.stateless_uniform((), _stream(seed, stream), -limit, limit)

    grey = tf.tensordot(picture, tf.constant([0.299, 0.587, 0.114]), 1)[..., None]
    picture = grey + (picture - grey) * (1 + uniform(5, settings.saturation))
    mean = tf.reduce_mean(grey)
    picture = mean + (picture - mean) * (1 + uniform(6, settings.contrast))
    return tf.clip_by_value(picture + 255 * uniform(7, settings.brightness), 0, 255)


def _stream(seed, number: int):
    """Return an independent seed for one of the changes."""
    return tf.random.experimental.stateless_fold_in(seed, number)


def _mirror(places, last):
    """Fold coordinates back into [0, last] by reflection at both ends."""
    period = tf.maximum(2 * last, 1e-6)
    folded = tf.math.floormod(places, period)
    return tf.clip_by_value(tf.minimum(folded, period - folded), 0, last)
