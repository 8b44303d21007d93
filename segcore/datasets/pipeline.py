"""From arrays in memory to batches for training, with tf.data."""

from __future__ import annotations

import os

import numpy as np
import tensorflow as tf
import tensorflow.experimental.numpy as tnp

from segcore.datasets.augment import ELASTIC_POINTS, Draws, augment
from segcore.datasets.augmentation import Augmentation
from segcore.normalisation import Normalisation


def batches(
    pictures,
    masks,
    *,
    side: int,
    batch: int,
    normalisation: Normalisation,
    augmentation: Augmentation | None = None,
    shuffle: bool = False,
    seed: int = 0,
    epoch: int = 0,
    replicas: int = 1,
    mine: range = range(1),
) -> tf.data.Dataset:
    """Return one epoch of batches; the same seed and epoch give the same batches.

    Parameters
    ----------
    pictures : (n, height, width, 3) uint8 tensor or array
        An array is copied to a tensor at each call.
    masks : (n, height, width) uint8 tensor or array
        0, 1 on the foreground, or 255 for void.
    side : int
        Side of the square pictures that come out.
    batch : int
        Pictures a batch; the last one may be smaller.
    normalisation : Normalisation
        What the network expects.
    augmentation : Augmentation or None
        None: pictures are only resized.
    shuffle : bool
        Draw a new order for this epoch.
    replicas : int
        Cut each batch into as many equal parts; void pictures fill up what is missing.
    mine : range
        Which of the parts to yield, one after the other.

    Yields
    ------
    (batch, side, side, 3) float32 and (batch, side, side, 1) float32 tensors
    """
    order = np.arange(len(pictures))
    if shuffle:
        np.random.default_rng([seed, epoch]).shuffle(order)
    counts = np.ones(len(order), bool)
    if replicas > 1:
        order, counts = _parts(order, batch, replicas, mine)
        batch = -(-batch // replicas)
    with tf.device("cpu"):
        all_pictures, all_masks = tf.convert_to_tensor(pictures), tf.convert_to_tensor(masks)

    def example(index, counts):
        picture, mask = augment(
            all_pictures[index],
            all_masks[index],
            side,
            augmentation,
            draw(tf.stack([tf.constant(seed + 7919 * epoch, tf.int64), index])),
            tnp,
        )
        mask = tf.where(counts, tf.cast(mask, tf.float32)[..., None], 255.0)
        return normalisation(picture), mask

    def unchanged(indices, counts):
        masks = tf.cast(tf.gather(all_masks, indices), tf.float32)[..., None]
        pictures = tf.cast(tf.gather(all_pictures, indices), tf.float32)
        return normalisation(pictures), tf.where(counts[:, None, None, None], masks, 255.0)

    # The autotuner's thread may sleep on for half a minute at the end of a long epoch.
    options = tf.data.Options()
    options.autotune.enabled = False
    examples = tf.data.Dataset.from_tensor_slices((order.astype(np.int64), counts))
    if augmentation is None and all_pictures.shape[1:3] == (side, side):
        examples = examples.batch(batch, drop_remainder=replicas > 1).map(unchanged)
    else:
        workers = os.cpu_count() or 1
        examples = examples.map(example, num_parallel_calls=workers, deterministic=True)
        examples = examples.batch(batch, drop_remainder=replicas > 1)
    return examples.prefetch(2).with_options(options)


def draw(seed) -> Draws:
    """Return the random numbers of one picture, each from a stream of its own.

    `seed` is a (2,) int32 or int64 tensor; the same seed gives the same numbers.
    """

    def stream(number: int):
        return tf.random.experimental.stateless_fold_in(seed, number)

    def uniform(number: int, shape=()):
        return tf.random.stateless_uniform(shape, stream(number), -1, 1)

    return Draws(
        angle=uniform(0),
        zoom=uniform(1),
        flip=uniform(2),
        shift=uniform(3, (2,)),
        elastic=tf.random.stateless_normal((ELASTIC_POINTS, ELASTIC_POINTS, 2), stream(4)),
        saturation=uniform(5),
        contrast=uniform(6),
        brightness=uniform(7),
    )


def _parts(order, batch: int, replicas: int, mine: range):
    """Return the indices of the parts in `mine` of each batch, and which are not to fill up."""
    part = -(-batch // replicas)
    steps = [np.array(order[start : start + batch]) for start in range(0, len(order), batch)]
    filled = np.stack([np.resize(step, replicas * part) for step in steps])
    counts = np.stack([np.arange(replicas * part) < len(step) for step in steps])
    columns = slice(mine.start * part, mine.stop * part)
    return filled[:, columns].ravel(), counts[:, columns].ravel()
