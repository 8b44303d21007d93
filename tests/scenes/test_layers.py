"""Results as layers: ids, names, numbers, areas; the legend of several; their pictures."""

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.labels import UNLABELLED
from segcore.scenes.drawing import LOOKS, PAPER, draw, edges, pattern
from segcore.scenes.error_layer import error_layer
from segcore.scenes.errors import FALSE, MISSED, WRONG
from segcore.scenes.layers import (
    counted,
    instance_layer,
    panoptic_layer,
    same_numbers,
    semantic_layer,
    truth_layer,
)
from segcore.scenes.legend import legend
from segcore.scenes.merge import merge
from segcore.scenes.truth import OTHER, TrueSegment, Truth
from tests.scene_models import models, predict, scene
from tests.scenes._scenes import CAT, SKY, SMALL, class_map, instances, random_instances, thing

CARD = models("semantic")["flat"]


@pytest.fixture(scope="module")
def answers():
    """The class map and the objects of the drawn scene: two cats that touch, an unsure dog."""
    picture = scene()
    return tuple(predict(task, picture, CARD, "cpu") for task in ("semantic", "instance"))


# === Layers ===


def test_a_semantic_layer_has_an_entry_a_class(answers):
    layer = semantic_layer(answers[0])
    assert [e.name for e in layer.entries] == ["cat", "dog", "sky", "vegetation"]
    assert sum(e.area for e in layer.entries) == layer.ids.size
    assert all(e.score == pytest.approx(0.8) and e.number == 0 for e in layer.entries)
    assert layer.unlabelled == 0


def test_unlabelled_pixels_have_no_entry():
    layer = semantic_layer(class_map([[CAT, UNLABELLED], [SKY, UNLABELLED]]))
    assert layer.at(1, 0) is None
    assert layer.at(0, 1).name == "sky"
    assert layer.unlabelled == 0.5


def test_where_masks_overlap_the_highest_score_is_on_top():
    whole = np.ones((2, 2), bool)
    part = np.array([[True, False], [False, False]])
    layer = instance_layer(instances((2, 2), thing(whole, 0.5), thing(part, 0.9, "dog")))
    assert layer.at(0, 0).name == "dog 1"
    assert layer.at(1, 1).name == "cat 1"
    assert [e.area for e in layer.entries] == [1, 3]


@pytest.mark.parametrize("seed", range(8))
def test_layers_of_random_objects_agree_with_a_loop(seed):
    rng = np.random.default_rng(seed)
    result = random_instances(rng, (9, 11), 6)
    layer = instance_layer(result)
    for y, x in np.ndindex(9, 11):
        on_top = next(
            (
                i
                for i, one in enumerate(result.objects, 1)
                if one.patch.mask.size
                and one.patch.top <= y < one.patch.top + one.patch.mask.shape[0]
                and one.patch.left <= x < one.patch.left + one.patch.mask.shape[1]
                and one.patch.mask[y - one.patch.top, x - one.patch.left]
            ),
            0,
        )
        assert layer.ids[y, x] == on_top
    for entry in layer.entries:
        assert entry.area == np.count_nonzero(layer.ids == entry.id)
        if entry.area:
            x, y = entry.anchor
            assert layer.ids[y, x] == entry.id


def test_an_object_has_one_number_in_all_views(answers):
    merged = merge(*answers, 0.3, 0.5, 0.01)
    panoptic = panoptic_layer(merged.panoptic)
    layer = same_numbers(instance_layer(answers[1]), panoptic)
    for x, y in ((60, 100), (130, 100), (250, 150)):
        assert layer.at(x, y).name == panoptic.at(x, y).name


def test_objects_that_the_other_view_lacks_get_numbers_that_are_free():
    masks = np.eye(4, dtype=bool).reshape(4, 2, 2)
    four = instances((2, 2), *(thing(mask, 0.9 - 0.1 * i) for i, mask in enumerate(masks)))
    stuff = class_map(np.full((2, 2), SKY))
    kept = panoptic_layer(merge(stuff, instances((2, 2), four.objects[2])).panoptic)
    numbers = [e.number for e in same_numbers(instance_layer(four), kept).entries]
    assert numbers == [2, 3, 1, 4]


def test_counted_begins_anew_with_each_class():
    assert counted([]) == []
    assert counted([3, 3, 1, 3]) == [1, 2, 1, 3]


def test_a_truth_keeps_crowds_and_others_without_numbers():
    ids = np.array([[0, 70000, 5], [6, 6, 9]], np.int32)
    segments = [
        TrueSegment(70000, CAT),
        TrueSegment(5, CAT, crowd=True),
        TrueSegment(6, OTHER),
        TrueSegment(9, CAT),
    ]
    layer = truth_layer(Truth(ids, segments), SMALL)
    assert [e.name for e in layer.entries] == ["cat 1", "cat", "other", "cat 2"]
    assert layer.at(0, 0) is None
    assert layer.at(1, 0).name == "cat 1"


def test_errors_have_an_entry_a_kind():
    errors = np.array([[0, MISSED], [FALSE, WRONG]], np.uint8)
    layer = error_layer(errors)
    assert {e.id for e in layer.entries} == {MISSED, FALSE, WRONG}
    assert layer.at(0, 0) is None
    assert layer.at(1, 0).label == "missed object"
    assert error_layer(np.zeros((2, 2), np.uint8)).entries == ()


# === Legend ===


def test_the_legend_lists_classes_with_their_objects_things_first(answers):
    merged = merge(*answers, 0.5, 0.5, 0.01)
    layers = {
        "semantic": semantic_layer(answers[0]),
        "instance": instance_layer(answers[1]),
        "panoptic": panoptic_layer(merged.panoptic),
    }
    rows = legend(layers, SCENES)
    assert [row.key for row in rows] == [
        "cat", "cat 1", "cat 2", "dog", "dog 1", "sky", "vegetation",
    ]  # fmt: skip
    cat, first = rows[:2]
    assert cat.cells["semantic"].count == 0
    assert cat.cells["instance"].count == cat.cells["panoptic"].count == 2
    assert cat.cells["semantic"].area == 2 * 64 * 120
    assert first.cells["panoptic"].score == 0.9
    assert "semantic" not in first.cells
    assert "panoptic" not in rows[3].cells, "the dog is below the threshold"


def test_a_legend_of_nothing_is_empty():
    layer = semantic_layer(class_map(np.full((2, 2), UNLABELLED)))
    assert legend({"semantic": layer}, SMALL) == []


# === Pictures ===


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("names", [False, True])
@pytest.mark.parametrize("size", [(240, 320), (64, 64), (30, 400), (1, 1)])
def test_every_look_has_the_pictures_size(answers, look, names, size):
    picture = scene(size)
    drawn = draw(picture, semantic_layer(answers[0]), look, names)
    assert drawn.shape == picture.shape
    assert drawn.dtype == np.uint8


def test_flat_colours_are_the_entries_colours_and_the_rest_is_paper(answers):
    layer = instance_layer(answers[1])
    drawn = draw(scene(), layer, "flat")
    assert tuple(drawn[100, 60]) == layer.at(60, 100).colour
    assert tuple(drawn[101, 130]) == layer.at(130, 101).colour
    outside = drawn[10, 10:18]
    assert {tuple(pixel) for pixel in outside} == {PAPER, (190, 190, 190)}


def test_an_overlay_leaves_the_background_of_instances_untouched(answers):
    picture = scene()
    layer = instance_layer(answers[1])
    drawn = draw(picture, layer, "overlay")
    assert np.array_equal(drawn[layer.ids == 0], picture[layer.ids == 0])
    assert not np.array_equal(drawn[layer.ids > 0], picture[layer.ids > 0])


def test_outlines_leave_the_inside_untouched(answers):
    picture = scene()
    drawn = draw(picture, instance_layer(answers[1]), "outlines")
    assert np.array_equal(drawn[100, 60], picture[100, 60])
    assert tuple(drawn[100, 32]) == (255, 255, 255)


def test_edges_agree_with_a_loop():
    rng = np.random.default_rng(0)
    ids = rng.integers(0, 3, (6, 7))
    padded = np.pad(ids, 1, mode="edge")
    for y, x in np.ndindex(ids.shape):
        around = (padded[y, x + 1], padded[y + 2, x + 1], padded[y + 1, x], padded[y + 1, x + 2])
        assert edges(ids)[y, x] == (ids[y, x] > 0 and any(v != ids[y, x] for v in around))


def test_every_pattern_differs_and_leaves_most_pixels():
    drawn = [pattern(number, (48, 48)) for number in range(6)]
    assert not drawn[0].any()
    assert all(0 < mask.mean() < 0.2 for mask in drawn[1:])
    assert len({mask.tobytes() for mask in drawn}) == 6


def test_an_unknown_look_is_refused(answers):
    with pytest.raises(ValueError, match="overlay, flat, outlines"):
        draw(scene(), semantic_layer(answers[0]), "sketch")
