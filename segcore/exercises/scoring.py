"""Guesses: reading them, giving points, and naming the usual mistakes."""

from __future__ import annotations

import math
import re

from segcore import metrics
from segcore.exercises.task import F1, THRESHOLD, Task

FULL_POINTS = 3
_LIMITS = ((0.006, FULL_POINTS), (0.05, 2), (0.1, 1))  # how far off, for how many points
_NUMBER = r"[-+−]?(?:\d{1,9}(?:[.,]\d{1,9})?|[.,]\d{1,9})"
_GUESS = re.compile(rf"\s*({_NUMBER})\s*(?:/\s*({_NUMBER})\s*|(%)\s*)?", re.ASCII)


def read_guess(text: str) -> float:
    """Read a decimal number, a fraction or a percentage.

    Raises
    ------
    ValueError
        If it is none, or not from 0 to 1; the message is for the visitor.

    Examples
    --------
    >>> read_guess("0.25"), read_guess("1/4"), read_guess("25 %")
    (0.25, 0.25, 0.25)
    """
    match = _GUESS.fullmatch(text)
    if not match:
        raise ValueError(
            f"{text[:40]!r} is no number; type it as a decimal (0.33), a fraction (1/3) or a "
            "percentage (33 %)."
        )
    number, whole, percent = match.groups()
    value = _decimal(number)
    if whole:
        below = _decimal(whole)
        value = value / below if below else math.inf
    if percent:
        value /= 100
    if not 0 <= value <= 1:
        raise ValueError(f"{text.strip()[:40]} is not between 0 and 1, and every IoU and F1 is.")
    return abs(value)  # -0 is 0


def _decimal(text: str) -> float:
    return float(text.replace(",", ".").replace("−", "-"))


def points(guess: float | None, answer: float) -> int:
    """Return the points of a guess: 3 if right to two digits, 2 within 0.05, 1 within 0.1.

    None, an answer that was looked up, gives 0.
    """
    if guess is None:
        return 0
    off = abs(guess - answer) - 1e-9  # 0.55 is within 0.05 of 0.5
    return next((given for limit, given in _LIMITS if off <= limit), 0)


def hint(guess: float | None, task: Task) -> str | None:
    """Name the mistake behind a wrong guess, if it is a usual one."""
    if guess is None or points(guess, task.answer) == FULL_POINTS:
        return None
    known = _of_objects(task) if task.asked == F1 else _of_pixels(task)
    for value, text in known:
        if not math.isnan(value) and abs(guess - value) <= _LIMITS[0][0]:
            return text
    return None


def _of_pixels(task: Task) -> list[tuple[float, str]]:
    both = task.comparison
    counts = both.counts
    areas = both.target + both.prediction
    return [
        (
            counts.tp / areas,
            "You divided by the sum of both areas, which counts the intersection twice: "
            "take it away once.",
        ),
        (
            metrics.dice(counts),
            "That is the Dice coefficient. IoU = Dice / (2 − Dice), which is smaller.",
        ),
        (
            metrics.precision(counts),
            "That is the precision: the intersection over the prediction. IoU divides by the "
            "union.",
        ),
        (
            metrics.recall(counts),
            "That is the recall: the intersection over the target. IoU divides by the union.",
        ),
        (1 - both.iou, "That is the share of the union that is wrong: 1 − IoU."),
        (
            counts.tp / (both.size[0] * both.size[1]),
            "You divided by the whole picture. IoU divides by the union only.",
        ),
    ]


def _of_objects(task: Task) -> list[tuple[float, str]]:
    matching = task.comparison.matching(THRESHOLD)
    return [
        (
            task.comparison.iou,
            "That is the IoU of all pixels. Here each object counts once, large or small.",
        ),
        (matching.precision, "That is the precision: found objects over all predictions."),
        (matching.recall, "That is the recall: found objects over all targets."),
        (
            matching.tp / (matching.tp + matching.fp + matching.fn),
            "You divided by TP + FP + FN. F1 counts the found objects twice, above and below.",
        ),
    ]
