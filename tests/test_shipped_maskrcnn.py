"""The Mask R-CNN that the project ships: as good as its card says.

Nothing here is skipped: a model that is missing is a failure.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from skimage import data

from segcore import images
from segcore.class_sets import SCENES
from segcore.inference import runtime, scenes, zoo
from segcore.labels import Instances
from segcore.models.detection.settings import BOX_BINS, MASK_BINS
from segcore.objects import union
from segcore.sample_pictures import sample_pictures


@cache
def card() -> zoo.Card:
    return zoo.card("scenes-maskrcnn", zoo.WEIGHTS)


@cache
def found(sample: str) -> Instances:
    return scenes.instances(sample_pictures("compare")[sample].picture(), card(), "cpu")


def sure(result: Instances, name: str, least: float = 0.5) -> list[np.ndarray]:
    """Return the masks of the objects of a class that have at least a score."""
    return [
        union([thing], result.shape)
        for thing in result.objects
        if thing.label == name and thing.score >= least
    ]


def test_it_is_for_objects() -> None:
    assert card().tasks == ["instance"]
    assert card().classes == [SCENES.names[i] for i in SCENES.things]


def test_it_is_better_than_connected_components() -> None:
    figures = card().metrics["scenes_instance"]
    assert figures["images"] == 148
    for key in ("ap", "ap50", "ap_pets_people", "ap50_pets_people"):
        assert figures[key] > figures["baseline"][key], key


@pytest.mark.parametrize("size", [(256, 256), (160, 224)])
def test_the_engines_agree(size: tuple[int, int]) -> None:
    import keras

    clear_session = keras.backend.clear_session
    try:
        others = {
            part: runtime.KerasEngine(card().file("model.keras"), part, gpu=False)
            for part in ("trunk", "box_head", "mask_head")
        }
    finally:
        keras.backend.clear_session = clear_session
    picture = images.resize(data.astronaut(), size)
    batch = card().normalisation(picture[None].astype(np.float32))
    pyramid = runtime.OnnxEngine(card().file("trunk.onnx")).outputs(batch)
    given = {"trunk": batch}
    for part, bins in (("box_head", BOX_BINS), ("mask_head", MASK_BINS)):
        given[part] = np.ascontiguousarray(pyramid[1][:, :bins, :bins])
    for part, values in given.items():
        ours = runtime.OnnxEngine(card().file(f"{part}.onnx")).outputs(values)
        for a, b in zip(ours, others[part].outputs(values), strict=True):
            assert a.shape == b.shape
            assert np.abs(a - b).max() < 1e-3 * max(1, np.abs(b).max())


@pytest.mark.parametrize(
    ("sample", "name", "least"),
    [("kitten", "cat", 1), ("mariachi", "person", 2), ("cows", "cow", 1)],
)
def test_it_finds_what_the_samples_show(sample: str, name: str, least: int) -> None:
    masks = sure(found(sample), name)
    assert len(masks) >= least
    assert max(mask.mean() for mask in masks) > 0.05


def test_objects_come_best_first_and_none_is_empty() -> None:
    for sample in ("kitten", "mariachi", "cows"):
        scores = [thing.score for thing in found(sample).objects]
        assert scores == sorted(scores, reverse=True) and 0 < min(scores) <= max(scores) <= 1
        assert all(thing.patch.mask.any() for thing in found(sample).objects)
