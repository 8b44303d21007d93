"""segcore.scenes.scoring and errors: figures of one picture, and where it is wrong."""

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.labels import UNLABELLED
from segcore.scenes.components import components, panoptic
from segcore.scenes.errors import FALSE, MISSED, RIGHT, UNKNOWN, WRONG, error_map
from segcore.scenes.merge import merge
from segcore.scenes.scoring import quality
from segcore.scenes.truth import OTHER, TrueSegment, Truth
from tests.scenes._scenes import CAT, DOG, ROAD, SKY, class_map, discs, instances, thing

# === Figures ===


def test_a_perfect_result_has_1_everywhere():
    rng = np.random.default_rng(0)
    truth = discs(rng, count=2)
    semantic = class_map(truth.classes(), class_set=SCENES)
    found = instances(
        semantic.shape,
        *(thing(truth.ids == s.id, 1, SCENES.names[s.index]) for s in truth.segments
          if s.index in SCENES.things),
        class_set=SCENES,
    )  # fmt: skip
    result = merge(semantic, found, stuff_area=0).panoptic
    figures = quality(truth, semantic, found, result)
    assert figures.miou == figures.ap50 == figures.panoptic.pq == 1
    assert set(figures.iou) == {SCENES.names[s.index] for s in truth.segments}
    assert (error_map(truth, result)[truth.ids > 0] == RIGHT).all()
    assert (error_map(truth, result)[truth.ids == 0] == UNKNOWN).all()


def test_figures_worked_out_by_hand():
    truth = Truth(np.array([[1, 1, 2, 2, 0]], np.int32), [TrueSegment(1, CAT), TrueSegment(2, SKY)])
    semantic = class_map([[CAT, SKY, SKY, UNLABELLED, ROAD]])
    figures = quality(truth, semantic, components(semantic), panoptic(semantic))
    assert figures.iou == pytest.approx({"cat": 1 / 2, "sky": 1 / 3})
    assert figures.miou == pytest.approx(5 / 12)
    assert figures.ap50 == 1
    counts = figures.panoptic  # cat and sky are not above 1/2; road lies in void
    assert (counts.tp, counts.fp, counts.fn) == (0, 2, 2)
    assert quality(truth) == quality(truth, None, None, None)
    assert quality(truth).miou is None


def test_pq_is_sq_times_rq():
    truth = Truth(
        np.array([[1, 1, 1, 2, 3]], np.int32),
        [TrueSegment(1, CAT), TrueSegment(2, SKY), TrueSegment(3, ROAD)],
    )
    counts = quality(
        truth, panoptic=panoptic(class_map([[CAT, CAT, DOG, SKY, SKY]]), 0, 0)
    ).panoptic
    assert (counts.tp, counts.fp, counts.fn) == (1, 2, 2)  # sky: exactly 1/2
    assert counts.pq == pytest.approx(counts.sq * counts.rq) == pytest.approx(2 / 9)


def test_a_truth_of_another_size_is_scaled():
    truth = Truth(np.repeat([[1, 2]], 4, 0).repeat(4, 1).astype(np.int32),
                  [TrueSegment(1, CAT), TrueSegment(2, SKY)])  # fmt: skip
    semantic = class_map([[CAT, SKY]])
    assert quality(truth, semantic, panoptic=panoptic(semantic)).panoptic.pq == 1


def test_where_labels_say_only_what_it_is_not():
    """On `OTHER`, what the labels tell apart is wrong, and the rest neither right nor wrong."""
    truth = Truth(
        np.array([[1, 1, 2, 2, 2]], np.int32),
        [TrueSegment(1, CAT), TrueSegment(2, OTHER)],
        frozenset({CAT, DOG}),
    )
    semantic = class_map([[CAT, CAT, CAT, DOG, ROAD]])
    result = panoptic(semantic, 0, 0)
    figures = quality(truth, semantic, components(semantic), result)
    assert figures.iou == pytest.approx({"cat": 2 / 3, "dog": 0})
    assert (figures.panoptic.tp, figures.panoptic.fp, figures.panoptic.fn) == (1, 1, 0)
    assert error_map(truth, result).tolist() == [[RIGHT, RIGHT, WRONG, FALSE, UNKNOWN]]


# === Errors ===


def result_of(classes, *masks):
    """Objects in rising order of id over a class map."""
    found = [thing([mask], 1 - i / 10, name) for i, (mask, name) in enumerate(masks)]
    return merge(class_map([classes]), instances((1, len(classes)), *found), stuff_area=0).panoptic


def truth_of(ids, *segments):
    return Truth(np.array([ids], np.int32), [TrueSegment(*segment) for segment in segments])


@pytest.mark.parametrize(
    ("reason", "truth", "result", "expected"),
    [
        (
            "stuff of another class, and unlabelled",
            truth_of([1, 1, 1], (1, SKY)),
            result_of([SKY, ROAD, UNLABELLED]),
            [RIGHT, WRONG, WRONG],
        ),
        (
            "an object that nothing matches",
            truth_of([1, 1, 2], (1, CAT), (2, SKY)),
            result_of([SKY, SKY, SKY]),
            [MISSED, MISSED, RIGHT],
        ),
        (
            "an object that is not there",
            truth_of([1, 1, 1], (1, SKY)),
            result_of([SKY] * 3, ([0, 0, 1], "dog")),
            [RIGHT, RIGHT, FALSE],
        ),
        (
            "missed goes before false",
            truth_of([1, 1, 2], (1, CAT), (2, SKY)),
            result_of([SKY] * 3, ([0, 1, 1], "dog")),
            [MISSED, MISSED, FALSE],
        ),
        (
            "a pixel of the neighbour of the same class",
            truth_of([1, 1, 1, 2, 2, 2], (1, CAT), (2, CAT)),
            result_of([SKY] * 6, ([1, 1, 0, 0, 0, 0], "cat"), ([0, 0, 1, 1, 1, 1], "cat")),
            [RIGHT, RIGHT, WRONG, RIGHT, RIGHT, RIGHT],
        ),
        (
            "crowds and void are unknown, objects mostly in them not false",
            truth_of([1, 1, 0, 2], (1, CAT, True), (2, SKY)),
            result_of([SKY] * 4, ([1, 0, 1, 1], "cat")),
            [UNKNOWN, UNKNOWN, UNKNOWN, WRONG],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_it_is_wrong(reason, truth, result, expected):
    assert error_map(truth, result).tolist() == [expected], reason
