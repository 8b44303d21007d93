"""Panoptic quality against a loop over sets of pixels, panopticapi's arithmetic and figures."""

import math

import numpy as np
import pytest

from benchmarks._references import panoptic_reference
from segcore.metrics import PanopticMeter

CASES = 1000
THINGS, STUFF = (1, 2), (7, 9)
NAN = math.nan


def same(value, expected):
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


def measured(*pictures, things=THINGS, stuff=STUFF):
    meter = PanopticMeter(things, stuff)
    for picture in pictures:
        meter.update(*picture)
    return meter.result()


# === Oracle: sets of pixels, from the paper and the rules of the task ===


def by_sets(pictures):
    """[sum of IoUs, tp, fp, fn] of each category, pixel by pixel; no table of intersections."""
    sums = {category: [0.0, 0, 0, 0] for category in THINGS + STUFF}
    for target_map, targets, prediction_map, predictions in pictures:

        def pixels(ids, number):
            height, width = np.shape(ids)
            return {(y, x) for y in range(height) for x in range(width) if ids[y][x] == number}

        void = pixels(target_map, 0)
        truth = [(t, pixels(target_map, t["id"])) for t in targets]
        guess = [(p, pixels(prediction_map, p["id"])) for p in predictions]
        partners = {}
        for t, here in truth:
            for p, there in guess:
                if t["category_id"] == p["category_id"] and not t.get("iscrowd"):
                    union = (here | there) - void
                    if union and len(here & there) / len(union) > 0.5:
                        assert t["id"] not in partners and p["id"] not in partners.values()
                        partners[t["id"]] = p["id"]
                        sums[t["category_id"]][0] += len(here & there) / len(union)
                        sums[t["category_id"]][1] += 1
        for t, _ in truth:
            sums[t["category_id"]][3] += t["id"] not in partners and not t.get("iscrowd")
        for p, there in guess:
            crowds = [
                here
                for t, here in truth
                if t.get("iscrowd") and t["category_id"] == p["category_id"]
            ]
            spared = there & (void | (crowds[-1] if crowds else set()))
            ignored = len(spared) > len(there) / 2
            sums[p["category_id"]][2] += p["id"] not in partners.values() and not ignored
    return sums


# === Random pictures ===


def random_picture(rng):
    """Two maps of up to 6 x 6 pixels, much alike, with void, crowds and classes left out."""
    shape = tuple(rng.integers(1, 7, 2))
    ids = rng.choice([1, 2, 255, 256, 70_000, 2**24 - 1], rng.integers(0, 7), replace=False)
    target_map = rng.choice([0, *ids], shape)
    other = rng.choice(2**24 - 1, len(ids) + 2, replace=False) + 1
    prediction_map = np.zeros(shape, int)
    for old, new in zip(ids, other, strict=False):
        prediction_map[target_map == old] = new
    changed = rng.random(shape) < rng.choice([0, 0.2, 0.6])
    prediction_map[changed] = rng.choice([0, *other], shape)[changed]
    classes = rng.choice(THINGS + STUFF, len(other))
    targets = [
        {"id": int(i), "category_id": int(c), "iscrowd": int(rng.random() < 0.2)}
        for i, c in zip(ids, classes, strict=False)
    ]
    classes = np.where(rng.random(len(other)) < 0.2, rng.choice(THINGS + STUFF), classes)
    predictions = [
        {"id": int(i), "category_id": int(c)}
        for i, c in zip(other, classes, strict=True)
        if (prediction_map == i).any()
    ]
    rng.shuffle(predictions)
    dtype = [np.int32, np.uint32, np.int64][rng.integers(3)]
    return target_map.astype(dtype), targets, prediction_map.astype(dtype), predictions


def with_areas(picture):
    target_map, targets, prediction_map, predictions = picture
    counted = [t | {"area": int((target_map == t["id"]).sum())} for t in targets]
    return target_map, counted, prediction_map, predictions


def expected(sums):
    """The result from the sums, by the formulas of the paper."""
    by_class = {}
    for category in THINGS + STUFF:
        iou, tp, fp, fn = sums.get(category, [0.0, 0, 0, 0])
        whole = tp + fp / 2 + fn / 2
        pq, rq = (iou / whole, tp / whole) if whole else (NAN, NAN)
        sq = iou / tp if tp else 0 * whole / whole if whole else NAN
        by_class[category] = {
            "pq": pq, "sq": sq, "rq": rq, "tp": tp, "fp": fp, "fn": fn, "iou": iou
        }  # fmt: skip

    def mean(categories):
        rows = [by_class[c] for c in categories if not math.isnan(by_class[c]["pq"])]
        means = {
            k: sum(r[k] for r in rows) / len(rows) if rows else NAN for k in ("pq", "sq", "rq")
        }
        return means | {"classes": len(rows)}

    return {
        "all": mean(THINGS + STUFF), "things": mean(THINGS), "stuff": mean(STUFF)
    }, by_class  # fmt: skip


def test_everything_equals_sets_of_pixels_and_panopticapi():
    rng = np.random.default_rng(1)
    seen = dict.fromkeys(("tp", "fp", "fn", "void", "crowd"), 0)
    for _ in range(CASES):
        pictures = [random_picture(rng) for _ in range(rng.integers(1, 3))]
        result = measured(*pictures)
        by_class = result.pop("by_class")
        for oracle in (by_sets(pictures), panoptic_reference(map(with_areas, pictures))):
            means, classes = expected(oracle)
            assert all(same(result[group], means[group]) for group in means)
            assert all(same(by_class[category], classes[category]) for category in classes)
        for name in ("tp", "fp", "fn"):
            seen[name] += sum(figures[name] for figures in by_class.values())
        seen["void"] += sum(int((p[0] == 0).sum()) for p in pictures)
        seen["crowd"] += sum(t["iscrowd"] for p in pictures for t in p[1])
    assert min(seen.values()) > CASES / 4  # the cases do visit everything


# === Published figures ===


def coded(pairs):
    """Ids and segments from (category, instance) pairs as torchmetrics takes them."""
    pairs = np.array(pairs)
    ids = pairs[..., 0] * 100 + pairs[..., 1] * (pairs[..., 0] < 6) + 1
    listed = [{"id": int(i), "category_id": int(i - 1) // 100} for i in np.unique(ids)]
    return ids, listed


def test_figures_that_torchmetrics_publishes_for_panopticapis_arithmetic():
    """Docstring of `torchmetrics.functional.detection.panoptic_quality`, version 1.9."""
    prediction = [
        [[6, 0], [0, 0], [6, 0], [6, 0]],
        [[0, 0], [0, 0], [6, 0], [0, 1]],
        [[0, 0], [0, 0], [6, 0], [0, 1]],
        [[0, 0], [7, 0], [6, 0], [1, 0]],
        [[0, 0], [7, 0], [7, 0], [7, 0]],
    ]
    target = [
        [[6, 0], [0, 1], [6, 0], [0, 1]],
        [[0, 1], [0, 1], [6, 0], [0, 1]],
        [[0, 1], [0, 1], [6, 0], [1, 0]],
        [[0, 1], [7, 0], [1, 0], [1, 0]],
        [[0, 1], [7, 0], [7, 0], [7, 0]],
    ]
    result = measured((*coded(target), *coded(prediction)), things=(0, 1), stuff=(6, 7))
    means = [round(result["all"][name], 4) for name in ("pq", "sq", "rq")]
    assert means == [0.5463, 0.6111, 0.6667]
    by_class = [round(result["by_class"][c]["pq"], 4) for c in (0, 1, 6, 7)]
    assert by_class == [0.5185, 0.0, 0.6667, 1.0]


# === Edges ===


def picture(target, prediction, targets=((5, 1),), predictions=((5, 1),), crowd=()):
    """One row of ids each; (id, category) pairs; ids of crowds."""
    return (
        np.array([target]),
        [{"id": i, "category_id": c, "iscrowd": int(i in crowd)} for i, c in targets],
        np.array([prediction]),
        [{"id": i, "category_id": c} for i, c in predictions],
    )


PAIR = ((5, 1), (6, 1))


@pytest.mark.parametrize(
    ("reason", "case", "numbers"),
    [  # numbers: tp, fp, fn, sum of IoUs of class 1
        ("only void", picture([0, 0], [0, 0], (), ()), (0, 0, 0, 0)),
        ("identical", picture([5, 5], [5, 5]), (1, 0, 0, 1)),
        ("one pixel", picture([5], [5]), (1, 0, 0, 1)),
        ("never predicted", picture([5, 5], [0, 0], predictions=()), (0, 0, 1, 0)),
        ("disjoint", picture([5, 6], [6, 5], PAIR[:1] + ((6, 7),), ((5, 1), (6, 7))), (0, 1, 1, 0)),
        ("nested, IoU exactly 1/2: no match", picture([5, 5], [5, 0]), (0, 1, 1, 0)),
        ("nested, IoU 2/3", picture([5, 5, 5], [5, 5, 0]), (1, 0, 0, 2 / 3)),
        ("other class", picture([5, 5], [5, 5], predictions=((5, 2),)), (0, 0, 1, 0)),
        ("void taken out of the union", picture([5, 0, 0], [5, 5, 5]), (1, 0, 0, 1)),
        ("mostly in void: no false positive", picture([0, 0, 0], [5, 5, 5], ()), (0, 0, 0, 0)),
        ("half in void: false positive", picture([0, 6], [5, 5], ((6, 7),)), (0, 1, 0, 0)),
        ("in a crowd", picture([5, 5], [6, 6], predictions=((6, 1),), crowd=[5]), (0, 0, 0, 0)),
        ("crowd of another class", picture([5, 5], [5, 5], ((5, 2),), crowd=[5]), (0, 1, 0, 0)),
        (
            "crowd and void together, each a half",
            picture([5, 0], [6, 6], predictions=((6, 1),), crowd=[5]),
            (0, 0, 0, 0),
        ),
        (
            "two crowds: the last one listed counts, as in panopticapi",
            picture([5, 6, 6], [7, 7, 7], PAIR[::-1], ((7, 1),), crowd=[5, 6]),
            (0, 1, 0, 0),
        ),
        ("a target without pixels is missed", picture([5, 5], [5, 5], PAIR), (1, 0, 1, 1)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, case, numbers):
    figures = measured(case)["by_class"][1]
    assert same([figures[name] for name in ("tp", "fp", "fn", "iou")], list(numbers)), reason
    iou, tp, fp, fn = panoptic_reference([with_areas(case)]).get(1, [0, 0, 0, 0])
    assert same([tp, fp, fn, iou], list(numbers)), reason


def test_absent_classes_are_undefined_and_left_out_of_the_means():
    result = measured(picture([5, 5], [5, 5]))
    assert result["all"] == result["things"] == {"pq": 1, "sq": 1, "rq": 1, "classes": 1}
    assert result["stuff"]["classes"] == 0 and math.isnan(result["stuff"]["pq"])
    assert math.isnan(result["by_class"][2]["pq"])
    assert math.isnan(measured()["all"]["pq"])
    nothing = np.zeros((0, 3), int)
    assert measured((nothing, [], nothing, []))["all"]["classes"] == 0


def test_a_class_never_matched_has_segmentation_quality_0_as_in_panopticapi():
    figures = measured(picture([5, 5], [5, 0]))
    assert figures["by_class"][1]["sq"] == figures["all"]["sq"] == 0
