"""`segcore.drawing.tellings`: which drawing an answer of the canvas goes back to."""

from __future__ import annotations

import copy

import pytest

from segcore.drawing import TARGET, Box, Drawing, Mark
from segcore.drawing.fabric import from_canvas, to_canvas
from segcore.drawing.tellings import Tellings

DRAWING = Drawing((Mark(TARGET, Box(10, 10, 50, 40)),))


def test_only_answers_to_an_older_drawing_are_late() -> None:
    tellings, other = Tellings(), Tellings()
    first, foreign, second = (t.tell(to_canvas(DRAWING, 2)) for t in (tellings, other, tellings))
    assert tellings.late(first)
    assert not tellings.late(second)
    assert not tellings.late(foreign), "a browser that outlived the server"
    assert not tellings.late(to_canvas(DRAWING, 2)), "nor has it a number"
    third = tellings.tell({"objects": []})
    assert tellings.late(second) and not tellings.late(third)


def test_the_number_is_no_shape() -> None:
    told = Tellings().tell(to_canvas(DRAWING, 2))
    assert from_canvas(told, 2, Drawing(())) == DRAWING
    assert not told["objects"][-1]["visible"]


def test_what_is_told_stays_as_it_was_given() -> None:
    drawing = to_canvas(DRAWING, 2)
    before = copy.deepcopy(drawing)
    Tellings().tell(drawing)
    assert drawing == before


@pytest.mark.parametrize(
    "answer", [None, [], {}, {"objects": None}, {"objects": [None, 3, {"stroke": "number"}]}]
)
def test_nonsense_is_not_late(answer: object) -> None:
    tellings = Tellings()
    for _ in range(2):
        tellings.tell({"objects": []})
    assert not tellings.late(answer)
