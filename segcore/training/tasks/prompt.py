"""Prompts to masks: the training of the promptable model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from segcore import images
from segcore.datasets.prompt_crops import CELL, Crop, crop
from segcore.datasets.samples import DatasetError
from segcore.datasets.targets import Targets, TargetSample, read
from segcore.models.lite_encoder import STRIDE
from segcore.training.prompt_objective import PromptObjective
from segcore.training.recipes import Recipe
from segcore.training.tasks import Part, Shown

ABILITIES = ["prompt"]
CLASSES = ["whatever is asked for"]
STORED_SIDE_FACTOR = 1.25
SHOWN_COUNT = 4
TARGETS = 4  # asked for in each picture
TRIES = 4


def material(
    recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]
) -> PromptMaterial:
    """Load the pictures of all data sets; hold back a part of the first one."""
    return PromptMaterial(recipe, data, progress)


def objective(recipe: Recipe) -> PromptObjective:
    """Return the simulation of prompts with its losses."""
    return PromptObjective()


def parts(model, pictures: np.ndarray) -> dict[str, Part]:
    """Return the encoder, and the decoder with a click and a box of one of the pictures."""
    height, width = (side // STRIDE * STRIDE for side in pictures.shape[1:3])
    encoder, decoder = model.get_layer("encoder"), model.get_layer("decoder")
    picture = pictures[:, :height, :width]
    corners = np.array([[0, 0], [width / 4, height / 4], [3 * width / 4, 3 * height / 4]])
    points = np.stack([corners + [width / 2, height / 2], corners])[None].astype(np.float32)
    kinds = np.array([[[1, -1, -1], [0, 2, 3]]], np.float32)
    previous = np.zeros((1, 2, height // CELL, width // CELL), np.float32)
    prompts = (points, kinds, previous, np.array([[0, 1]], np.float32))
    features = tuple(np.asarray(feature) for feature in encoder(picture, training=False))
    return {
        "encoder": Part(encoder, (picture,)),
        "decoder": Part(decoder, (*features, *prompts)),
    }


class PromptMaterial:
    """Pictures and segments in memory; see `segcore.training.tasks.Material`.

    Pictures are drawn by their weight, so that an epoch has as many as there are, but not
    each of them once.
    """

    def __init__(self, recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]):
        self.recipe = recipe
        self.damaged: list[str] = []
        if recipe.side % 32:
            raise ValueError(f"side is {recipe.side}; accepted are multiples of 32.")
        first, *others = [read(root, "train") for root in data]
        order = np.random.default_rng(recipe.seed).permutation(len(first))
        held_back = max(1, round(recipe.validation * len(order)))
        training = [first[i] for i in order[held_back:]] + [s for part in others for s in part]
        self._validation = self._load([first[i] for i in order[:held_back]], progress)
        self._train = self._load(training, progress)
        self.training_count, self.validation_count = len(self._train), len(self._validation)
        if not self.training_count or not self.validation_count:
            raise DatasetError(f"{data[0]} has too few pictures with masks that can be read.")
        weights = np.array([weight for *_, weight in self._train])
        self._odds = weights / weights.sum()
        self.shown = [
            _shown(picture, targets, recipe.side)
            for picture, targets, _ in self._validation[:SHOWN_COUNT]
        ]

    def _load(
        self, samples: list[TargetSample], progress: Callable[..., None]
    ) -> list[tuple[np.ndarray, Targets, float]]:
        """Return pictures, targets and weights; those without anything to ask for are left out."""
        loaded = []
        for i, sample in enumerate(samples, 1):
            try:
                picture, targets = sample.load()
            except images.PictureError as error:
                self.damaged.append(str(error))
            else:
                picture, targets = _fit(picture, targets, self.recipe.side)
                if targets.weights:
                    loaded.append((picture, targets, sample.weight))
            progress(i, len(samples))
        return loaded

    def batches(self, epoch: int | None, **share: Any) -> tf.data.Dataset:
        """Return the batches of a training epoch, or of the validation for None."""
        if share:
            raise ValueError("Prompts are trained in one process on one device; hide the others.")
        side, cells = self.recipe.side, self.recipe.side // CELL
        masks = tf.TensorSpec((TARGETS, cells, cells), tf.uint8)
        signature = (
            tf.TensorSpec((side, side, 3), tf.uint8),
            {
                "coverage": masks,
                "labelled": masks,
                "boxes": tf.TensorSpec((TARGETS, 4), tf.float32),
                "things": tf.TensorSpec((TARGETS,), tf.bool),
            },
        )
        options = tf.data.Options()
        options.autotune.enabled = False
        normalisation = self.recipe.normalisation
        return (
            tf.data.Dataset.from_generator(lambda: self._crops(epoch), output_signature=signature)
            .batch(self.recipe.batch)
            .map(lambda pictures, targets: (normalisation(tf.cast(pictures, tf.float32)), targets))
            .prefetch(3)
            .with_options(options)
        )

    def _crops(self, epoch: int | None) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
        recipe = self.recipe
        if epoch is None:
            chosen = self._validation
        else:
            rng = np.random.default_rng([recipe.seed, epoch])
            order = rng.choice(len(self._train), len(self._train), p=self._odds)
            chosen = [self._train[i] for i in order]
        for i, (picture, targets, _) in enumerate(chosen):
            rng = np.random.default_rng([recipe.seed, epoch or 0, i])
            for attempt in range(TRIES):
                augment = epoch is not None and attempt < TRIES - 1
                found = crop(picture, targets, recipe.side, TARGETS, rng, augment)
                if found:
                    break
            yield _example(found or _empty(picture, recipe.side))


def _example(found: Crop) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    picture, coverage, labelled, boxes, things = found
    return picture, {"coverage": coverage, "labelled": labelled, "boxes": boxes, "things": things}


def _empty(picture: np.ndarray, side: int) -> Crop:
    """Return a square in which nothing is labelled: it counts for nothing."""
    nothing = np.zeros((TARGETS, side // CELL, side // CELL), np.uint8)
    return Crop(
        images.resize(picture, (side, side)),
        nothing,
        nothing,
        np.zeros((TARGETS, 4), np.float32),
        np.zeros(TARGETS, bool),
    )


def _fit(picture: np.ndarray, targets: Targets, side: int) -> tuple[np.ndarray, Targets]:
    """Scale down to what the squares need, the ids in as few bytes as they need."""
    picture = images.fit(picture, round(STORED_SIDE_FACTOR * side))
    ids = images.resize_mask(targets.ids, picture.shape[:2])
    kind = np.uint8 if ids.max() < 256 else np.uint16 if ids.max() < 65536 else np.int32
    present = set(np.unique(ids).tolist())
    weights = {i: weight for i, weight in targets.weights.items() if i in present}
    return picture, targets._replace(ids=ids.astype(kind), weights=weights)


def _shown(picture: np.ndarray, targets: Targets, side: int) -> Shown:
    """Return a picture with the target under its middle, where the click to be shown goes."""
    picture = images.resize(picture, (side, side))
    ids = images.resize_mask(targets.ids, (side, side))
    clicked = int(ids[side // 2, side // 2])
    return Shown(picture, ids == clicked if clicked in targets.weights else None)
