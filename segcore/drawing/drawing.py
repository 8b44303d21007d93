"""A drawing: an ordered list of marks on the target's and the prediction's side."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from segcore.drawing.errors import DrawingError
from segcore.drawing.shapes import MAX_POINTS, Box, Brush, Shape, rounded

TARGET, PREDICTION = "target", "prediction"
SIDES = (TARGET, PREDICTION)
MAX_MARKS = 500
MAX_ALL_POINTS = 100_000


@dataclass(frozen=True, slots=True)
class Mark:
    """A shape on one side.

    Attributes
    ----------
    side : {"target", "prediction"}
    shape : Box, Polygon or Brush
    erase : bool
        Take the pixels away from all earlier marks of the side; brush strokes only.
    score : float
        Confidence of a prediction, 0 to 1: the order in which predictions choose targets.
    """

    side: str
    shape: Shape
    erase: bool = False
    score: float = 1.0

    def __post_init__(self) -> None:
        """Check what the types do not."""
        if self.side not in SIDES:
            raise DrawingError(f"A shape is on side {str(self.side)[:40]!r}; accepted are {SIDES}.")
        if self.erase and not isinstance(self.shape, Brush):
            raise DrawingError("Only a brush stroke can erase; draw the eraser as a stroke.")
        if not (math.isfinite(self.score) and 0 <= self.score <= 1):
            raise DrawingError(f"A score is {self.score}; accepted are values from 0 to 1.")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks in the order in which they were drawn; editing returns a new drawing."""

    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        """Bound the size."""
        points = sum(len(mark.shape.outline()) for mark in self.marks)
        if len(self.marks) > MAX_MARKS or points > MAX_ALL_POINTS:
            raise DrawingError(
                f"The drawing has {len(self.marks)} shapes with {points} points; accepted are "
                f"up to {MAX_MARKS} shapes with {MAX_ALL_POINTS:,} points: use fewer."
            )

    def side(self, side: str) -> list[tuple[int, Mark]]:
        """Return the marks of a side with their places in the drawing."""
        return [(i, mark) for i, mark in enumerate(self.marks) if mark.side == side]

    def added(self, mark: Mark) -> Drawing:
        """Return the drawing with one more mark on top."""
        return Drawing((*self.marks, mark))

    def replaced(self, place: int, mark: Mark) -> Drawing:
        """Return the drawing with another mark at a place."""
        return Drawing((*self.marks[:place], mark, *self.marks[place + 1 :]))

    def removed(self, place: int) -> Drawing:
        """Return the drawing without the mark at a place."""
        return Drawing(self.marks[:place] + self.marks[place + 1 :])

    def cleared(self, side: str) -> Drawing:
        """Return the drawing without the marks of a side."""
        return Drawing(tuple(mark for mark in self.marks if mark.side != side))

    def rounded(self) -> Drawing:
        """Return the drawing on a grid of a hundredth of a pixel, as addresses carry it."""
        return Drawing(tuple(replace(mark, shape=rounded(mark.shape)) for mark in self.marks))

    def resembles(self, other: Drawing, tolerance: float) -> bool:
        """Say whether two drawings are the same up to `tolerance` pixels."""
        if len(self.marks) != len(other.marks):
            return False
        return all(_alike(a, b, tolerance) for a, b in zip(self.marks, other.marks, strict=True))


def default_boxes(size: tuple[int, int]) -> Drawing:
    """Return two boxes of a third of the picture each, one shifted against the other."""
    height, width = size

    def box(x0: float, y0: float, x1: float, y1: float) -> Box:
        return Box(round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height))

    return Drawing(
        (
            Mark(TARGET, box(0.25, 0.2, 0.65, 0.75)),
            Mark(PREDICTION, box(0.375, 0.3, 0.75, 0.85), score=0.9),
        )
    )


def _alike(a: Mark, b: Mark, tolerance: float) -> bool:
    if (a.side, a.erase, type(a.shape)) != (b.side, b.erase, type(b.shape)):
        return False
    first, second = a.shape.outline(), b.shape.outline()
    if len(first) != len(second) or len(first) > MAX_POINTS:
        return False
    if isinstance(a.shape, Brush) and isinstance(b.shape, Brush):
        if abs(a.shape.width - b.shape.width) > tolerance:
            return False
    return all(
        abs(p[0] - q[0]) <= tolerance and abs(p[1] - q[1]) <= tolerance
        for p, q in zip(first, second, strict=True)
    )
