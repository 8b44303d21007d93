"""The calculator's figures: shapely for boxes, whole masks and loops for everything else."""

import csv
import io
import json
import math

import numpy as np
import pytest
from shapely import box as rectangle
from skimage.metrics import hausdorff_distance

from benchmarks._references import coco_annotations, coco_evaluation
from segcore import metrics
from segcore.comparison import MAX_OUTLINE, PREVIEW_SIDE, compare, regions
from segcore.drawing import PREDICTION, TARGET, Box, Drawing, Mark
from segcore.drawing.objects import drawn_objects
from segcore.exporters.comparison import figures, to_csv, to_json_figures
from segcore.objects import MaskedObject, Patch, trimmed, union

SIZE = (40, 60)


def random_objects(random, count, scores=False):
    objects = []
    for _ in range(count):
        mask = np.zeros(SIZE, bool)
        top, left = random.integers(0, 34), random.integers(0, 54)
        mask[top : top + random.integers(2, 20), left : left + random.integers(2, 20)] = True
        mask &= random.random(SIZE) < random.choice([0.8, 1.0])
        mask[top, left] = True
        score = float(random.random()) if scores else 1.0
        objects.append(MaskedObject(trimmed(Patch(0, 0, mask)), score))
    return objects


def boxes(*pairs):
    drawing = Drawing(tuple(Mark(side, Box(*corners)) for side, corners in pairs))
    return [drawn_objects(drawing, side, SIZE) for side in (TARGET, PREDICTION)]


# === Pixels ===


def test_pixels_of_a_side_count_once_however_many_objects_cover_them():
    random = np.random.default_rng(0)
    for _ in range(200):
        targets, predictions = (random_objects(random, random.integers(0, 4)) for _ in "ab")
        both = compare(targets, predictions, SIZE)
        a, b = union(targets, SIZE), union(predictions, SIZE)
        assert (both.target, both.prediction, both.union) == (a.sum(), b.sum(), (a | b).sum())
        np.testing.assert_array_equal(both.regions, a + 2 * b)
        if both.union:
            assert both.iou == pytest.approx((a & b).sum() / (a | b).sum())
        else:
            assert math.isnan(both.iou)


def test_distances_are_those_of_the_outlines():
    random = np.random.default_rng(1)
    for _ in range(100):
        targets, predictions = random_objects(random, 2), random_objects(random, 2)
        masks = compare(targets, predictions, SIZE).masks
        a, b = (metrics.surface_pixels(union(side, SIZE)) for side in (targets, predictions))
        assert masks.hausdorff == pytest.approx(hausdorff_distance(a, b))
        there, back = np.argwhere(a), np.argwhere(b)
        apart = np.linalg.norm(there[:, None] - back[None], axis=-1)
        nearest = apart.min(1), apart.min(0)
        assert masks.hausdorff95 == pytest.approx(max(np.percentile(d, 95) for d in nearest))
        assert masks.mean_distance == pytest.approx(np.concatenate(nearest).mean())


# === Boxes ===


def test_boxes_are_measured_by_their_corners_not_by_their_pixels():
    random = np.random.default_rng(2)
    for _ in range(300):
        a, b = (np.sort(random.random((2, 2)) * (59, 39), axis=0).ravel() for _ in "ab")
        both = compare(*boxes((TARGET, a), (PREDICTION, b)), SIZE)
        if both.boxes is None:  # too small to cover the centre of a pixel
            continue
        one, other = rectangle(*a), rectangle(*b)
        shared = one.intersection(other)
        assert both.boxes.iou == pytest.approx(shared.area / one.union(other).area)
        hull = one.union(other).envelope.area
        assert both.boxes.giou == pytest.approx(
            both.boxes.iou - (hull - one.union(other).area) / hull
        )
        if shared.area:
            x0, y0, x1, y1 = shared.bounds
            assert both.boxes.shared == pytest.approx((x1 - x0, y1 - y0))
        else:
            assert min(both.boxes.shared) == 0


def test_several_boxes_have_no_box_figures():
    pair = (TARGET, (1, 1, 9, 9)), (PREDICTION, (2, 2, 9, 9))
    assert compare(*boxes(*pair), SIZE).boxes is not None
    assert compare(*boxes(*pair, pair[0]), SIZE).boxes is None
    assert compare(*boxes(pair[0]), SIZE).boxes is None


# === Objects ===


def test_objects_are_matched_and_counted_as_panoptic_and_coco_do():
    random = np.random.default_rng(3)
    for _ in range(100):
        targets, predictions = random_objects(random, 3), random_objects(random, 4, scores=True)
        both = compare(targets, predictions, SIZE)
        masks = [[union([thing], SIZE) for thing in side] for side in (targets, predictions)]
        for i, a in enumerate(masks[0]):
            for j, b in enumerate(masks[1]):
                assert both.overlaps[i, j] == pytest.approx((a & b).sum() / (a | b).sum())

        meter = metrics.PanopticMeter(things=[1], stuff=[2])
        meter.update(*painted(targets), *painted(predictions))
        expected = meter.result()["things"]
        for name in ("pq", "sq", "rq"):
            assert getattr(both.panoptic, name) == pytest.approx(expected[name], nan_ok=True)

        objects = [
            metrics.Objects([1] * len(side), masks=np.array(stack), scores=scores)
            for side, stack, scores in zip(
                (targets, predictions), masks, (None, [p.score for p in predictions]), strict=True
            )
        ]
        stats = coco_evaluation(coco_annotations([tuple(objects)], [1], "segm"), [1], "segm").stats
        found = [both.average_precision[name] for name in ("ap", "ap50", "ap75")]
        assert found == pytest.approx(stats[:3], abs=1e-9)


def painted(objects):
    """Paint the objects one after the other: ids 1, 2, ... of class 1; 99, of class 2, outside."""
    ids = np.full(SIZE, 99)
    for i, thing in enumerate(objects, 1):
        ids[thing.patch.window][thing.patch.mask] = i
    return ids, [{"id": int(i), "category_id": 1 + (i == 99)} for i in np.unique(ids)]


def test_each_number_is_written_inside_its_object():
    random = np.random.default_rng(4)
    for _ in range(100):
        sides = random_objects(random, 3), random_objects(random, 3)
        for objects, places in zip(sides, compare(*sides, SIZE).places, strict=True):
            for thing, (x, y) in zip(objects, places, strict=True):
                assert union([thing], SIZE)[int(y), int(x)]


def test_an_object_in_pieces_has_its_number_in_one_of_them():
    mask = np.zeros((9, 3), bool)
    mask[[0, 8]] = True
    thing = MaskedObject(Patch(0, 0, mask))
    ((x, y),) = compare([thing], [], SIZE).places[0]
    assert mask[int(y), int(x)]


# === Edges ===


def test_empty_against_empty_is_undefined_and_against_something_is_not():
    nothing = compare([], [], SIZE)
    assert math.isnan(nothing.iou) and math.isnan(nothing.masks.hausdorff)
    assert math.isnan(nothing.panoptic.pq) and nothing.matching(0.5).tp == 0
    something = random_objects(np.random.default_rng(5), 1)
    for sides in ((something, []), ([], something)):
        both = compare(*sides, SIZE)
        assert both.iou == 0 and math.isnan(both.masks.hausdorff) and both.boxes is None


def test_outlines_that_are_too_long_are_not_measured():
    side = 1000
    stripes = np.zeros((side, side), bool)
    stripes[::2] = True
    assert stripes.sum() > MAX_OUTLINE
    both = compare([MaskedObject(Patch(0, 0, stripes))], [], stripes.shape)
    assert both.masks.hausdorff is None and figures(both)["hausdorff_pixels"] is None
    assert both.iou == 0


def test_large_pictures_are_shown_small_and_counted_whole():
    target, prediction = np.zeros((3000, 4000), bool), np.zeros((3000, 4000), bool)
    target[:1500], prediction[:, :2000] = True, True
    small = regions(target, prediction, PREVIEW_SIDE)
    assert small.shape == (768, 1024)
    parts = [small[y, x] for y in (100, 700) for x in (100, 1000)]
    assert parts == [3, 1, 2, 0]


# === Files ===


def test_every_figure_is_in_both_files():
    random = np.random.default_rng(6)
    for count in (0, 1, 3):
        both = compare(random_objects(random, count), random_objects(random, count, True), SIZE)
        values = figures(both, 0.75)
        assert json.loads(to_json_figures(both, 0.75)) == values
        head, *rows = csv.reader(io.StringIO(to_csv(both, 0.75)))
        assert head == ["figure", "value"]
        assert [name for name, _ in rows] == list(values)
        for name, text in rows:
            assert (float(text) if text else None) == values[name]
        matching = both.matching(0.75)
        assert (values["objects_tp"], values["objects_threshold"]) == (matching.tp, 0.75)
        if not count:
            assert values["iou"] is None and values["pq"] is None and values["ap"] is None
