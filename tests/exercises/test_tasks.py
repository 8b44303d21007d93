"""The exercises: their answers against shapely and counted squares, their words, their points."""

import re
from fractions import Fraction

import pytest
from scipy.optimize import linear_sum_assignment
from shapely import Polygon as Area
from shapely import box as rectangle
from shapely import unary_union

from segcore.drawing import PREDICTION, TARGET, Box, Drawing, Mark
from segcore.exercises import (
    F1,
    FIGURES,
    FULL_POINTS,
    LEVELS,
    Task,
    hint,
    points,
    random_task,
    read_guess,
    steps,
)

SEEDS = (*range(60), 999_999)
TASKS = [random_task(seed, number) for seed in SEEDS for number in range(len(LEVELS))]
ALL = [*FIGURES, *TASKS]


def areas(task: Task, side: str) -> list[Area]:
    return [
        rectangle(*mark.shape.bounds()) if isinstance(mark.shape, Box) else Area(mark.shape.points)
        for mark in task.drawing.marks
        if mark.side == side
    ]


def expected(task: Task) -> float:
    """Return the answer by exact geometry: no pixels."""
    targets, predictions = areas(task, TARGET), areas(task, PREDICTION)
    if task.asked == F1:
        overlaps = [
            [t.intersection(p).area / t.union(p).area for p in predictions] for t in targets
        ]
        found = [[value >= 0.5 for value in row] for row in overlaps]
        tp = sum(found[i][j] for i, j in zip(*linear_sum_assignment(found, True), strict=True))
        return 2 * tp / (len(targets) + len(predictions))
    a, b = unary_union(targets), unary_union(predictions)
    return a.intersection(b).area / a.union(b).area


# === Answers ===


def test_every_answer_is_that_of_exact_geometry():
    for task in ALL:
        assert task.answer == pytest.approx(expected(task), abs=1e-12), task


def test_every_corner_is_on_the_grid_and_in_the_picture():
    for task in ALL:
        for mark in task.drawing.marks:
            for x, y in mark.shape.outline():
                assert x == int(x) and y == int(y), task
                assert 0 <= x <= task.size[1] and 0 <= y <= task.size[0], task


def test_the_lectures_three_figures():
    boxes, masks, several = FIGURES
    assert [task.title for task in FIGURES] == [
        "Figure 1: boxes",
        "Figure 2: masks",
        "Figure 3: several objects",
    ]
    assert boxes.answer == 16 / 80
    assert masks.answer == pytest.approx(expected(masks))
    assert (several.comparison.matching(0.5).tp, len(several.comparison.scores)) == (1, 3)


# === Levels ===


def test_the_same_seed_gives_the_same_task_and_another_another():
    for number in range(len(LEVELS)):
        sets = [random_task(seed, number) for seed in SEEDS]
        assert sets == [random_task(seed, number) for seed in SEEDS]
        assert len({repr(task.drawing) for task in sets}) > len(SEEDS) / 2


def test_a_shared_set_stays_the_same_for_ever():
    """Addresses with ?set=7 are in the world: this changes only with a new kind of address."""
    first = random_task(7, 0).drawing
    assert first == Drawing(
        (
            Mark(TARGET, Box(4, 2, 10, 5)),
            Mark(PREDICTION, Box(5, 3, 11, 6), score=0.9),
        )
    )


@pytest.mark.parametrize("number", range(len(LEVELS)))
def test_each_level_asks_what_its_title_says(number):
    for task in (random_task(seed, number) for seed in SEEDS):
        targets, predictions = areas(task, TARGET), areas(task, PREDICTION)
        a, b = targets[0], predictions[0]
        if number < 2:
            assert not a.contains(b) and not b.contains(a) and 0 < task.answer < 1
        elif number == 2:
            assert a.contains(b) != b.contains(a)
        elif number == 3:
            assert a.intersection(b).area == 0 == task.answer
        elif number < 6:
            assert 0.15 <= task.answer <= 0.85
        else:
            assert len(targets) >= 2 and len(predictions) >= 2
        if number == len(LEVELS) - 1:
            assert task.asked == F1 and 0 < task.answer < 1


# === Worked answers ===


def test_the_numbers_in_the_worked_answers_are_right():
    for task in ALL:
        *_, last = (line for line in steps(task) if r"\dfrac" in line)
        numbers = re.findall(r"\\dfrac\{(\d+)\}\{(\d+)\}", last)
        for part, whole in numbers:
            assert Fraction(int(part), int(whole)) == Fraction(expected(task)).limit_denominator(
                500
            )
        decimal = float(re.search(r"(?:=|\\approx) ([\d.e-]+)\$", last)[1])
        assert decimal == pytest.approx(expected(task), rel=5e-4)
        exact = f"{decimal:.4g}" == f"{expected(task):.15g}"
        assert (r"\approx" in last) == (not exact), last


def test_the_areas_add_up_in_the_worked_answers():
    for task in ALL:
        lines = [re.sub(r"\$", "", line) for line in steps(task)]
        for line in lines:
            for left, right in re.findall(r"([\d +\\times-]+?) = (\d+) squares", line):
                assert eval(left.replace(r"\times", "*")) == int(right), line


# === Guesses ===


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0), ("1", 1), (" .5 ", 0.5), ("0,25", 0.25), ("1/3", 1 / 3), ("2 / 8", 0.25),
        ("25%", 0.25), ("33.3 %", 0.333), ("1.0", 1), ("0/5", 0), ("100 %", 1),
    ],
)  # fmt: skip
def test_guesses_are_read_as_people_write_them(text, value):
    assert read_guess(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is no number"), ("half", "is no number"), ("1e-1", "is no number"),
        ("٠٫٥", "is no number"), ("1//2", "is no number"), ("nan", "is no number"),
        ("9" * 400, "is no number"), ("-0.5", "is not between"), ("1.5", "is not between"),
        ("−1/3", "is not between"),
        ("1/0", "is not between"), ("150 %", "is not between"), ("7/3", "is not between"),
    ],
)  # fmt: skip
def test_what_is_no_guess_is_told(text, sentence):
    with pytest.raises(ValueError, match=sentence) as caught:
        read_guess(text)
    assert len(str(caught.value)) < 200


def test_minus_nothing_is_nothing():
    assert str(read_guess("-0")) == "0.0"  # as the address carries it


def test_an_exact_decimal_is_no_approximation():
    target, prediction = Mark(TARGET, Box(0, 0, 8, 4)), Mark(PREDICTION, Box(0, 0, 1, 1))
    assert steps(Task("", (4, 8), Drawing((target, prediction))))[-1].endswith("{32} = 0.03125$")


def test_points_go_down_with_the_distance():
    for guess, given in (
        (0.5, 3), (0.494, 3), (0.506, 3), (0.51, 2), (0.45, 2), (0.55, 2),
        (0.56, 1), (0.4, 1), (0.6, 1), (0.61, 0), (0.0, 0), (None, 0),
    ):  # fmt: skip
        assert points(guess, 0.5) == given, guess


def test_the_usual_mistakes_are_named():
    task = FIGURES[0]  # 48 and 48 squares, 16 shared, 80 in all, of 160
    for guess, words in (
        (16 / 96, "intersection twice"), (1 / 3, "Dice"), (0.8, "1 − IoU"), (0.1, "whole picture"),
    ):  # fmt: skip
        assert words in hint(guess, task)
    assert hint(0.2, task) is None and hint(None, task) is None and hint(0.99, task) is None


def test_a_hint_is_never_given_for_a_right_guess():
    for task in ALL:
        assert points(task.answer, task.answer) == FULL_POINTS
        assert hint(task.answer, task) is None


def test_the_mistakes_with_objects_are_named():
    task = next(t for t in TASKS if t.asked == F1 and t.comparison.matching(0.5).tp == 2)
    tp, fp, fn = (getattr(task.comparison.matching(0.5), name) for name in ("tp", "fp", "fn"))
    assert "You divided by TP + FP + FN" in hint(tp / (tp + fp + fn), task)
