"""Outlines along the grid's lines for exercises with masks: L, T, U, plus and stairs."""

from __future__ import annotations

from typing import Protocol

from segcore.drawing import Box, Polygon


class Chooser(Protocol):
    """What makes choices: `segcore.exercises.generator.Dice`."""

    def number(self, low: int, high: int) -> int:
        """Return a whole number from low to high, both included."""

    def choice(self, options):
        """Return one of some options."""


def random_outline(dice: Chooser, box: Box) -> Polygon:
    """Return a polygon that fills parts of a box, at least 5 squares wide and high."""
    x0, y0, x1, y1 = (int(value) for value in box.bounds())
    width, height = x1 - x0, y1 - y0
    a = dice.number(1, width // 2)
    c = dice.number(a + 1, width - 1)
    b = dice.number(1, height // 2)
    d = dice.number(b + 1, height - 1)
    w, h = width, height
    outline = dice.choice(
        (
            ((0, 0), (c, 0), (c, b), (w, b), (w, h), (0, h)),
            ((0, 0), (w, 0), (w, b), (c, b), (c, h), (a, h), (a, b), (0, b)),
            ((0, 0), (a, 0), (a, b), (c, b), (c, 0), (w, 0), (w, h), (0, h)),
            ((0, 0), (a, 0), (a, b), (c, b), (c, d), (w, d), (w, h), (0, h)),
            (
                (a, 0), (c, 0), (c, b), (w, b), (w, d), (c, d),
                (c, h), (a, h), (a, d), (0, d), (0, b), (a, b),
            ),
        )
    )  # fmt: skip
    mirrored = dice.number(0, 1)
    points = (((w - x if mirrored else x) + x0, y + y0) for x, y in outline)
    return Polygon(tuple(points))
