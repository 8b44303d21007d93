"""Scenes as objects, their squares and pasted objects."""

from __future__ import annotations

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.datasets.balanced_draw import systematic_draw
from segcore.datasets.copy_paste import Bank, paste
from segcore.datasets.instance_squares import GREY, letterbox, random_square
from segcore.datasets.instances import MOST, VOID, InstanceScene, scene, targets
from segcore.scenes.truth import TrueSegment, Truth

CAT, DOG, TV, WALL = (SCENES.index(name) for name in ("cat", "dog", "tv", "wall"))


def blocks(side: int, *places: tuple[int, int, int, int]) -> np.ndarray:
    """Return ids of rectangles (top, left, bottom, right), from 1 on."""
    ids = np.zeros((side, side), np.uint8)
    for n, (top, left, bottom, right) in enumerate(places, 1):
        ids[top:bottom, left:right] = n
    return ids


def two_animals(side: int = 64, source: str = "coco-gt") -> InstanceScene:
    ids = blocks(side, (4, 4, 40, 30), (20, 34, 60, 60))
    picture = np.random.default_rng(0).integers(0, 255, (side, side, 3)).astype(np.uint8)
    return InstanceScene(picture, ids, (CAT, DOG), source)


def test_things_stuff_crowds_and_void():
    ids = np.zeros((4, 6), np.int32)
    ids[0], ids[1, :3], ids[1, 3:], ids[2] = 700, 65536, 9, 12
    segments = [
        TrueSegment(700, WALL),
        TrueSegment(65536, CAT),
        TrueSegment(9, DOG, crowd=True),
        TrueSegment(12, TV),
    ]
    found = scene(np.zeros((4, 6, 3), np.uint8), Truth(ids, segments), 100, "coco-gt")
    assert found.classes == (TV, CAT)  # the largest first
    expected = [[0] * 6, [2] * 3 + [VOID] * 3, [1] * 6, [VOID] * 6]
    assert found.ids.tolist() == expected


def test_too_many_things_are_void():
    ids = np.arange(1, 51, dtype=np.int32).repeat(4).reshape(10, 20)
    segments = [TrueSegment(i, CAT) for i in range(1, 51)]
    found = scene(np.zeros((10, 20, 3), np.uint8), Truth(ids, segments), 100)
    assert len(found.classes) == MOST
    assert (found.ids == VOID).sum() == (50 - MOST) * 4


def test_no_labels_at_all():
    found = scene(np.zeros((5, 5, 3), np.uint8), Truth(np.zeros((5, 5), np.int32), []), 100)
    assert found.classes == () and (found.ids == VOID).all()


def test_targets_of_blocks():
    ids = blocks(50, (0, 0, 2, 50), (10, 20, 30, 45), (40, 40, 50, 50))
    ids[45:, :10] = VOID
    boxes, classes, numbered = targets(ids, (CAT, DOG, TV))
    assert classes[:3].tolist() == [DOG, TV, -1]  # by area; a sliver of two rows is void
    assert boxes[:3].tolist() == [[10, 20, 30, 45], [40, 40, 50, 50], [0] * 4]
    assert (numbered == 1).sum() == 500 and (numbered == VOID).sum() == 150
    boxes, classes, _ = targets(ids, (CAT, DOG, TV), (0, 501, 0))
    assert classes[:2].tolist() == [TV, -1]


@pytest.mark.parametrize("shape", [(40, 80), (80, 40), (64, 64), (33, 97)])
def test_letterbox_keeps_the_proportions(shape: tuple[int, int]):
    ids = np.zeros(shape, np.uint8)
    ids[: shape[0] // 2, : shape[1] // 2] = 1
    picture = np.full((*shape, 3), 9, np.uint8)
    square, boxes, classes, numbered = letterbox(InstanceScene(picture, ids, (CAT,)), 96)
    assert square.shape == (96, 96, 3) and classes[:2].tolist() == [CAT, -1]
    height, width = (side * 96 / max(shape) for side in shape)
    np.testing.assert_allclose(boxes[0], [0, 0, height / 2, width / 2], atol=1.5)
    assert set(np.unique(square)) <= {9, GREY}
    assert abs((square[..., 0] == 9).sum() - height * width) < 96


def test_random_squares_keep_picture_and_mask_together():
    ids = blocks(64, (10, 10, 50, 50))
    picture = np.where(ids[..., None] == 1, np.uint8(200), np.uint8(20)).repeat(3, -1)
    whole = InstanceScene(picture, ids, (CAT,))
    for seed in range(20):
        square, boxes, classes, numbered = random_square(
            whole, 96, None, np.random.default_rng(seed)
        )
        inside = numbered == 1
        if classes[0] != CAT:
            continue
        y, x = np.nonzero(inside)
        assert boxes[0].tolist() == [y.min(), x.min(), y.max() + 1, x.max() + 1]
        core = inside & np.roll(inside, 2, 0) & np.roll(inside, -2, 0)
        core &= np.roll(inside, 2, 1) & np.roll(inside, -2, 1)
        outside = (numbered == 0) & (abs(square[..., 0].astype(int) - GREY) > 60)
        assert square[core].min() > square[outside].max(initial=0)


def test_the_bank_takes_what_people_drew():
    assert {len(Bank([two_animals()]).by_class[c]) for c in (CAT, DOG)} == {1}
    assert not Bank([two_animals(source="teacher")]).by_class
    twice = two_animals(source="voc-class-gt")
    twice = InstanceScene(twice.picture, twice.ids, (CAT, CAT), twice.source)
    assert not Bank([twice]).by_class  # a detector parted those
    cut = InstanceScene(twice.picture, np.roll(twice.ids, -6, 1), (CAT, DOG), "coco-gt")
    assert CAT not in Bank([cut]).by_class  # the picture's edge cuts it


def test_pasted_objects_hide_what_is_below():
    bank, pasted = Bank([two_animals()]), 0
    for seed in range(30):
        start = two_animals(96)
        picture, ids, classes = start.picture.copy(), start.ids.copy(), [CAT, DOG]
        paste(picture, ids, classes, bank, np.random.default_rng(seed))
        changed = (picture != start.picture).any(-1)
        if len(classes) == 2:
            assert not changed.any() and (ids == start.ids).all()
            continue
        pasted += 1
        assert classes[2] in (CAT, DOG)
        assert ((ids == 3) | (ids == start.ids)).all()
        assert changed[ids == 3].mean() > 0.9
    assert pasted > 20


def test_an_empty_bank_pastes_nothing():
    start = two_animals()
    classes = [CAT, DOG]
    paste(start.picture, start.ids, classes, Bank([]), np.random.default_rng(0))
    assert classes == [CAT, DOG]


def test_draws_are_within_one_of_their_due():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.5, 4, 50)
    for _ in range(10):
        counts = np.bincount(systematic_draw(weights, 200, rng), minlength=50)
        assert counts.sum() == 200
        assert (abs(counts - weights / weights.sum() * 200) < 1 + 1e-9).all()
