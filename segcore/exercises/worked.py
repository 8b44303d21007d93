"""Answers worked out step by step, in Markdown with formulas."""

from __future__ import annotations

from fractions import Fraction

from segcore.comparison import Comparison
from segcore.drawing import SIDES, Box
from segcore.exercises.task import F1, THRESHOLD, Task


def steps(task: Task) -> list[str]:
    """Return the steps to a task's answer, each a sentence or a formula."""
    return _object_steps(task) if task.asked == F1 else _pixel_steps(task)


def _pixel_steps(task: Task) -> list[str]:
    both = task.comparison
    shared = both.counts.tp
    result = [
        f"**Target**: {_area(task, SIDES[0], both.target)}.",
        f"**Prediction**: {_area(task, SIDES[1], both.prediction)}.",
        f"**Intersection**, the squares in both: {_intersection(both)}.",
        rf"**Union**, each square once: ${both.target} + {both.prediction} - {shared} = "
        rf"{both.union}$ squares.",
        rf"$\text{{IoU}} = \dfrac{{\text{{intersection}}}}{{\text{{union}}}} = "
        rf"\dfrac{{{shared}}}{{{both.union}}}{_reduced(shared, both.union)}$",
    ]
    if both.overlaps.size > 1:
        matching = both.matching(THRESHOLD)
        result.append(
            "That was for all pixels together. Object by object: "
            + "; ".join(_pairs(both))
            + f". At a threshold of {THRESHOLD} that is {matching.tp} found, {matching.fp} "
            f"made up and {matching.fn} missed."
        )
    return result


def _object_steps(task: Task) -> list[str]:
    both = task.comparison
    matching = both.matching(THRESHOLD)
    tp, fp, fn = matching.tp, matching.fp, matching.fn
    return [
        "**IoU of each pair that meets**: " + "; ".join(_pairs(both)) + ".",
        f"**TP**, pairs with IoU of at least {THRESHOLD}: ${tp}$.",
        f"**FP**, predictions left over: ${len(both.scores)} - {tp} = {fp}$.",
        f"**FN**, targets left over: ${len(both.overlaps)} - {tp} = {fn}$.",
        r"$\text{F1} = \dfrac{2\,\text{TP}}{2\,\text{TP} + \text{FP} + \text{FN}} = "
        rf"\dfrac{{2 \cdot {tp}}}{{2 \cdot {tp} + {fp} + {fn}}}"
        rf"{_reduced(2 * tp, 2 * tp + fp + fn)}$",
    ]


def _area(task: Task, side: str, area: int) -> str:
    shapes = [mark.shape for _, mark in task.drawing.side(side)]
    if all(isinstance(shape, Box) for shape in shapes):
        sides = [
            rf"{shape.x_max - shape.x_min:.0f} \times {shape.y_max - shape.y_min:.0f}"
            for shape in shapes
            if isinstance(shape, Box)
        ]
        return f"${' + '.join(sides)} = {area}$ squares"
    return f"count its squares, ${area}$"


def _intersection(both: Comparison) -> str:
    shared = both.counts.tp
    if not shared:
        return "none, $0$ squares"
    if both.boxes:
        width, height = both.boxes.shared
        return rf"${width:.0f} \times {height:.0f} = {shared}$ squares"
    return f"${shared}$ squares"


def _pairs(both: Comparison) -> list[str]:
    found = [
        f"T{i + 1} with P{j + 1}: {value:.2f}"
        for (i, j), value in _each(both.overlaps)
        if value > 0
    ]
    return found or ["no object meets another"]


def _each(overlaps):
    rows, columns = overlaps.shape
    for i in range(rows):
        for j in range(columns):
            yield (i, j), float(overlaps[i, j])


def _reduced(part: int, whole: int) -> str:
    """Continue a formula with the reduced fraction, if it is another, and the decimal."""
    fraction = Fraction(part, whole)
    text = ""
    if 1 < fraction.denominator < whole:
        text = rf" = \dfrac{{{fraction.numerator}}}{{{fraction.denominator}}}"
    decimal = f"{float(fraction):.4g}"
    sign = "=" if Fraction(decimal) == fraction else r"\approx"
    return f"{text} {sign} {decimal}"
