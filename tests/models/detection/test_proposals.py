"""Suppression of both engines against each other and against a loop."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from segcore.inference import detection
from segcore.models.detection.anchors import counts
from segcore.models.detection.proposals import best_of_classes, propose
from tests.models.detection.test_boxes import one_iou, random_boxes


def greedy(boxes: np.ndarray, overlap: float) -> list[int]:
    kept: list[int] = []
    for i in range(len(boxes)):
        if all(one_iou(boxes[i], boxes[k]) <= overlap for k in kept):
            kept.append(i)
    return kept


def test_suppression_against_a_loop():
    found = random_boxes(np.random.default_rng(0), 80)
    for overlap in (0.3, 0.7):
        assert detection.suppress(found, overlap, 100).tolist() == greedy(found, overlap)
    assert len(detection.suppress(found, 0.7, 5)) == 5
    assert detection.suppress(found[:0], 0.7, 5).size == 0


def test_proposals_of_both_engines():
    rng = np.random.default_rng(1)
    number = sum(counts(96, 64))
    logits = rng.normal(size=(2, number)).astype(np.float32)
    deltas = rng.normal(0, 0.3, (2, number, 4)).astype(np.float32)
    found, valid = propose(
        tf.constant(logits), tf.constant(deltas), (96, 64), before=300, after=128
    )
    for i in range(2):
        ours = found[i].numpy()[valid[i].numpy()]
        light = detection.proposals(logits[i], deltas[i], (96, 64))
        np.testing.assert_allclose(ours, light, atol=1e-3)
        assert (light >= 0).all() and (light <= [96, 64, 96, 64]).all()
        assert len(greedy(light, 0.7)) == len(light)


def test_classes_of_both_engines():
    rng = np.random.default_rng(2)
    found = random_boxes(rng, 1, 60)
    probabilities = rng.dirichlet(np.full(5, 0.3), (1, 60)).astype(np.float32)[..., 1:]
    boxes, scores, classes, valid = best_of_classes(
        tf.constant(found), tf.constant(probabilities), overlap=0.5, score=0.1, most=40
    )
    places, light_scores, light_classes = detection.best_of_classes(
        found[0], probabilities[0], 0.1, 0.5, 40
    )
    number = int(valid.numpy().sum())
    assert number == len(places) > 10
    np.testing.assert_allclose(scores[0, :number], light_scores, atol=1e-6)
    assert classes[0, :number].numpy().tolist() == light_classes.tolist()
    np.testing.assert_allclose(boxes[0, :number], found[0][places], atol=1e-5)


def test_nothing_scores():
    found = random_boxes(np.random.default_rng(3), 4)
    places, *_ = detection.best_of_classes(found, np.zeros((4, 3), np.float32), 0.1, 0.5, 40)
    assert places.size == 0
