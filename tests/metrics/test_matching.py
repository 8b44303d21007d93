"""Greedy matching against a plain loop, pycocotools, and by its laws."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from benchmarks._references import coco_annotations, coco_evaluation
from segcore.metrics import Objects, match, pairwise_box_iou

CASES = 1000
NAN = math.nan
properties = settings(deadline=None, derandomize=True)


def by_loop(iou, scores, threshold):
    """Predictions by falling score; each takes the best free target, the last of equals."""
    ranked = sorted(range(len(scores)), key=lambda p: -scores[p])  # stable
    free, pairs = set(range(len(iou))), []
    for p in ranked:
        able = [t for t in sorted(free) if iou[t][p] >= threshold]
        if able:
            best = max(able, key=lambda t: (iou[t][p], t))
            pairs.append((best, p))
            free.remove(best)
    return pairs, sorted(free), sorted(set(ranked) - {p for _, p in pairs})


def random_case(rng):
    targets, predictions = rng.integers(0, 6, 2)
    iou = rng.choice([0, 0.3, 0.5, 0.75, 0.9, 1, NAN], (targets, predictions))
    return iou, rng.choice([0.1, 0.5, 0.9], predictions), rng.choice([0.3, 0.5, 0.51, 1])


def test_matching_equals_a_plain_loop():
    rng = np.random.default_rng(1)
    sizes = []
    for _ in range(CASES):
        iou, scores, threshold = random_case(rng)
        found = match(iou, scores, threshold)
        pairs, missed, false = by_loop(iou.tolist(), scores.tolist(), threshold)
        assert list(found.pairs) == pairs
        assert list(found.unmatched_targets) == missed
        assert list(found.unmatched_predictions) == false
        assert (found.tp, found.fn, found.fp) == (len(pairs), len(missed), len(false))
        sizes.append(len(pairs))
    assert np.mean(sizes) > 1


def test_matching_equals_pycocotools():
    rng = np.random.default_rng(2)
    for _ in range(300):
        low = rng.integers(0, 4, (9, 2))
        boxes = np.concatenate([low, low + rng.integers(1, 5, (9, 2))], axis=1).astype(float)
        scores = rng.choice([0.2, 0.6, 0.8], 5)
        targets, guess = boxes[:4], boxes[4:]
        picture = Objects([0] * 4, boxes=targets), Objects([0] * 5, boxes=guess, scores=scores)
        oracle = coco_evaluation(coco_annotations([picture], [0], "bbox"), [0], "bbox").evalImgs[0]
        for k, threshold in ((0, 0.5), (5, 0.75)):
            ids = dict(zip(oracle["dtIds"], oracle["dtMatches"][k].astype(int), strict=True))
            pairs = {(t - 1, p - 1) for p, t in ids.items() if t}
            assert set(match(pairwise_box_iou(targets, guess), scores, threshold).pairs) == pairs


@pytest.mark.parametrize(
    ("reason", "iou", "scores", "pairs", "figures"),
    [  # figures: precision, recall, F1
        ("nothing at all", [], [], (), (NAN, NAN, NAN)),
        ("no target", np.zeros((0, 2)), [1, 2], (), (0, NAN, 0)),
        ("no prediction", [[], []], [], (), (NAN, 0, 0)),
        ("a hit", [[0.5]], [1], ((0, 0),), (1, 1, 1)),
        ("just too little", [[0.4999]], [1], (), (0, 0, 0)),
        ("undefined IoU never matches", [[NAN]], [1], (), (0, 0, 0)),
        ("the surer one takes it", [[0.9, 0.6]], [0.1, 0.2], ((0, 1),), (1 / 2, 1, 2 / 3)),
        ("greedy, not best overall", [[0.9, 0.8], [0.6, 0]], [2, 1], ((0, 0),), (1 / 2,) * 3),
        ("equal scores: the first chooses", [[0.6, 0.9]], [1, 1], ((0, 0),), (1 / 2, 1, 2 / 3)),
        ("equal IoU: the last target", [[0.6], [0.6]], [1], ((1, 0),), (1, 1 / 2, 2 / 3)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_edges(reason, iou, scores, pairs, figures):
    found = match(iou, scores)
    assert found.pairs == pairs, reason
    values = [found.precision, found.recall, found.f1]
    assert values == pytest.approx(figures, nan_ok=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: match([[1.0]], [1], 0), "threshold is 0.*above 0"),
        (lambda: match([[1.0]], [1], 1.1), "threshold is 1.1"),
        (lambda: match([[1.0]], [1, 2]), r"iou has shape \(1, 1\).*2 predictions"),
        (lambda: match(np.zeros((2, 0)), [1]), r"iou has shape \(2, 0\).*1 predictions"),
        (lambda: match([1.0], [1]), r"iou has shape \(1,\)"),
        (lambda: match([[1.0]], [NAN]), "scores must be one number"),
        (lambda: match([[1.0]], 1), "scores must be one number"),
    ],
)
def test_misuse_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@properties
@given(
    hnp.arrays(float, st.tuples(st.integers(0, 5), st.integers(0, 5)), elements=st.floats(0, 1)),
    st.data(),
)
def test_laws(iou, data):
    targets, predictions = iou.shape
    scores = np.array(data.draw(st.permutations(range(predictions))), float)
    found = match(iou, scores)
    rows, columns = (
        sorted(side) for side in (zip(*found.pairs, strict=True) if found.tp else ((), ()))
    )
    assert sorted([*rows, *found.unmatched_targets]) == list(range(targets))
    assert sorted([*columns, *found.unmatched_predictions]) == list(range(predictions))
    assert all(iou[pair] >= 0.5 for pair in found.pairs)
    assert not any(
        iou[t, p] >= 0.5 for t in found.unmatched_targets for p in found.unmatched_predictions
    )
    assert match(iou, scores, 0.75).tp <= found.tp
    order = data.draw(st.permutations(range(predictions)))
    shuffled = match(iou[:, order], scores[list(order)])
    assert [(t, order[p]) for t, p in shuffled.pairs] == list(found.pairs)
