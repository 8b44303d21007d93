"""Tasks made from a seed, harder from level to level; the same seed gives the same tasks.

Only `random.Random.random` is used: its sequence is guaranteed to stay the same, so a
shared address keeps its tasks.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from segcore import metrics
from segcore.drawing import PREDICTION, SIDES, TARGET, Box, Drawing, Mark
from segcore.drawing.objects import drawn_objects
from segcore.exercises import outlines
from segcore.exercises.task import F1, IOU, Task
from segcore.objects import union

GRID = (10, 16)
WIDE = (10, 24)
MAX_SEED = 999_999


@dataclass(frozen=True)
class Level:
    """A kind of task: its title, how a drawing of it is made, and what is asked."""

    title: str
    draw: Callable[[Dice], Drawing]
    size: tuple[int, int] = GRID
    asked: str = IOU


class Dice:
    """Whole numbers and choices from a seed."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed).random

    def number(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""
        return low + int(self._random() * (high - low + 1))

    def choice(self, options):
        """Return one of some options."""
        return options[self.number(0, len(options) - 1)]

    def box(self, least: tuple[int, int], most: tuple[int, int], grid=GRID) -> Box:
        """Return a box on the grid, its width and height between `least` and `most`."""
        width, height = (self.number(a, b) for a, b in zip(least, most, strict=True))
        left = self.number(1, grid[1] - 1 - width)
        top = self.number(1, grid[0] - 1 - height)
        return Box(left, top, left + width, top + height)


def random_task(seed: int, number: int) -> Task:
    """Return the task of a level.

    Parameters
    ----------
    seed : int
        Names a set of tasks.
    number : int
        0 to ``len(LEVELS) - 1``, from easy to hard.

    Examples
    --------
    >>> random_task(7, 0) == random_task(7, 0), random_task(7, 0) == random_task(8, 0)
    (True, False)
    """
    level = LEVELS[number]
    dice = Dice(f"segcore exercise {seed} {number}")
    return Task(level.title, level.size, level.draw(dice), level.asked)


# === Levels ===


def _pair(target, prediction) -> Drawing:
    return Drawing((Mark(TARGET, target), Mark(PREDICTION, prediction, score=0.9)))


def _overlapping(dice: Dice, least: tuple[int, int], most: tuple[int, int]) -> Drawing:
    """Two boxes that share some squares, neither within the other."""
    while True:
        a, b = dice.box(least, most), dice.box(least, most)
        width, height = _shared(a, b)
        inside = (width, height) in (_extent(a), _extent(b))
        if width >= 2 and height >= 2 and not inside:
            return _pair(a, b)


def _small_boxes(dice: Dice) -> Drawing:
    return _overlapping(dice, (4, 3), (6, 5))


def _large_boxes(dice: Dice) -> Drawing:
    return _overlapping(dice, (6, 4), (10, 7))


def _nested(dice: Dice) -> Drawing:
    outer = dice.box((6, 5), (11, 8))
    x0, y0, x1, y1 = (int(value) for value in outer.bounds())
    width, height = dice.number(2, x1 - x0 - 2), dice.number(2, y1 - y0 - 2)
    left, top = dice.number(x0, x1 - width), dice.number(y0, y1 - height)
    inner = Box(left, top, left + width, top + height)
    return _pair(outer, inner) if dice.number(0, 1) else _pair(inner, outer)


def _touching_or_apart(dice: Dice) -> Drawing:
    """Boxes side by side: an edge or a gap, but no square in common."""
    width, height, gap = dice.number(3, 6), dice.number(3, 6), dice.number(0, 2)
    first = Box(1, 2, 1 + width, 2 + height)
    top, left = dice.number(1, 3), 1 + width + gap
    second = Box(left, top, left + dice.number(3, 5), top + dice.number(3, 5))
    return _pair(first, second) if dice.number(0, 1) else _pair(second, first)


def _mask_and_box(dice: Dice) -> Drawing:
    while True:
        outer = dice.box((6, 5), (10, 8))
        drawing = _pair(outlines.random_outline(dice, outer), dice.box((4, 4), (8, 6)))
        if _good(drawing):
            return drawing


def _two_masks(dice: Dice) -> Drawing:
    while True:
        a, b = dice.box((6, 5), (10, 8)), dice.box((6, 5), (10, 8))
        drawing = _pair(outlines.random_outline(dice, a), outlines.random_outline(dice, b))
        if a != b and _good(drawing):
            return drawing


_FATES = (
    ("found", "badly", "missed", "made up"),
    ("found", "found", "badly", "made up"),
    ("found", "found", "missed", "badly"),
    ("found", "found", "found", "made up"),
    ("found", "badly", "badly", "missed"),
)


def _several(dice: Dice) -> Drawing:
    """Four strips with an object each: found well, found badly, missed or made up."""
    fates, order = list(dice.choice(_FATES)), []
    while fates:
        order.append(fates.pop(dice.number(0, len(fates) - 1)))
    marks: list[Mark] = []
    for strip, fate in enumerate(order):
        width, height = dice.number(3, 5), dice.number(4, 7)
        left, top = strip * 6, dice.number(1, 9 - height)
        box = Box(left, top, left + width, top + height)
        if fate != "made up":
            marks.append(Mark(TARGET, box))
        if fate == "found":
            box = Box(left, top + 1, left + width, top + height)
        if fate == "badly":
            box = Box(left + 1, top + height // 2, left + width + 1, top + height)
        if fate != "missed":
            found = sum(mark.side == PREDICTION for mark in marks)
            marks.append(Mark(PREDICTION, box, score=0.9 - 0.1 * found))
    return Drawing(tuple(marks))


def _good(drawing: Drawing) -> bool:
    masks = (union(drawn_objects(drawing, side, GRID), GRID) for side in SIDES)
    return 0.15 <= metrics.iou(metrics.count(*masks)) <= 0.85


def _shared(a: Box, b: Box) -> tuple[float, float]:
    return (
        min(a.x_max, b.x_max) - max(a.x_min, b.x_min),
        min(a.y_max, b.y_max) - max(a.y_min, b.y_min),
    )


def _extent(box: Box) -> tuple[float, float]:
    return box.x_max - box.x_min, box.y_max - box.y_min


LEVELS = (
    Level("Two small boxes", _small_boxes),
    Level("Two large boxes", _large_boxes),
    Level("One inside the other", _nested),
    Level("Side by side", _touching_or_apart),
    Level("A mask and a box", _mask_and_box),
    Level("Two masks", _two_masks),
    Level("Several objects: the pixels", _several, WIDE),
    Level("Several objects: the objects", _several, WIDE, F1),
)
