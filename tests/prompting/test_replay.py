"""From acts to masks: what the model is asked, in which coordinates, and how often."""

from __future__ import annotations

import numpy as np
import pytest

from segcore.prompting.acts import ActError, Choose, Frame, From, Point
from segcore.prompting.replay import Replay
from tests.prompting.stand_in import SCORES, StandIn

SIZE = (60, 80)


def begun(method):
    if method != "otsu":
        raise ActError("no such method")
    mask = np.zeros(SIZE, bool)
    mask[10:20, 10:20] = True
    return mask, StandIn().mask_input(mask)


@pytest.fixture
def model() -> StandIn:
    stand_in = StandIn()
    stand_in.set_image(np.zeros((*SIZE, 3), np.uint8))
    return stand_in


def test_without_acts_there_is_no_mask(model):
    assert Replay(model, (1, 1), begun).reply(()) is None and not model.calls


def test_coordinates_are_scaled_to_the_models_picture(model):
    Replay(model, (0.5, 0.25), begun).reply((Frame(20, 40, 100, 200), Point(41, 83, False)))
    assert model.calls[-1]["points"].tolist() == [[20.25, 20.375]]  # the pixel's middle
    assert model.calls[-1]["labels"].tolist() == [0]
    assert model.calls[-1]["box"].tolist() == [10, 10, 50, 50]


def test_the_mask_so_far_goes_into_the_next_prompt(model):
    replay = Replay(model, (1, 1), begun)
    first = replay.reply((Point(30, 30),))
    assert model.calls[0]["mask"] is None
    replay.reply((Point(30, 30), Choose(2), Point(50, 30)))
    np.testing.assert_array_equal(model.calls[1]["mask"], first.logits[2])
    assert len(model.calls[1]["points"]) == 2


def test_the_first_mask_counts_until_another_is_chosen(model):
    replay = Replay(model, (1, 1), begun)
    best = replay.reply((Point(30, 30),))
    assert best.chosen == 0 and best.score == pytest.approx(SCORES[0])
    other = replay.reply((Point(30, 30), Choose(1)))
    assert other.chosen == 1 and other.mask.sum() < best.mask.sum()
    assert replay.reply((Choose(0),)) is None
    assert len(model.calls) == 1  # choosing asks nothing


def test_each_list_of_acts_is_computed_once(model):
    replay = Replay(model, (1, 1), begun)
    acts = tuple(Point(float(x), 20.0) for x in range(0, 50, 10))
    replay.reply(acts)
    assert len(model.calls) == 5
    for length in (4, 3, 5):  # undo, undo, redo
        replay.reply(acts[:length])
    assert len(model.calls) == 5


def test_what_is_forgotten_is_computed_again(model):
    replay = Replay(model, (1, 1), begun, remembered=2)
    acts = tuple(Point(float(x), 20.0) for x in range(0, 50, 10))
    before = replay.reply(acts)
    again = replay.reply(acts[:1])
    assert len(model.calls) > 5 and again is not None
    np.testing.assert_array_equal(replay.reply(acts).masks, before.masks)


def test_a_methods_mask_is_shown_and_then_refined(model):
    replay = Replay(model, (1, 1), begun)
    brought = replay.reply((From("otsu"),))
    assert brought.mask.sum() == 100 and np.isnan(brought.score) and not model.calls
    refined = replay.reply((From("otsu"), Point(50, 30)))
    assert refined.mask[15, 15] and refined.mask[30, 50]


def test_a_method_without_a_mask_raises_each_time(model):
    replay = Replay(model, (1, 1), begun)
    for _ in range(2):
        with pytest.raises(ActError):
            replay.reply((From("nothing"), Point(1, 1)))


def test_a_new_box_asks_anew(model):
    replay = Replay(model, (1, 1), begun)
    replay.reply((Point(30, 30), Frame(0, 0, 20, 20)))
    assert model.calls[-1]["mask"] is None and len(model.calls[-1]["points"]) == 1
