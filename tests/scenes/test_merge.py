"""segcore.scenes.merge against the heuristics of the paper, one pixel at a time."""

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.labels import UNLABELLED
from segcore.scenes.merge import merge
from tests.scenes._scenes import (
    CAT,
    DOG,
    ROAD,
    SKY,
    SMALL,
    class_map,
    instances,
    random_instances,
    random_map,
    thing,
)

# === Oracle: sets of pixels ===


def pixels_of(patch):
    return {(patch.top + y, patch.left + x) for y, x in np.argwhere(patch.mask).tolist()}


def by_pixels(semantic, found, score, overlap, stuff_area):
    """Owner of each pixel, (class, pixels) of each segment and what the rules dropped."""
    owner, segments = {}, []
    lost = {"score": [], "overlap": [], "trimmed": [], "stuff": []}
    for candidate in found.objects:
        here = pixels_of(candidate.patch)
        if not here:
            continue
        taken = here & set(owner)
        if candidate.score < score:
            lost["score"].append(len(here))
        elif len(taken) / len(here) > overlap or taken == here:
            lost["overlap"].append(len(here))
        else:
            if taken:
                lost["trimmed"].append(len(taken))
            segments.append((SMALL.index(candidate.label), here - taken))
            owner |= dict.fromkeys(here - taken, len(segments))
    places = list(np.ndindex(semantic.shape))
    unclaimed = [int(semantic.classes[p]) for p in places if p not in owner]
    unclaimed = [c for c in unclaimed if c in SMALL.things]
    for index in SMALL.stuff:
        here = {p for p in places if semantic.classes[p] == index and p not in owner}
        if here and len(here) / len(places) < stuff_area:
            lost["stuff"].append(len(here))
        elif here:
            segments.append((index, here))
            owner |= dict.fromkeys(here, len(segments))
    changes = {name: (len(areas), sum(areas)) for name, areas in lost.items()}
    changes["unclaimed"] = (len(set(unclaimed)), len(unclaimed))
    return owner, segments, changes


def test_merging_equals_sets_of_pixels():
    rng = np.random.default_rng(0)
    dropped = dict.fromkeys(("score", "overlap", "trimmed", "stuff", "unclaimed"), 0)
    for _ in range(250):
        shape = tuple(rng.integers(1, 16, 2))
        semantic = random_map(rng, shape)
        found = random_instances(rng, shape, rng.integers(0, 8))
        settings = rng.choice([0, 0.5, 0.7, 1]), rng.choice([0, 0.25, 0.5, 1]), rng.choice([0, 0.2])
        merged = merge(semantic, found, *settings)
        owner, segments, changes = by_pixels(semantic, found, *settings)
        for place in np.ndindex(shape):
            assert merged.panoptic.ids[place] == owner.get(place, 0)
        result = merged.panoptic.segments
        assert [(s.id, s.index, s.area) for s in result] == [
            (i, index, len(here)) for i, (index, here) in enumerate(segments, 1)
        ]
        assert merged.changes._asdict() == changes
        for name in dropped:
            dropped[name] += changes[name][0]
    assert min(dropped.values()) > 30


# === Edges ===


def test_nothing_at_all():
    merged = merge(class_map([[UNLABELLED] * 3] * 2), instances((2, 3)))
    assert merged.panoptic.segments == () and not merged.panoptic.ids.any()
    assert set(merged.changes) == {(0, 0)}


def test_one_pixel():
    merged = merge(class_map([[SKY]]), instances((1, 1), thing([[1]], 0.9, "dog")))
    assert [(s.index, s.score, s.number, s.area) for s in merged.panoptic.segments] == [
        (DOG, 0.9, 1, 1)
    ]


def test_all_below_the_score_leave_things_unlabelled():
    found = instances((1, 3), thing([[1, 1, 0]], 0.4), thing([[1, 1, 0]], 0.3))
    merged = merge(class_map([[CAT, CAT, ROAD]]), found)
    assert merged.panoptic.ids.tolist() == [[0, 0, 1]]
    assert merged.changes.score == (2, 4) and merged.changes.unclaimed == (1, 2)


def test_of_identical_objects_the_better_one_is_left():
    found = instances((1, 2), thing([[1, 1]], 0.7, "cat"), thing([[1, 1]], 0.8, "dog"))
    for overlap in (0, 0.5, 1):
        merged = merge(class_map([[SKY, SKY]]), found, overlap=overlap)
        assert [(s.index, s.score) for s in merged.panoptic.segments] == [(DOG, 0.8)]
        assert merged.changes.overlap == (1, 2)


def test_at_the_thresholds_themselves_objects_stay():
    found = instances((1, 4), thing([[1, 1, 0, 0]], 0.9), thing([[0, 1, 1, 0]], 0.5))
    merged = merge(class_map([[SKY] * 4], 51), found, score=0.5, overlap=0.5, stuff_area=0.25)
    assert merged.panoptic.ids.tolist() == [[1, 1, 2, 3]]
    assert [s.number for s in merged.panoptic.segments] == [1, 2, 0]
    assert merged.panoptic.segments[-1].score == pytest.approx(0.2)
    assert merged.changes.trimmed == (1, 1)


def test_a_class_map_of_another_shape_is_scaled():
    merged = merge(class_map([[SKY, ROAD]], size=(20, 20)), instances((2, 4), size=(20, 20)))
    assert merged.panoptic.ids.tolist() == [[1, 1, 2, 2]] * 2
    assert merged.panoptic.size == (20, 20)


def test_the_inputs_stay_as_they_are_and_their_times_add_up():
    semantic, found = class_map([[CAT, SKY]]), instances((1, 2), thing([[1, 0]]))
    semantic.seconds["network"], found.seconds["network"] = 1.0, 2.0
    merged = merge(semantic, found)
    assert semantic.classes.tolist() == [[CAT, SKY]]
    assert merged.panoptic.seconds == {"network": 3.0}
    assert merged.panoptic.model == "map + boxes"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"score": 1.5}, "score threshold is 1.5"),
        ({"overlap": -0.1}, "overlap threshold is -0.1"),
        ({"stuff_area": 4096}, "least area of stuff is 4096"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        merge(class_map([[CAT]]), instances((1, 1)), **settings)


def test_results_of_different_class_sets_are_refused():
    with pytest.raises(ValueError, match="of small, the objects of scenes"):
        merge(class_map([[CAT]]), instances((1, 1), class_set=SCENES))
