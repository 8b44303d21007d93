"""segcore.scenes.grouping: pixels to objects and back, against pixel loops."""

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.labels import UNLABELLED
from segcore.scenes.grouping import find_centres, group, targets
from segcore.scenes.truth import TrueSegment, Truth
from tests.scenes._scenes import CAT, DOG, ROAD, SKY, SMALL, class_map, discs, quality, random_map

# === Round trip ===


def test_perfect_maps_give_the_truth_back():
    rng = np.random.default_rng(0)
    tried = 0
    while tried < 50:
        truth = discs(rng)
        objects = [s.id for s in truth.segments if s.index in SCENES.things]
        maps = targets(truth.ids, objects, sigma=4)
        if (maps.heat == 1).sum() < len(objects):
            continue  # two centres in one pixel cannot be told apart
        tried += 1
        found = group(
            class_map(truth.classes(), class_set=SCENES),
            find_centres(maps.heat),
            maps.offsets,
            stuff_area=0,
        )
        assert quality(truth, found)["all"]["pq"] == 1
        assert [s.score for s in found.segments] == [1.0] * len(truth.segments)


def test_targets_equal_a_loop():
    rng = np.random.default_rng(1)
    for _ in range(30):
        ids = rng.integers(0, 4, rng.integers(1, 12, 2)).astype(np.int32)
        maps = targets(ids, [1, 3, 9], sigma=2)
        heat = np.zeros(ids.shape)
        for number in (1, 3):
            pixels = np.argwhere(ids == number)
            if not len(pixels):
                continue
            centre = pixels.mean(axis=0)
            middle = np.rint(centre)
            for y, x in np.ndindex(ids.shape):
                away = (y - middle[0]) ** 2 + (x - middle[1]) ** 2
                if max(abs(y - middle[0]), abs(x - middle[1])) <= 6:
                    heat[y, x] = max(heat[y, x], np.exp(-away / 8))
                if ids[y, x] == number:
                    np.testing.assert_allclose(maps.offsets[y, x], centre - (y, x), atol=1e-5)
        np.testing.assert_allclose(maps.heat, heat, atol=1e-6)
        np.testing.assert_array_equal(maps.inside, np.isin(ids, (1, 3)))
        assert not maps.offsets[~maps.inside].any()


# === Grouping against pixels one by one ===


def by_pixels(semantic, heat, offsets, threshold, window, top, score, stuff_area):
    """Ids and (class, score) of each segment, one pixel at a time."""
    height, width = heat.shape
    reach = window // 2
    peaks = []
    for y, x in np.ndindex(heat.shape):
        around = heat[max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1]
        if heat[y, x] > threshold and heat[y, x] == around.max():
            peaks.append((y, x))
    peaks = sorted(peaks, key=lambda p: -heat[p])[:top]
    members = [[] for _ in peaks]
    for y, x in np.ndindex(heat.shape):
        if semantic.classes[y, x] in SMALL.things and peaks:
            there = np.array((y, x), np.float32) + offsets[y, x]
            distances = [((there - np.array(p, np.float32)) ** 2).sum() for p in peaks]
            members[int(np.argmin(distances))].append((y, x))
    ids, segments = np.zeros(heat.shape, int), []
    for peak, pixels in zip(peaks, members, strict=True):
        if not pixels:
            continue
        said = [int(semantic.classes[p]) for p in pixels]
        most = max(range(len(SMALL)), key=lambda c: (said.count(c), -c))
        sure = sum(int(semantic.scores[p]) for p in pixels if semantic.classes[p] == most)
        certain = heat[peak] * sure / len(pixels) / 255
        if certain < score:
            continue
        segments.append((most, certain))
        for p in pixels:
            ids[p] = len(segments)
    for index in SMALL.stuff:
        left = [p for p in np.ndindex(heat.shape) if semantic.classes[p] == index and not ids[p]]
        if left and len(left) >= stuff_area * height * width:
            segments.append((index, np.mean([semantic.scores[p] for p in left]) / 255))
            for p in left:
                ids[p] = len(segments)
    return ids, segments


def test_grouping_equals_a_loop_over_pixels():
    rng = np.random.default_rng(2)
    for _ in range(80):
        shape = tuple(rng.integers(1, 14, 2))
        semantic = random_map(rng, shape)
        heat = rng.choice(np.linspace(0, 1, 9), shape).astype(np.float32)
        offsets = rng.integers(-8, 9, (*shape, 2)).astype(np.float32) / 2
        settings = dict(
            threshold=rng.choice([0, 0.5]), window=int(rng.choice([1, 3, 7])),
            top=int(rng.choice([1, 3, 200])),
        )  # fmt: skip
        rules = dict(score=rng.choice([0, 0.31]), stuff_area=rng.choice([0, 0.2]))
        found = group(semantic, find_centres(heat, **settings), offsets, **rules)
        ids, segments = by_pixels(semantic, heat, offsets, **settings, **rules)
        np.testing.assert_array_equal(found.ids, ids)
        assert [s.index for s in found.segments] == [index for index, _ in segments]
        assert [s.score for s in found.segments] == pytest.approx([s for _, s in segments])
        for segment in found.segments:
            assert segment.area == (ids == segment.id).sum() > 0


# === Edges ===


def maps(shape, *centres, window=7):
    heat, offsets = np.zeros(shape, np.float32), np.zeros((*shape, 2), np.float32)
    for y, x, score in centres:
        heat[y, x] = score
    return find_centres(heat, window=window), offsets


def test_without_a_centre_things_stay_unlabelled():
    found = group(class_map([[CAT, SKY]]), *maps((1, 2)))
    assert found.ids.tolist() == [[0, 1]]
    assert [(s.index, s.number) for s in found.segments] == [(SKY, 0)]


def test_a_centre_without_pixels_is_no_object():
    found = group(class_map([[SKY, ROAD]]), *maps((1, 2), (0, 0, 1)))
    assert [(s.index, s.area) for s in found.segments] == [(SKY, 1), (ROAD, 1)]
    empty = group(class_map([[UNLABELLED]]), *maps((1, 1), (0, 0, 1)))
    assert empty.segments == () and empty.ids.tolist() == [[0]]


def test_the_majority_names_an_object_and_objects_of_a_class_are_numbered():
    classes = [[CAT, CAT, DOG, UNLABELLED, CAT, CAT]]
    found = group(class_map(classes, 128), *maps((1, 6), (0, 0, 0.5), (0, 5, 1), window=3))
    assert found.ids.tolist() == [[2, 2, 2, 0, 1, 1]]
    assert [(s.index, s.number, s.area) for s in found.segments] == [(CAT, 1, 2), (CAT, 2, 3)]
    assert [s.score for s in found.segments] == pytest.approx([128 / 255, 128 / 255 / 3])


def test_objects_below_the_score_are_left_unlabelled():
    classes = [[CAT, CAT, SKY, CAT]]
    arguments = class_map(classes), *maps((1, 4), (0, 0, 0.5), (0, 3, 0.25), window=1)
    certain = float(class_map(classes).scores[0, 0]) / 255
    for score, ids in ((0.25, [1, 1, 3, 2]), (0.26, [1, 1, 2, 0]), (0.51, [0, 0, 1, 0])):
        assert group(*arguments, score=score * certain).ids.tolist() == [ids]
    with pytest.raises(ValueError, match="The score threshold is -1; accepted are values from 0"):
        group(*arguments, score=-1)


def test_small_stuff_is_left_unlabelled():
    semantic = class_map([[SKY] * 9 + [ROAD]])
    found = group(semantic, *maps((1, 10)), stuff_area=0.2)
    assert found.ids.tolist() == [[1] * 9 + [0]]
    with pytest.raises(ValueError, match="parts of the picture, 0 to 1"):
        group(semantic, *maps((1, 10)), stuff_area=64)


def test_equal_peaks_are_all_kept_and_the_threshold_is_not_reached_by_itself():
    heat = np.array([[0.5, 0.5, 0.25]], np.float32)
    assert find_centres(heat, 0.25).points.tolist() == [[0, 0], [0, 1]]
    assert len(find_centres(heat, 0.5).points) == 0
    assert find_centres(heat, 0, window=1, top=1).points.tolist() == [[0, 0]]


def test_maps_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match=r"the offsets \(2, 2, 2\)"):
        group(class_map([[CAT]]), *maps((2, 2)))


def test_a_truth_tells_the_class_of_each_pixel():
    truth = Truth(np.array([[0, 7, 9]], np.int32), [TrueSegment(7, 3), TrueSegment(9, 30)])
    assert truth.classes().tolist() == [[UNLABELLED, 3, 30]]
