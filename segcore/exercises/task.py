"""One exercise: a figure on a grid whose squares are its pixels, and a question."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from segcore.comparison import Comparison, compare
from segcore.drawing import SIDES, Drawing
from segcore.drawing.objects import drawn_objects

IOU, F1 = "iou", "f1"
THRESHOLD = 0.5  # IoU from which an object counts as found
QUESTIONS = {
    IOU: "Target in blue, prediction in red: **what is the IoU?**",
    F1: "Target in blue, prediction in red: an object is found if its IoU is at least 0.5. "
    "**What is the F1 score of the objects?**",
}


@dataclass(frozen=True)
class Task:
    """An exercise.

    Attributes
    ----------
    title : str
        What it is about.
    size : (height, width)
        In squares.
    drawing : Drawing
        With corners on the grid: each square is inside or outside as a whole.
    asked : {"iou", "f1"}
    """

    title: str
    size: tuple[int, int]
    drawing: Drawing
    asked: str = IOU

    @property
    def question(self) -> str:
        """The question, in Markdown."""
        return QUESTIONS[self.asked]

    @cached_property
    def comparison(self) -> Comparison:
        """All figures, counted by the library."""
        targets, predictions = (drawn_objects(self.drawing, side, self.size) for side in SIDES)
        return compare(targets, predictions, self.size)

    @property
    def answer(self) -> float:
        """What was asked for, in [0, 1]."""
        if self.asked == F1:
            return self.comparison.matching(THRESHOLD).f1
        return self.comparison.iou
