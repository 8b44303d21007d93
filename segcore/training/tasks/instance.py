"""Countable objects, each with a mask of its own: what Mask R-CNN is trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from segcore.class_sets import SCENES
from segcore.datasets import scenes
from segcore.datasets.balanced_draw import systematic_draw
from segcore.datasets.copy_paste import Bank
from segcore.datasets.in_memory import repeat_factors
from segcore.datasets.instance_squares import letterbox, random_square
from segcore.datasets.instances import MOST, InstanceScene, load
from segcore.datasets.samples import DatasetError
from segcore.models.detection.roi_align import pyramid_align
from segcore.models.detection.settings import BOX_BINS, MASK_BINS, ROI_STRIDES
from segcore.training.recipes import Recipe
from segcore.training.tasks import Part, Shown
from segcore.training.tasks.mask_rcnn import MaskRcnnObjective, Targets

ABILITIES = ["instance"]
CLASSES = [SCENES.names[i] for i in SCENES.things]
STRIDE = 32
STORED_SIDE_FACTOR = 1.1
SHOWN_COUNT = 4
RARE = 0.04  # of the pictures; a class in fewer is drawn more often
SOURCES = {  # how often pictures are drawn, by who made their labels
    "coco-gt": 2.5,
    "coco-panoptic-gt": 2.5,
    "oxford-pet-gt": 0.6,
    "feral-cat-gt": 0.8,
    "teacher": 0.7,
}


def material(
    recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]
) -> InstanceMaterial:
    """Load the training pictures of all folders and the validation pictures of the first."""
    return InstanceMaterial(recipe, data, progress)


def objective(recipe: Recipe) -> MaskRcnnObjective:
    """Return the losses of Mask R-CNN, with the overlap of its masks."""
    return MaskRcnnObjective(recipe.options.get("classes", len(SCENES.things)))


def parts(model, pictures: np.ndarray) -> dict[str, Part]:
    """Return the three networks between which the boxes are drawn, and what they are given."""
    height, width = (-(-side // STRIDE) * STRIDE for side in pictures.shape[1:3])
    padding = [(0, 0), (0, height - pictures.shape[1]), (0, width - pictures.shape[2]), (0, 0)]
    pictures = np.pad(pictures, padding)
    trunk = model.get_layer("trunk")
    pyramid = trunk(pictures, training=False)[: len(ROI_STRIDES)]
    some = np.array([[0, 0, 1, 1], [0, 0, 0.5, 0.7], [0.3, 0.4, 0.5, 0.5]], np.float32)
    boxes = tf.constant(some * np.array([height, width, height, width], np.float32))
    first = tf.zeros(len(some), tf.int32)
    return {
        "trunk": Part(trunk, (pictures,)),
        **{
            name: Part(model.get_layer(name), (pyramid_align(pyramid, boxes, first, bins),))
            for name, bins in (("box_head", BOX_BINS), ("mask_head", MASK_BINS))
        },
    }


class InstanceMaterial:
    """Scenes in memory; see `segcore.training.tasks.Material`.

    Raises
    ------
    DatasetError
        If a folder is not in COCO's panoptic layout, or no picture of a split can be read.
    """

    def __init__(self, recipe: Recipe, data: Sequence[Path | str], progress: Callable[..., None]):
        for root in data:
            if not scenes.recognises(Path(root)):
                raise DatasetError(
                    f"{root} has no panoptic_train.json; instances are learned from folders in "
                    "COCO's panoptic layout."
                )
        self.recipe = recipe
        longest = round(recipe.side * STORED_SIDE_FACTOR)
        samples = [sample for root in data for sample in scenes.read(root, "train")]
        self._train, damaged = load(samples, longest, progress)
        self._validation, damaged_too = load(scenes.read(data[0], "val"), longest, progress)
        self.damaged = damaged + damaged_too
        self.training_count, self.validation_count = len(self._train), len(self._validation)
        if not self.training_count or not self.validation_count:
            raise DatasetError(f"{data[0]} has no pictures that can be read.")
        present = np.zeros((self.training_count, len(SCENES.things)), bool)
        for row, scene in zip(present, self._train, strict=True):
            row[list(scene.classes)] = True
        sources = np.array([SOURCES.get(scene.source, 1.0) for scene in self._train])
        self._weights = repeat_factors(present, RARE) * sources
        self._bank = Bank(self._train)
        self.shown = [
            Shown(picture, (ids > 0) & (ids <= MOST))
            for picture, _, _, ids in (
                letterbox(scene, recipe.side) for scene in self._validation[:SHOWN_COUNT]
            )
        ]

    def batches(self, epoch: int | None, **share: Any) -> tf.data.Dataset:
        """Return the batches of a training epoch, or of the validation for None.

        The same seed and epoch give the same batches. Targets are `Targets`.

        Raises
        ------
        ValueError
            If they are to be shared among replicas.
        """
        if share:
            raise ValueError("Instances are learned by one worker; unset TF_CONFIG.")
        side = self.recipe.side

        def normalised(pictures, *targets):
            return self.recipe.normalisation(tf.cast(pictures, tf.float32)), Targets(*targets)

        signature = (
            tf.TensorSpec((None, side, side, 3), tf.uint8),
            tf.TensorSpec((None, MOST, 4), tf.float32),
            tf.TensorSpec((None, MOST), tf.int32),
            tf.TensorSpec((None, side, side), tf.uint8),
        )
        # The autotuner's thread may sleep on for half a minute at the end of a long epoch.
        options = tf.data.Options()
        options.autotune.enabled = False
        return (
            tf.data.Dataset.from_generator(lambda: self._arrays(epoch), output_signature=signature)
            .map(normalised)
            .prefetch(3)
            .with_options(options)
        )

    def _arrays(self, epoch: int | None) -> Iterator[tuple[np.ndarray, ...]]:
        examples = self._validation_examples() if epoch is None else self._examples(epoch)
        batch: list[tuple[np.ndarray, ...]] = []
        for example in examples:
            batch.append(example)
            if len(batch) == self.recipe.batch:
                yield tuple(np.stack(parts) for parts in zip(*batch, strict=True))
                batch = []
        if batch:
            yield tuple(np.stack(parts) for parts in zip(*batch, strict=True))

    def _validation_examples(self) -> Iterator[tuple[np.ndarray, ...]]:
        return (letterbox(scene, self.recipe.side) for scene in self._validation)

    def _examples(self, epoch: int) -> Iterator[tuple[np.ndarray, ...]]:
        seed = [self.recipe.seed, epoch]
        order = systematic_draw(self._weights, self.training_count, np.random.default_rng(seed))
        for i, index in enumerate(order):
            scene: InstanceScene = self._train[index]
            rng = np.random.default_rng([*seed, i])
            yield random_square(scene, self.recipe.side, self._bank, rng)
