"""Foreground or background: the lecture's case study."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from segcore import datasets, losses
from segcore.datasets.pipeline import batches
from segcore.datasets.samples import DatasetError, load_square
from segcore.training.mean_iou import overlap
from segcore.training.recipes import Recipe
from segcore.training.tasks import Part, Shown

STORED_SIDE_FACTOR = 1.25
SAMPLE_COUNT = 4

ABILITIES = ["binary"]
CLASSES = ["pet"]


def material(
    recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]
) -> BinaryMaterial:
    """Load pictures and masks of all data sets; hold back a part of the first one."""
    return BinaryMaterial(recipe, data, progress)


def objective(recipe: Recipe) -> BinaryObjective:
    """Return the recipe's loss, with the overlap of the masks."""
    return BinaryObjective(recipe)


def parts(model, pictures: np.ndarray) -> dict[str, Part]:
    """Return the whole network."""
    return {"model": Part(model, (pictures,))}


class BinaryMaterial:
    """Squares in memory; see `segcore.training.tasks.Material`."""

    def __init__(self, recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]):
        self.recipe = recipe
        parts = [datasets.read(root, "train") for root in data]
        order = np.random.default_rng(recipe.seed).permutation(len(parts[0]))
        held_back = max(1, round(recipe.validation * len(order)))
        validation = [parts[0][i] for i in order[:held_back]]
        training = [parts[0][i] for i in order[held_back:]] + [s for p in parts[1:] for s in p]
        if not training:
            raise DatasetError(f"{data[0]} has too few pictures: one would be left for nothing.")
        side = round(recipe.side * STORED_SIDE_FACTOR) if recipe.augmentation else recipe.side
        *train, damaged = load_square(training, side, progress)
        *held_out, damaged_too = load_square(validation, recipe.side, progress)
        with tf.device("cpu"):
            self._train = [tf.constant(array) for array in train]
            self._validation = [tf.constant(array) for array in held_out]
        self.damaged = damaged + damaged_too
        self.training_count, self.validation_count = len(train[0]), len(held_out[0])
        if not self.training_count or not self.validation_count:
            raise DatasetError(f"{data[0]} has too few pictures that can be read.")
        self.shown = [
            Shown(picture, mask == 1)
            for picture, mask in zip(*(array[:SAMPLE_COUNT] for array in held_out), strict=True)
        ]

    def batches(self, epoch: int | None, **share: Any) -> tf.data.Dataset:
        """Return the batches of a training epoch, or of the validation for None."""
        recipe, training = self.recipe, epoch is not None
        return batches(
            *(self._train if training else self._validation),
            side=recipe.side,
            batch=recipe.batch,
            normalisation=recipe.normalisation,
            augmentation=recipe.augmentation if training else None,
            shuffle=training,
            seed=recipe.seed,
            epoch=epoch or 0,
            **share,
        )


class BinaryObjective:
    """A loss of `segcore.losses`; see `segcore.training.tasks.Objective`."""

    classes = 1

    def __init__(self, recipe: Recipe):
        self.loss = losses.make_loss(recipe.loss, recipe.dice_weight)

    def __call__(self, model, pictures, masks, training: bool):
        """Return each picture's loss, (batch,), and the overlap of masks and predictions."""
        probabilities = model(pictures, training=training)
        return self.loss(masks, probabilities), overlap(masks, probabilities)

    def foreground(self, model, pictures) -> np.ndarray:
        """Return the (batch, h, w) probabilities."""
        return np.asarray(model(pictures, training=False))[..., 0]
