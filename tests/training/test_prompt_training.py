"""The promptable model learns to cut out drawn shapes, from a folder to both engines."""

from dataclasses import replace

import keras
import numpy as np
import onnxruntime
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw

from segcore.models import promptable
from segcore.training.network import Network
from segcore.training.recipes import find
from segcore.training.tasks import task
from tests._tiny_encoder import tiny_encoder

SIDE, STEPS = 64, 160


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write pictures of a disc and a square each, one of which is the object."""
    root = tmp_path_factory.mktemp("shapes")
    (root / "images").mkdir()
    (root / "masks").mkdir()
    rng = np.random.default_rng(0)
    for i in range(48):
        noise = rng.integers(0, 60, (80, 80, 3)).astype(np.uint8)
        picture, mask = Image.fromarray(noise), Image.new("L", (80, 80))
        colours = rng.permutation([(230, 60, 60), (70, 220, 90), (90, 90, 240)]).tolist()
        x, y = rng.integers(6, 30, 2).tolist()
        shapes = [
            ((x, y, x + 24, y + 24), "ellipse"),
            ((x + 26, y + 14, x + 44, y + 38), "rectangle"),
        ]
        for place, (box, kind) in enumerate(shapes):
            getattr(ImageDraw.Draw(picture), kind)(box, fill=tuple(colours[place]))
            if place == i % 2:
                getattr(ImageDraw.Draw(mask), kind)(box, fill=255)
        picture.save(root / "images" / f"{i:02}.png")
        mask.save(root / "masks" / f"{i:02}.png")
    return root


@pytest.fixture(scope="module")
def recipe():
    return replace(
        find("prompt"),
        options={"width": 32, "fine": 8, "depth": 1},
        side=SIDE,
        batch=8,
        learning_rate=2e-3,
        mixed_precision=False,
        validation=1 / 6,
    )


@pytest.fixture(scope="module")
def material(recipe, folder):
    return task(recipe).material(recipe, [folder], lambda *_: None)


@pytest.fixture(scope="module")
def network(recipe, material):
    keras.utils.set_random_seed(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(promptable, "lite_encoder", tiny_encoder)
        network, step = Network(recipe), 0
    while step < STEPS:
        for pictures, targets in material.batches(step):
            network.train(pictures, targets, tf.constant(len(pictures)))
            step += 1
    return network


def test_material_repeats_itself_and_holds_back(material):
    assert (material.training_count, material.validation_count) == (40, 8)
    assert not material.damaged
    assert [shown.picture.shape for shown in material.shown] == [(SIDE, SIDE, 3)] * 4
    batches = [list(material.batches(epoch)) for epoch in (1, 1, 2, None)]
    assert [sum(len(p) for p, _ in epoch) for epoch in batches] == [40, 40, 40, 8]
    first, same, other = (epoch[0] for epoch in batches[:3])
    for a, b in zip(tf.nest.flatten(first), tf.nest.flatten(same), strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.abs(first[0] - other[0]).max() > 0


def test_it_learns(network, material):
    counts = np.sum([network.validate(*batch)[1] for batch in material.batches(None)], axis=0)
    first, last = counts[0] / counts[1]
    assert first > 0.5
    assert last > 0.5


def test_what_a_click_selects_can_be_shown(network, material):
    pictures, _ = next(iter(material.batches(None)))
    foreground = network.objective.foreground(network.model, np.asarray(pictures))
    assert foreground.shape == (len(pictures), SIDE, SIDE)
    assert 0 <= foreground.min() < foreground.max() <= 1


def test_both_engines_agree(network, recipe, material, tmp_path):
    pictures = np.asarray(next(iter(material.batches(None)))[0])[:1]
    parts = task(recipe).parts(network.model, np.pad(pictures, ((0, 0), (0, 33), (0, 5), (0, 0))))
    assert list(parts) == ["encoder", "decoder"]
    for name, (part, inputs) in parts.items():
        path = tmp_path / f"{name}.onnx"
        part.export(str(path), format="onnx", verbose=False)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [given.name for given in session.get_inputs()]
        ours = session.run(None, dict(zip(names, inputs, strict=True)))
        theirs = part(inputs[0] if len(inputs) == 1 else list(inputs), training=False)
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(a, b, atol=2e-3)
