"""The class of each pixel, and the centre of its object: Panoptic-DeepLab's task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from segcore.class_sets import SCENES
from segcore.datasets import in_memory, scenes
from segcore.datasets.samples import DatasetError
from segcore.datasets.scene_pipeline import Crops, centre_targets, crop_batches, tensors
from segcore.labels import UNLABELLED
from segcore.training.recipes import Recipe
from segcore.training.tasks import Part, Shown

STORED_SIDE = 384
HEAT_WEIGHT, OFFSET_WEIGHT = 60.0, 0.04
OFTEN = 0.3  # classes in fewer of the pictures are drawn more often
THINGS = list(SCENES.things)

ABILITIES = ["semantic", "instance", "panoptic"]
CLASSES = list(SCENES.names)


def material(
    recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]
) -> SceneMaterial:
    """Load the training pictures of all data sets; the first one's val part validates."""
    return SceneMaterial(recipe, data, progress)


def objective(recipe: Recipe) -> PanopticObjective:
    """Return the losses of the three branches."""
    return PanopticObjective()


def parts(model, pictures: np.ndarray) -> dict[str, Part]:
    """Return the whole network."""
    return {"model": Part(model, (pictures,))}


class SceneMaterial:
    """Scenes in memory; see `segcore.training.tasks.Material`."""

    def __init__(self, recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]):
        self.recipe = recipe
        training = [sample for root in data for sample in scenes.read(root, "train")]
        validation = scenes.read(data[0], "val")
        train = in_memory.load(training, STORED_SIDE, progress)
        held_out = in_memory.load(validation, STORED_SIDE, progress)
        if not len(train) or not len(held_out):
            raise DatasetError(f"{data[0]} has too few pictures that can be read.")
        self.damaged = train.damaged + held_out.damaged
        self._factors = in_memory.repeat_factors(train.present(len(SCENES)), OFTEN)
        self._train, self._validation = tensors(train), tensors(held_out)
        self.validation_count = len(held_out)
        self.training_count = len(train)
        self.shown: list[Shown] = []

    def batches(self, epoch: int | None, **share: Any) -> tf.data.Dataset:
        """Return the batches of a training epoch, or of the validation for None."""
        if share:
            raise ValueError("Scenes are trained in one process on one device; leave others out.")
        recipe, training = self.recipe, epoch is not None
        order = np.arange(self.validation_count)
        if training:
            order = in_memory.draw_order(self._factors, recipe.seed, epoch or 0)
            order = order[: self.training_count]
        return crop_batches(
            self._train if training else self._validation,
            order,
            side=recipe.side,
            batch=recipe.batch,
            normalisation=recipe.normalisation,
            crops=Crops() if training else None,
            seed=(recipe.seed, epoch or 0),
        ).map(lambda pictures, classes, objects: (pictures, (classes, objects)))


class PanopticObjective:
    """Cross-entropy, centres and offsets; see `segcore.training.tasks.Objective`.

    Notes
    -----
    Mean squared error of the heatmap, times 60; L1 of the offsets on objects, times 0.04 at a
    quarter of the size, where they are a quarter as long as in the paper (Cheng et al. 2020,
    equation 1: 200 and 0.01); cross-entropy of the pixels, labels at half the size. With 200
    the heatmap's gradient is most of what the small trunk gets.
    """

    classes = len(SCENES)

    def __call__(self, model, pictures, targets, training: bool):
        """Return each picture's loss and the pixels of intersection and union of each class."""
        classes, objects = targets
        logits, heat, offsets = model(pictures, training=training)
        logits = tf.image.resize(logits, tf.shape(classes)[1:])
        true_heat, true_offsets, inside, counted = centre_targets(objects)
        loss = (
            _cross_entropy(classes, logits)
            + HEAT_WEIGHT * _mean(tf.square(heat[..., 0] - true_heat), counted)
            + OFFSET_WEIGHT * _mean(tf.reduce_sum(tf.abs(offsets - true_offsets), -1), inside)
        )
        return loss, _counts(classes, logits)

    def foreground(self, model, pictures) -> np.ndarray:
        """Return the probability that a pixel is a thing's."""
        logits, _, _ = model(pictures, training=False)
        probability = tf.reduce_sum(tf.gather(tf.nn.softmax(logits), THINGS, axis=-1), -1)
        return np.asarray(probability)


def _mean(values, weights):
    total = tf.reduce_sum(weights, (1, 2))
    return tf.reduce_sum(values * weights, (1, 2)) / tf.maximum(total, 1)


def _cross_entropy(classes, logits):
    """Return each picture's mean over the pixels that have a label."""
    labelled = classes != UNLABELLED
    index = tf.where(labelled, tf.cast(classes, tf.int32), 0)
    values = tf.nn.sparse_softmax_cross_entropy_with_logits(index, logits)
    return _mean(values, tf.cast(labelled, tf.float32))


def _counts(classes, logits):
    """Return (2, classes) int64: the pixels of intersection and union, void left out."""
    count = logits.shape[-1]
    labelled = tf.reshape(classes != UNLABELLED, (-1,))
    true = tf.boolean_mask(tf.reshape(tf.cast(classes, tf.int32), (-1,)), labelled)
    found = tf.boolean_mask(tf.reshape(tf.argmax(logits, -1, tf.int32), (-1,)), labelled)

    def histogram(values):
        return tf.math.bincount(values, minlength=count, maxlength=count, dtype=tf.int64)

    both = histogram(tf.boolean_mask(true, true == found))
    return tf.stack([both, histogram(true) + histogram(found) - both])
