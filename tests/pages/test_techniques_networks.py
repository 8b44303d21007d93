"""The models of the zoo as methods of the bench."""

from __future__ import annotations

import numpy as np
import pytest

from segcore import images
from segcore.class_sets import SCENES
from segcore.inference import scenes, zoo
from segcore.inference.foreground import THINGS, foreground, regions
from segcore.labels import UNLABELLED, ClassMap, Instances, Panoptic, Segment
from segcore.objects import MaskedObject, Patch
from segcore.techniques import WORKING_SIDE, Prompts, score
from segcore.techniques.families import DEEP, GUIDES, INTERACTIVE
from segcore.techniques.samples import bench_samples, prompts_of
from segcore.ui.techniques import networks
from tests.prompting.stand_in import StandIn

ABOUT = ((4, 6), (8, 12), SCENES, "m", "CPU")  # shape and size of the results here
CAT, DOG, SKY = (SCENES.index(name) for name in ("cat", "dog", "sky"))


def results() -> dict[str, ClassMap | Instances | Panoptic]:
    """Return the same scene thrice: a cat in the left two columns, a dog in the third, sky."""
    classes = np.full((4, 6), SKY, np.uint8)
    classes[:, :2], classes[:, 2], classes[0, 5] = CAT, DOG, UNLABELLED
    ids = np.select([classes == CAT, classes == DOG, classes == SKY], [1, 2, 3]).astype(np.int32)
    things = [
        MaskedObject(Patch(0, 0, np.ones((4, 2), bool)), 0.9, "cat"),
        MaskedObject(Patch(0, 2, np.ones((4, 1), bool)), 0.8, "dog"),
    ]
    segments = (
        Segment(1, CAT, 0.9, 1, 8),
        Segment(2, DOG, 0.8, 1, 4),
        Segment(3, SKY, 0.7, 0, 11),
    )
    return {
        "semantic": ClassMap(*ABOUT, classes=classes, scores=np.full((4, 6), 200, np.uint8)),
        "instance": Instances(*ABOUT, objects=tuple(things)),
        "panoptic": Panoptic(*ABOUT, ids=ids, segments=segments),
    }


# === Foreground ===


@pytest.mark.parametrize("kind", ["semantic", "instance", "panoptic"])
@pytest.mark.parametrize(("wanted", "columns"), [(THINGS, 6), ("cat", 4), ("dog", 2), ("tv", 0)])
def test_the_foreground_is_a_class_or_all_things(kind, wanted, columns):
    mask = foreground(results()[kind], wanted)
    assert mask.shape == (8, 12) and mask.sum() == 8 * columns


def test_stuff_can_be_the_foreground_where_it_is_found():
    counts = {kind: int(foreground(result, "sky").sum()) for kind, result in results().items()}
    assert counts == {"semantic": 44, "instance": 0, "panoptic": 44}


@pytest.mark.parametrize("kind", ["semantic", "instance", "panoptic"])
def test_regions_have_a_number_each_and_nothing_is_zero(kind):
    numbers = regions(results()[kind])
    assert numbers.shape == (4, 6) and numbers[0, 5] == 0
    assert len(np.unique(numbers[:, :3])) == 2


def test_an_unknown_class_is_named():
    with pytest.raises(ValueError, match="no class 'unicorn'"):
        foreground(results()["semantic"], "unicorn")


# === Models ===


@pytest.mark.parametrize("kind", ["semantic", "instance", "panoptic"])
def test_a_scene_model_is_run_by_its_task(kind, make_model, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", make_model(tasks=[kind]).parent)
    name = {"instance": "instances"}.get(kind, kind)
    monkeypatch.setattr(scenes, name, lambda *_, **__: results()[kind])
    picture = np.zeros((8, 12, 3), np.uint8)
    found = networks.find("model:tiny", "cpu", picture, {"foreground": "dog"}, _middle(picture))
    assert found.mask().sum() == 16 and len(found.steps) == 1
    assert [p.name for p in networks.parameters("model:tiny")] == ["foreground"]
    assert networks.family("model:tiny") == DEEP


def test_a_promptable_model_is_of_its_own_family(make_model, monkeypatch):
    monkeypatch.setattr(zoo, "WEIGHTS", make_model(tasks=["prompt"]).parent)
    assert networks.family("model:tiny") == INTERACTIVE
    assert [p.name for p in networks.parameters("model:tiny")] == ["prompt"]


@pytest.mark.parametrize(
    ("how", "asked"),
    [
        ("box", [(0, True)]),
        ("seeds", [(2, False)]),
        ("both", [(2, True)]),
        ("each", [(1, False)] * 2),
    ],
)
def test_seeds_and_box_become_prompts(how, asked):
    model = StandIn()
    model.set_image(np.zeros((60, 80, 3), np.uint8))
    prompts = Prompts(((10.0, 10.0), (60.0, 40.0)), (5.0, 5.0, 70.0, 50.0))
    mask = networks.prompted(model, (60, 80), how, prompts)
    calls = [
        (0 if c["points"] is None else len(c["points"]), c["box"] is not None) for c in model.calls
    ]
    assert calls == asked
    assert mask[10, 10] and mask[40, 60] and not mask[59, 79]


def test_without_seeds_the_box_is_the_prompt():
    model = StandIn()
    model.set_image(np.zeros((60, 80, 3), np.uint8))
    assert networks.prompted(model, (60, 80), "each", Prompts((), (5, 5, 70, 50))).sum() == 65 * 45


def _middle(picture: np.ndarray) -> Prompts:
    return prompts_of(None, picture.shape[:2])


@pytest.mark.parametrize("family", [DEEP, INTERACTIVE])
def test_networks_win_and_fail_where_their_guide_says(family):
    guide = GUIDES[family]
    scores = []
    for case in (guide.wins, guide.fails):
        sample = bench_samples()[case.sample]
        picture = images.fit(sample.picture(), WORKING_SIDE)
        prompts = prompts_of(sample, picture.shape[:2])
        found = networks.find(case.method, "cpu", picture, case.values, prompts)
        assert not found.problem
        scores.append(score(found.mask(), sample.truth()))
    assert scores[0] > 0.8 and scores[1] < 0.5, scores
