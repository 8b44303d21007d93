"""Box arithmetic, matching and sampling against loops."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from segcore.models.detection import anchors, boxes
from segcore.models.detection.matching import IGNORED, NEGATIVE, POSITIVE, match, sample, void_share
from segcore.models.detection.settings import HEAD_WEIGHTS


def random_boxes(rng: np.random.Generator, *shape: int, side: float = 64) -> np.ndarray:
    corners = np.sort(rng.uniform(0, side, (*shape, 2, 2)), axis=-2)
    return corners.reshape(*shape, 4).astype(np.float32)


def one_iou(a: np.ndarray, b: np.ndarray) -> float:
    height = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    width = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    areas = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    union = sum(areas) - height * width
    return height * width / union if union else 0.0


def test_anchors_against_a_loop():
    expected = []
    for stride, sizes in zip(anchors.STRIDES, anchors.SIZES, strict=True):
        for row in range(-(-96 // stride)):
            for column in range(-(-64 // stride)):
                for ratio in anchors.RATIOS:
                    for size in sizes:
                        height, width = size * ratio**0.5, size / ratio**0.5
                        y, x = (row + 0.5) * stride, (column + 0.5) * stride
                        expected.append(
                            (y - height / 2, x - width / 2, y + height / 2, x + width / 2)
                        )
    np.testing.assert_allclose(anchors.anchors(96, 64), expected, atol=1e-4)
    assert sum(anchors.counts(96, 64)) == len(expected)


def test_iou_against_a_loop():
    rng = np.random.default_rng(0)
    a, b = random_boxes(rng, 2, 30), random_boxes(rng, 2, 7)
    b[:, -1] = 0  # padding
    expected = [[[one_iou(x, y) for y in b[i]] for x in a[i]] for i in range(2)]
    np.testing.assert_allclose(boxes.iou(a, b), expected, atol=1e-6)


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0, 1.0), HEAD_WEIGHTS])
def test_decode_undoes_encode(weights):
    rng = np.random.default_rng(1)
    true, start = random_boxes(rng, 50) + [0, 0, 2, 2], random_boxes(rng, 50) + [0, 0, 2, 2]
    true, start = true.astype(np.float32), start.astype(np.float32)
    deltas = boxes.encode(true, start, weights)
    np.testing.assert_allclose(boxes.decode(deltas, start, weights), true, atol=1e-3)
    height, width = start[0, 2] - start[0, 0], start[0, 3] - start[0, 1]
    shift = (true[0, 0] + true[0, 2] - start[0, 0] - start[0, 2]) / 2 / height
    scale = np.log((true[0, 3] - true[0, 1]) / width)
    assert float(deltas[0, 0]) == pytest.approx(shift * weights[0], abs=1e-4)
    assert float(deltas[0, 3]) == pytest.approx(scale * weights[3], abs=1e-4)


def test_huge_deltas_stay_finite():
    start = tf.constant([[0.0, 0.0, 10.0, 10.0]])
    assert np.isfinite(boxes.decode(tf.constant([[1e3, 0.0, 1e3, 1e3]]), start)).all()


@pytest.mark.parametrize("best_of_each", [False, True])
def test_matching_against_a_loop(best_of_each: bool):
    rng = np.random.default_rng(2)
    ious = np.round(rng.uniform(0, 1, (3, 40, 4)) ** 2, 2).astype(np.float32)
    ious[1] *= 0.5  # nothing reaches 0.7
    ious[2, :, 3] = 0  # an object that no box touches, or none at all
    states, objects = match(tf.constant(ious), 0.3, 0.7, best_of_each=best_of_each)
    for batch in range(3):
        for box in range(40):
            row = ious[batch, box]
            expected = IGNORED if row.max() >= 0.3 else NEGATIVE
            best = [row[k] == ious[batch, :, k].max() and row[k] > 0 for k in range(4)]
            if row.max() >= 0.7 or (best_of_each and any(best)):
                expected = POSITIVE
            assert int(states[batch, box]) == expected
            assert int(objects[batch, box]) == int(row.argmax())


@pytest.mark.parametrize(("positives", "negatives"), [(0, 100), (5, 100), (50, 100), (3, 6)])
def test_sampling_keeps_the_balance(positives: int, negatives: int):
    states = np.full((1, 200), IGNORED, np.int32)
    states[0, :positives] = POSITIVE
    states[0, positives : positives + negatives] = NEGATIVE
    noise = np.random.default_rng(3).random((1, 200)).astype(np.float32)
    indices, chosen = sample(tf.constant(states), 32, 8, tf.constant(noise))
    drawn = indices.numpy()[0][chosen.numpy()[0]]
    kinds = states[0, drawn]
    assert len(set(drawn.tolist())) == len(drawn)
    assert (kinds != IGNORED).all()
    assert (kinds == POSITIVE).sum() == min(positives, 8)
    assert len(drawn) == min(32, min(positives, 8) + negatives)
    assert not (kinds == POSITIVE)[min(positives, 8) :].any()  # positives come first


def test_more_samples_than_boxes():
    states = tf.constant([[POSITIVE, NEGATIVE, NEGATIVE]])
    indices, chosen = sample(states, 32, 8, tf.constant([[0.1, 0.2, 0.3]]))
    assert sorted(indices.numpy()[chosen.numpy()].tolist()) == [0, 1, 2]


def test_void_share_against_a_loop():
    rng = np.random.default_rng(4)
    void = rng.random((2, 16, 12)).astype(np.float32)
    found = (random_boxes(rng, 2, 30, side=80) - 10).astype(np.float32)
    shares = void_share(tf.constant(found), tf.constant(void), 4)
    for batch in range(2):
        for box, share in zip(found[batch], shares[batch].numpy(), strict=True):
            top, left, bottom, right = np.clip(np.round(box / 4), 0, [16, 12, 16, 12]).astype(int)
            part = void[batch, top:bottom, left:right]
            assert share == pytest.approx(part.mean() if part.size else 0, abs=1e-5)
    same = void_share(tf.constant(found[0]), tf.constant(void), 4)
    np.testing.assert_allclose(same[0], shares[0], atol=1e-6)
