"""The laws of panoptic quality, and how misuse is refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segcore.metrics import PanopticMeter

properties = settings(deadline=None, derandomize=True, max_examples=80)
ids = st.integers(0, 5)  # 0 is void; ids 1 and 2 are of class 1, 3 of 2, 4 and 5 of 7


def same(value, expected):
    return value == pytest.approx(expected, abs=1e-12, nan_ok=True)


def category(number):
    return {1: 1, 2: 1, 3: 2, 4: 7, 5: 7}[number]


def listed(ids, names=lambda number: number, categories=category):
    present = [number for number in np.unique(ids).tolist() if number]
    return [{"id": names(n), "category_id": categories(n)} for n in present]


def measured(*maps, things=(1, 2), stuff=(7,)):
    meter = PanopticMeter(things, stuff)
    for target, prediction in maps:
        meter.update(target, listed(target), prediction, listed(prediction))
    return meter.result()


@st.composite
def pairs(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=6))
    target = draw(hnp.arrays(np.int32, shape, elements=ids))
    if draw(st.booleans()):  # much alike, so that there are matches
        prediction = target.copy()
        for value in draw(st.lists(ids, max_size=4)):
            prediction[draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))] = (
                value
            )
        return target, prediction
    return target, draw(hnp.arrays(np.int32, shape, elements=ids))


@properties
@given(pairs())
def test_quality_is_a_fraction_and_the_product_of_its_factors(maps):
    result = measured(maps)
    for figures in result["by_class"].values():
        assert same(figures["pq"], figures["sq"] * figures["rq"])
        assert math.isnan(figures["pq"]) or 0 <= figures["pq"] <= figures["rq"] <= 1 + 1e-12
        assert figures["tp"] == 0 or 0.5 < figures["sq"] <= 1
    for group in ("all", "things", "stuff"):
        assert math.isnan(result[group]["pq"]) or 0 <= result[group]["pq"] <= 1


@properties
@given(pairs())
def test_without_void_it_is_symmetric(maps):
    target, prediction = (np.where(m == 0, 5, m) for m in maps)
    there, back = measured((target, prediction)), measured((prediction, target))
    for a, b in zip(there["by_class"].values(), back["by_class"].values(), strict=True):
        assert same(a["pq"], b["pq"]) and (a["fp"], a["fn"]) == (b["fn"], b["fp"])


@properties
@given(pairs(), st.permutations(range(5)), st.randoms())
def test_ids_and_the_order_of_lists_mean_nothing(maps, order, random):
    target, prediction = maps
    renamed = np.array([0, *(1000 * n + 7 for n in order)])
    segments = [listed(m, names=lambda n: int(renamed[n])) for m in maps]
    for part in segments:
        random.shuffle(part)
    meter = PanopticMeter((1, 2), (7,))
    meter.update(renamed[target], segments[0], renamed[prediction], segments[1])
    result = meter.result()
    by_class = result.pop("by_class")
    plain = measured(maps)
    assert all(same(result[group], plain[group]) for group in result)
    assert all(same(by_class[k], plain["by_class"][k]) for k in by_class)


@properties
@given(pairs())
def test_names_of_categories_mean_nothing(maps):
    target, prediction = maps
    meter = PanopticMeter((30, 20), (10,))
    names = {1: 30, 2: 20, 7: 10}
    meter.update(
        target,
        listed(target, categories=lambda n: names[category(n)]),
        prediction,
        listed(prediction, categories=lambda n: names[category(n)]),
    )
    assert all(same(meter.result()[g], measured(maps)[g]) for g in ("all", "things", "stuff"))


@properties
@given(st.lists(pairs(), min_size=2, max_size=3), st.randoms())
def test_pictures_may_come_in_any_order_and_their_counts_add_up(many, random):
    together = measured(*many)["by_class"]
    alone = [measured(maps)["by_class"] for maps in many]
    for k, figures in together.items():
        for name in ("tp", "fp", "fn", "iou"):
            assert same(figures[name], sum(one[k][name] for one in alone))
    random.shuffle(many)
    assert all(same(measured(*many)["by_class"][k], together[k]) for k in together)


@properties
@given(pairs(), st.integers(0, 35))
def test_what_is_predicted_in_void_never_lowers_the_sum_of_ious(maps, where):
    target, prediction = maps
    corrected = np.where(target == 0, 0, prediction)  # nothing predicted in void any more
    before, after = measured(maps)["by_class"], measured((target, corrected))["by_class"]
    for k in before:
        assert same(before[k]["iou"], after[k]["iou"]) and before[k]["tp"] == after[k]["tp"]


@properties
@given(pairs())
def test_the_target_itself_scores_one(maps):
    result = measured((maps[0], maps[0]))
    assert result["all"]["pq"] == 1 or not maps[0].any()


# === Misuse ===

MAP, LIST = [[0, 5], [5, 5]], [{"id": 5, "category_id": 1}]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([[5]], LIST, [[5, 5]], LIST), r"prediction_map has shape \(1, 2\).*\(1, 1\)"),
        (([5], LIST, [5], LIST), r"target_map has shape \(1,\).*two axes"),
        (([[5.0]], LIST, [[5]], LIST), r"target_map has dtype float64"),
        ((MAP, LIST, [[0, 6], [5, 5]], LIST), r"prediction_map holds id 6, which no segment"),
        (([[0, 6], [5, 5]], LIST, MAP, LIST), r"target_map holds id 6, which no segment"),
        ((MAP, [], MAP, LIST), r"target_map holds id 5, which no segment"),
        ((MAP, LIST, [[0, 0], [0, 0]], LIST), r"prediction_segments list 5, which has no pixel"),
        ((MAP, LIST * 2, MAP, LIST), r"target_segments list id 5 twice"),
        ((MAP, LIST, MAP, [{"id": 5, "category_id": 3}]), r"category_id 3, which is neither"),
        ((MAP, [{"id": 5, "category_id": 3}], MAP, LIST), r"category_id 3, which is neither"),
        ((MAP, LIST, MAP, [{"id": 0, "category_id": 1}]), r"hold id 0, but.*0 is void"),
        ((MAP, LIST, MAP, [{"id": 2**24, "category_id": 1}]), r"hold id 16777216"),
        (([[0, 2**24], [5, 5]], LIST, MAP, LIST), r"target_map holds id 16777216"),
        ((MAP, LIST, [[0, -1], [5, 5]], LIST), r"prediction_map holds id -1"),
    ],
)
def test_misuse_is_named_and_nothing_is_kept(arguments, message):
    meter = PanopticMeter([1])
    with pytest.raises(ValueError, match=message):
        meter.update(*arguments)
    assert meter.result()["all"]["classes"] == 0


def test_a_category_is_thing_or_stuff():
    with pytest.raises(ValueError, match="Category 2 is both"):
        PanopticMeter([1, 2], [2])
