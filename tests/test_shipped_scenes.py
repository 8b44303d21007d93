"""The scene model that the project ships: as good as its card says.

Nothing here is skipped: a model that is missing is a failure.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from skimage import data

from segcore.class_sets import SCENES
from segcore.inference import runtime, scenes, zoo
from segcore.labels import ClassMap, Panoptic
from segcore.sample_pictures import sample_pictures
from segcore.scenes.sample_truth import sample_truth
from segcore.scenes.scaling import scaled
from segcore.scenes.scoring import quality
from segcore.scenes.views import objects

NAME = "scenes-panoptic"


@cache
def card() -> zoo.Card:
    return zoo.card(NAME, zoo.WEIGHTS)


@cache
def semantic(sample: str) -> ClassMap:
    return scenes.semantic(sample_pictures("compare")[sample].picture(), card(), "cpu")


@cache
def panoptic(sample: str) -> Panoptic:
    return scenes.panoptic(sample_pictures("compare")[sample].picture(), card(), "cpu")


def share(result: ClassMap, name: str) -> float:
    return float((result.classes == SCENES.index(name)).mean())


def test_it_is_for_all_views() -> None:
    assert card().tasks == ["semantic", "instance", "panoptic"]
    assert card().classes == list(SCENES.names)


def test_the_figures_reach_what_is_promised() -> None:
    figures = card().metrics
    voc, scene = figures["voc2012_semantic"], figures["scenes_panoptic"]
    pets = figures["pets_panoptic"]
    assert (voc["images"], scene["images"], pets["images"]) == (300, 148, 263)
    assert voc["miou"] >= 0.55
    assert min(voc["iou"][name] for name in ("cat", "dog", "person")) >= 0.70
    assert scene["pq"] >= 0.32
    assert scene["pq"] > scene["baseline"]["pq"]
    assert pets["iou"]["pet"] >= 0.80


@pytest.mark.parametrize("size", [(256, 256), (97, 131), (300, 64), (1, 40)])
def test_the_engines_agree(size: tuple[int, int]) -> None:
    import keras

    clear_session = keras.backend.clear_session
    try:
        other = runtime.KerasEngine(card().file("model.keras"), gpu=False)
    finally:
        keras.backend.clear_session = clear_session
    pixels = data.astronaut()[: size[0], : size[1]]
    batch = card().normalisation(pixels[None].astype(np.float32))
    for ours, theirs in zip(
        runtime.OnnxEngine(card().file("model.onnx")).outputs(batch),
        other.outputs(batch),
        strict=True,
    ):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 1e-3 * max(1, np.abs(theirs).max())


@pytest.mark.parametrize(
    ("sample", "classes"),
    [
        ("cows", ["cow"]),
        ("kitten", ["cat"]),
        ("walker_dog_horse", ["person", "sky", "ground"]),
        ("mariachi", ["person"]),
        ("temple", ["building", "sky", "water"]),
    ],
)
def test_it_knows_what_the_samples_show(sample: str, classes: list[str]) -> None:
    for name in classes:
        assert share(semantic(sample), name) > 0.01, name


def test_the_cows_are_where_people_saw_them() -> None:
    found = panoptic("cows")
    truth = scaled(sample_truth("cows", found.size), found.shape)
    figures = quality(truth, semantic("cows"), objects(found), found)
    assert figures.iou["cow"] > 0.7


def test_objects_and_stuff_fill_the_picture_once() -> None:
    found = panoptic("walker_dog_horse")
    areas = np.bincount(found.ids.ravel(), minlength=len(found.segments) + 1)
    assert [s.area for s in found.segments] == areas[1:].tolist()
    assert areas[0] < 0.2 * found.ids.size
    assert {"person", "sky"} <= {SCENES.names[s.index] for s in found.segments}
