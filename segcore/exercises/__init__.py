"""Exercises on IoU: guess it from a figure, then see the answer worked out."""

from segcore.exercises.figures import FIGURES
from segcore.exercises.generator import LEVELS, random_task
from segcore.exercises.scoring import FULL_POINTS, hint, points, read_guess
from segcore.exercises.task import F1, IOU, Task
from segcore.exercises.worked import steps

__all__ = [
    "F1",
    "FIGURES",
    "FULL_POINTS",
    "IOU",
    "LEVELS",
    "Task",
    "hint",
    "points",
    "random_task",
    "read_guess",
    "steps",
]
