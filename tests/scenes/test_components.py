"""segcore.scenes.components against scikit-image, and the ladder of tasks."""

import numpy as np
import pytest
from skimage import measure

from segcore.labels import UNLABELLED
from segcore.objects import MaskedObject, Patch
from segcore.scenes.components import components, panoptic
from segcore.scenes.ladder import corners, ladder
from tests.scenes._scenes import CAT, DOG, SKY, SMALL, class_map, instances, random_map, thing

# === Components ===


def test_components_are_those_of_scikit_image():
    rng = np.random.default_rng(0)
    for _ in range(30):
        semantic = random_map(rng, tuple(rng.integers(1, 24, 2)))
        least = rng.choice([0, 0.02])
        expected = []
        for index in SMALL.things:
            labels = measure.label(semantic.classes == index, connectivity=2)
            for number in range(1, labels.max() + 1):
                mask = labels == number
                if mask.sum() >= least * mask.size:
                    score = semantic.scores[mask].mean() / 255
                    expected.append((round(score, 9), SMALL.names[index], mask.tobytes()))
        found = []
        for part in components(semantic, least).objects:
            mask = np.zeros(semantic.shape, bool)
            mask[part.patch.window] = part.patch.mask
            found.append((round(part.score, 9), part.label, mask.tobytes()))
        assert sorted(found) == sorted(expected)
        scores = [score for score, *_ in found]
        assert scores == sorted(scores, reverse=True)


def test_touching_objects_become_one_and_stuff_stays():
    result = panoptic(class_map([[CAT, CAT, SKY, DOG]], 204), 0, 0)
    assert [(s.index, s.number, s.area) for s in result.segments] == [
        (CAT, 1, 2), (DOG, 1, 1), (SKY, 0, 1)
    ]  # fmt: skip
    assert {s.score for s in result.segments} == {0.8}


def test_small_parts_are_left_unlabelled():
    result = panoptic(class_map([[CAT] * 9 + [SKY, CAT]]), thing_area=0.2, stuff_area=0)
    assert result.ids.tolist() == [[1] * 9 + [2, 0]]
    assert not panoptic(class_map([[UNLABELLED]])).segments


# === The ladder ===


def test_each_step_says_more():
    box = MaskedObject(Patch(0, 0, np.ones((1, 1), bool)), 0.9, "dog", (0, 0, 1.5, 1))
    found = instances(
        (4, 4), thing(np.eye(4), 0.9), thing(np.eye(4)[:2, :2], 0.6), box, thing([[1]], 0.4, "dog")
    )
    steps = ladder(found)
    assert [(n.name, n.score, n.count) for n in steps.classification] == [
        ("cat", 0.9, 2), ("dog", 0.9, 1)
    ]  # fmt: skip
    assert [(b.name, b.number, b.score, b.box) for b in steps.detection] == [
        ("cat", 1, 0.9, (0, 0, 4, 4)),
        ("dog", 1, 0.9, (0, 0, 1.5, 1)),
        ("cat", 2, 0.6, (0, 0, 2, 2)),
    ]
    assert steps.localisation is steps.detection[0], "the larger of equals"
    assert [o.score for o in steps.instances] == [0.9, 0.9, 0.6]
    assert len(ladder(found, 0.4).instances) == 4


def test_nothing_found_has_no_step():
    steps = ladder(instances((1, 1)))
    assert steps.localisation is None
    assert steps.classification == steps.detection == steps.instances == ()


@pytest.mark.parametrize("left", [0, 3])
def test_a_box_around_a_mask_is_exclusive_at_its_end(left):
    mask = np.zeros((5, 6), bool)
    mask[2:4, left : left + 2] = True
    assert corners(thing(mask)) == (left, 2, left + 2, 4)
