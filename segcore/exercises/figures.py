"""The three figures of the lecture's exercise: boxes, masks, several objects."""

from __future__ import annotations

from segcore.drawing import PREDICTION, TARGET, Box, Drawing, Mark, Polygon
from segcore.exercises.task import Task

_BOXES = Drawing(
    (
        Mark(TARGET, Box(2, 1, 10, 7)),
        Mark(PREDICTION, Box(6, 3, 14, 9), score=0.9),
    )
)
_MASKS = Drawing(
    (
        Mark(TARGET, Polygon(((2, 1), (8, 1), (8, 5), (14, 5), (14, 9), (2, 9)))),
        Mark(
            PREDICTION,
            Polygon(((4, 2), (9, 2), (9, 4), (12, 4), (12, 8), (15, 8), (15, 9), (4, 9))),
            score=0.9,
        ),
    )
)
_SEVERAL = Drawing(
    (
        Mark(TARGET, Box(1, 1, 6, 5)),
        Mark(TARGET, Box(8, 2, 12, 8)),
        Mark(TARGET, Box(14, 1, 17, 4)),
        Mark(PREDICTION, Box(2, 1, 6, 5), score=0.9),
        Mark(PREDICTION, Box(10, 4, 14, 8), score=0.8),
        Mark(PREDICTION, Box(2, 6, 5, 9), score=0.7),
    )
)

FIGURES = (
    Task("Figure 1: boxes", (10, 16), _BOXES),
    Task("Figure 2: masks", (10, 16), _MASKS),
    Task("Figure 3: several objects", (10, 18), _SEVERAL),
)
