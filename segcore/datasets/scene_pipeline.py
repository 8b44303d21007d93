"""From scenes in memory to batches for training, with tf.data: random crops and their targets."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from segcore.datasets.in_memory import CROWD, NOTHING, Scenes
from segcore.labels import UNLABELLED
from segcore.normalisation import Normalisation

OBJECTS = 64  # at most so many of a picture get a centre
GREY = 127.0


class Crops(NamedTuple):
    """How crops are drawn.

    Attributes
    ----------
    zoom : (low, high)
        The crop's side is the picture's longest side divided by a zoom from this range.
    stretch : float
        Proportions change by up to this factor either way.
    colour : float
        Largest change of brightness, contrast and saturation, as a fraction.
    """

    zoom: tuple[float, float] = (0.7, 2.0)
    stretch: float = 1.15
    colour: float = 0.3


def crop_batches(
    scenes: list[tf.Tensor],
    order: np.ndarray,
    *,
    side: int,
    batch: int,
    normalisation: Normalisation,
    crops: Crops | None,
    seed: tuple[int, int] = (0, 0),
) -> tf.data.Dataset:
    """Return one epoch of batches; the same seed gives the same ones.

    Parameters
    ----------
    scenes : list of tensors
        `tensors` of the scenes.
    order : (n,) integers
        Which pictures, in order.
    side : int
        Side of the squares, pixels; a multiple of 4.
    crops : Crops or None
        None: the whole picture, its longest side at ``side``.
    seed : (seed, epoch)

    Yields
    ------
    pictures : (batch, side, side, 3) float32, normalised; grey beyond the picture
    classes : (batch, side / 2, side / 2) uint8, `UNLABELLED` where void
    objects : (batch, side / 4, side / 4) uint8, `NOTHING`, `CROWD` or a number
    """
    options = tf.data.Options()
    options.autotune.enabled = False
    options.threading.private_threadpool_size = 2

    def example(index, number):
        return _example(
            [array[index] for array in scenes],
            side,
            normalisation,
            crops,
            tf.stack([tf.constant(seed[0] * 1_000_003 + seed[1], tf.int64), number]),
        )

    numbers = np.arange(len(order), dtype=np.int64)
    return (
        tf.data.Dataset.from_tensor_slices((order.astype(np.int64), numbers))
        .map(example, num_parallel_calls=2, deterministic=True)
        .batch(batch)
        .prefetch(2)
        .with_options(options)
    )


def tensors(scenes: Scenes) -> list[tf.Tensor]:
    """Return pictures, classes, objects and sizes as tensors in the CPU's memory."""
    with tf.device("cpu"):
        arrays = (scenes.pictures, scenes.classes, scenes.objects, scenes.sizes)
        return [tf.constant(array) for array in arrays]


def _example(scene, side: int, normalisation: Normalisation, crops: Crops | None, seed):
    picture, classes, objects, size = scene
    stored = picture.shape[0]
    height, width = tf.unstack(tf.cast(size, tf.float32))
    draws = tf.random.stateless_uniform((8,), seed, -1, 1)
    if crops is None:
        box = tf.stack([0.0, 0.0, 1.0, 1.0]) * tf.maximum(height, width)
        flip = tf.constant(False)
    else:
        box, flip = _window(height, width, crops, draws), draws[4] < 0
    # Sampled where corners of pixels meet corners, not centres: as crop_and_resize does not.
    unit = (stored - 1) * 1.0

    def crop(array, out: int, method: str, beyond: float):
        step = (box[2:] - box[:2]) / out
        centres = tf.concat([box[:2] + step / 2 - 0.5, box[2:] - step / 2 - 0.5], 0)
        cut = tf.image.crop_and_resize(
            array[None], centres[None] / unit, [0], (out, out), method, beyond
        )[0]
        return tf.cond(flip, lambda: cut[:, ::-1], lambda: cut)

    inside = tf.cast(tf.sequence_mask(tf.cast(size[1], tf.int32), stored), tf.uint8)
    rows = tf.cast(tf.sequence_mask(tf.cast(size[0], tf.int32), stored), tf.uint8)
    inside = rows[:, None, None] * inside[None, :, None]
    shown = crop(picture, side, "bilinear", GREY)
    covered = crop(inside, side, "nearest", 0.0)
    shown = tf.where(covered > 0, shown, GREY)
    if crops is not None:
        shown = tf.where(covered > 0, _recoloured(shown, crops.colour, draws[5:]), GREY)
    classes = crop(classes[..., None], side // 2, "nearest", float(UNLABELLED))[..., 0]
    objects = crop(objects[..., None], side // 4, "nearest", float(NOTHING))[..., 0]
    return normalisation(shown), tf.cast(classes, tf.uint8), tf.cast(objects, tf.uint8)


def _window(height, width, crops: Crops, draws):
    """Return y_min, x_min, y_max, x_max, in pixels, of a random crop that shows something."""
    low, high = (float(np.log(z)) for z in crops.zoom)
    zoom = tf.exp(low + (high - low) * (draws[0] + 1) / 2)
    stretch = tf.exp(float(np.log(crops.stretch)) * draws[1])
    across = tf.maximum(height, width) / zoom
    sides = tf.stack([across * stretch, across / stretch])
    sizes = tf.stack([height, width])
    slack = sizes - sides  # below 0 where the crop is larger than the picture
    start = slack * (draws[2:4] + 1) / 2
    return tf.concat([start, start + sides], 0)


def _recoloured(picture, strength: float, draws):
    grey = tf.tensordot(picture, tf.constant([0.299, 0.587, 0.114]), 1)[..., None]
    picture = grey + (picture - grey) * (1 + strength * draws[0])
    mean = tf.reduce_mean(grey)
    picture = mean + (picture - mean) * (1 + strength * draws[1])
    return tf.clip_by_value(picture + 255 * strength / 2 * draws[2], 0, 255)


def centre_targets(objects, sigma: float = 2.0):
    """Return what the centre and offset branches learn of a batch of object maps.

    Parameters
    ----------
    objects : (batch, h, w) uint8
        `NOTHING`, `CROWD` or the number of an object; those above `OBJECTS` count as crowd.
    sigma : float
        Of the Gaussians, pixels: 8 at the picture's size are 2 at a quarter of it.

    Returns
    -------
    heat : (batch, h, w) float32
        1 at each object's centre of mass, rounded to a pixel, and a Gaussian around it.
    offsets : (batch, h, w, 2) float32
        y, x to the exact centre of mass; 0 elsewhere.
    inside, counted : (batch, h, w) float32
        1 on objects, where offsets count; 1 outside crowds, where the heatmap counts.
    """
    height, width = objects.shape[1:]
    numbers = tf.cast(objects, tf.int32)
    known = tf.logical_and(numbers > NOTHING, numbers <= OBJECTS)
    one_hot = tf.one_hot(tf.where(known, numbers - 1, -1), OBJECTS, dtype=tf.float32)
    y, x = tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32)
    rows, columns = tf.reduce_sum(one_hot, 2), tf.reduce_sum(one_hot, 1)  # (batch, h or w, n)
    areas = tf.reduce_sum(rows, 1)
    centre_y = tf.einsum("bhn,h->bn", rows, y) / tf.maximum(areas, 1)
    centre_x = tf.einsum("bwn,w->bn", columns, x) / tf.maximum(areas, 1)

    def bell(line, centre):
        distance = line[None, :, None] - tf.round(centre)[:, None]
        return tf.exp(-tf.square(distance) / (2 * sigma**2))

    there = tf.cast(areas > 0, tf.float32)[:, None]
    bells_y, bells_x = bell(y, centre_y) * there, bell(x, centre_x)
    heat = tf.reduce_max(bells_y[:, :, None] * bells_x[:, None], -1)
    index = tf.where(known, numbers - 1, 0)
    to_y = tf.gather(centre_y, index, batch_dims=1) - y[None, :, None]
    to_x = tf.gather(centre_x, index, batch_dims=1) - x[None, None]
    inside = tf.cast(known, tf.float32)
    offsets = tf.stack([to_y, to_x], -1) * inside[..., None]
    crowd = tf.logical_or(numbers == CROWD, numbers > OBJECTS)
    return heat, offsets, inside, 1 - tf.cast(crowd, tf.float32)
