"""The hand-made truths of samples."""

import numpy as np
import pytest

from segcore.class_sets import SCENES
from segcore.sample_pictures import sample_pictures
from segcore.scenes.sample_truth import described, sample_truth
from segcore.scenes.truth import OTHER


@pytest.mark.parametrize("name", described())
def test_every_truth_is_of_a_sample_and_labels_each_pixel(name):
    size = sample_pictures("compare")[name].picture().shape[:2]
    truth = sample_truth(name, size)
    assert truth.ids.shape == size
    assert set(np.unique(truth.ids)) == {segment.id for segment in truth.segments}
    assert all(segment.index != OTHER for segment in truth.segments)
    assert described()[name]["made"]


def test_the_cows_are_three_before_trees_and_sky():
    truth = sample_truth("cows", (600, 800))
    names = [SCENES.names[segment.index] for segment in truth.segments]
    assert names == ["vegetation", "sky", "cow", "cow", "cow"]
    classes = truth.classes()
    for place, name in {
        (300, 400): "cow", (160, 270): "cow", (165, 690): "cow", (20, 760): "sky",
        (550, 100): "vegetation", (340, 706): "vegetation",  # between tail and leg
    }.items():  # fmt: skip
        assert SCENES.names[classes[place]] == name, place


def test_a_sample_without_a_truth_has_none():
    assert sample_truth("temple", (427, 640)) is None
