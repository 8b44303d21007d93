"""Mask R-CNN the whole way: drawn shapes, a short training, the export, both engines."""

from __future__ import annotations

import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from segcore.inference import scenes, zoo
from segcore.inference.detection import detect, masked_objects
from segcore.inference.mask_rcnn import CardDetector
from segcore.labels import Instances
from segcore.normalisation import EFFICIENTNET_LITE
from segcore.sample_pictures import sample_pictures
from segcore.training import export as exporting
from segcore.training.network import Network
from segcore.training.recipes import Recipe
from segcore.training.runs import Run
from segcore.training.tasks import instance
from tests.training import drawn_scenes

SIDE = 96
RECIPE = Recipe(
    "tiny-maskrcnn",
    "mask_rcnn",
    options={"variant": "lite0", "channels": 32, "hidden": 64, "mask_convolutions": 1},
    side=SIDE,
    normalisation=EFFICIENTNET_LITE,
    optimizer="adam",
    learning_rate=2e-3,
    batch=8,
    epochs=1,
    task="instance",
)
TRAINING, VALIDATION = 560, 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_scenes.write(tmp_path_factory.mktemp("shapes"), TRAINING, VALIDATION, SIDE)


@pytest.fixture(scope="module")
def material(folder: Path) -> instance.InstanceMaterial:
    return instance.material(RECIPE, [folder], lambda: None)


@pytest.fixture(scope="module")
def trained(material: instance.InstanceMaterial) -> Network:
    """A network after one epoch."""
    keras.utils.set_random_seed(0)
    network = Network(RECIPE)
    for step, (pictures, targets) in enumerate(material.batches(1)):
        network.set_learning_rate(RECIPE.learning_rate * min(1.0, (step + 1) / 10))
        network.train(pictures, targets)
    return network


@pytest.fixture(scope="module")
def card(trained: Network, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> zoo.Card:
    """The network, exported from a run."""
    run = Run(tmp_path_factory.mktemp("runs") / "tiny")
    run.create(
        {
            "recipe": RECIPE.to_dict(),
            "data": [str(folder)],
            "init": None,
            "machine": "here",
            "pictures": {"training": TRAINING, "validation": VALIDATION},
            "created": time.time(),
        }
    )
    record = {"epoch": 1, "val_mean_iou": 0.5, "seconds": 1.0}
    run.append("epochs", record)
    trained.model.save(run.best)
    about = exporting.Description("tiny-maskrcnn", "A tiny one", "Finds shapes.", "drawn here")
    weights = tmp_path_factory.mktemp("weights")
    few = dict(list(sample_pictures().items())[:1])
    with pytest.MonkeyPatch.context() as patch:  # each photograph costs seconds
        patch.setattr(exporting, "sample_pictures", lambda: few)
        return zoo.Card.read(exporting.export(run, about, weights, keep_aspect=True))


class KerasDetector:
    """The layers of a network, called as they are."""

    def __init__(self, model: keras.Model):
        self.model = model

    def _run(self, part: str, values: np.ndarray) -> list[np.ndarray]:
        found = self.model.get_layer(part)(values, training=False)
        return [np.asarray(output) for output in keras.tree.flatten(found)]

    def trunk(self, batch):
        return self._run("trunk", batch)

    def box_head(self, bins):
        return self._run("box_head", bins)

    def mask_head(self, bins):
        return self._run("mask_head", bins)[0]


def shape_iou(found: Instances, ids: np.ndarray, number: int, label: str) -> float:
    """Return the best IoU of a confident object of the label with a drawn shape."""
    truth, best = ids == number, 0.0
    for thing in found.objects:
        mask = np.zeros_like(truth)
        mask[thing.patch.window] = thing.patch.mask
        if thing.label == label and thing.score >= 0.5:
            best = max(best, (mask & truth).sum() / (mask | truth).sum())
    return best


def test_batches_repeat(material: instance.InstanceMaterial):
    first, again = (next(iter(material.batches(3))) for _ in range(2))
    for a, b in zip(tf.nest.flatten(first), tf.nest.flatten(again), strict=True):
        np.testing.assert_array_equal(a, b)
    pictures, targets = first
    assert pictures.shape == (8, SIDE, SIDE, 3)
    for box, index, ids in zip(*(t.numpy() for t in targets), strict=True):
        for n in range(1, (index >= 0).sum() + 1):
            y, x = np.nonzero(ids == n)
            assert box[n - 1].tolist() == [y.min(), x.min(), y.max() + 1, x.max() + 1]


def test_replicas_are_refused(material: instance.InstanceMaterial):
    with pytest.raises(ValueError, match="one worker"):
        material.batches(1, replicas=2)


def test_the_validation_counts_its_masks(trained: Network, material: instance.InstanceMaterial):
    counts = sum(trained.validate(*batch)[1].numpy() for batch in material.batches(None))
    shapes = counts[:, [instance.CLASSES.index(name) for name in drawn_scenes.SHAPES]]
    assert (shapes[0] / shapes[1] > 0.6).all()
    assert not np.delete(counts[0], [instance.CLASSES.index(n) for n in drawn_scenes.SHAPES]).any()


def test_shapes_are_found(card: zoo.Card):
    ious = []
    for i in range(VALIDATION):
        picture, ids, classes = drawn_scenes.draw((1, i), SIDE)
        found = scenes.instances(picture, card, "cpu")
        assert found.shape == found.size == (SIDE, SIDE)
        assert [o.score for o in found.objects] == sorted(
            (o.score for o in found.objects), reverse=True
        )
        ious += [
            shape_iou(found, ids, number, instance.SCENES.names[index])
            for number, index in enumerate(classes[1:], 2)
        ]
    assert np.mean(np.array(ious) > 0.7) >= 0.8


def test_both_engines_agree(card: zoo.Card):
    model = keras.saving.load_model(card.folder / "model.keras", safe_mode=True)
    for i in range(2):
        picture = np.tile(drawn_scenes.draw((1, i), SIDE)[0], (1, 2, 1))
        batch = EFFICIENTNET_LITE(picture[None].astype(np.float32))
        ours = detect(CardDetector(card, "cpu"), batch)
        theirs = detect(KerasDetector(model), batch)
        assert len(ours.scores) == len(theirs.scores) > 0
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-3, rtol=1e-3)
        objects = masked_objects(ours, batch.shape[1:3], (48, 96), instance.SCENES.names)
        assert objects and all(o.patch.window[1].stop <= 96 for o in objects)


def test_nothing_is_found_in_grey(card: zoo.Card):
    grey = np.full((64, 200, 3), 127, np.uint8)
    found = scenes.instances(grey, card, "cpu")
    assert not [o for o in found.objects if o.score >= 0.5]
    assert found.shape == (64, 200)


def test_the_card(card: zoo.Card):
    assert card.tasks == ["instance"]
    assert card.classes == instance.CLASSES and len(card.classes) == 21
    assert set(card.files) == {"model.keras", "trunk.onnx", "box_head.onnx", "mask_head.onnx"}
    assert card.training["engines_differ_by"] < 1e-3
