"""The IoU calculator's exercises without a browser: guesses, answers, the score, the address."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from segcore.exercises import FIGURES, LEVELS, random_task

from . import iou_page
from .iou_page import address, field

TASKS = [random_task(7, number) for number in range(len(LEVELS))]


def visit(**address: str) -> AppTest:
    """Open the page in exercise mode."""
    return iou_page.visit(**{"mode": "exercise", **address})


def press(page: AppTest, label: str) -> None:
    next(b for b in page.button if b.label == label).click().run()
    assert not page.exception


def guess(page: AppTest, text: str) -> None:
    page.text_input[0].set_value(text)
    press(page, "Check")


def progress(page: AppTest) -> str:
    return page.get("progress")[0].proto.text


def said(page: AppTest) -> str:
    """Return everything that is written in boxes and in running text."""
    kinds = (page.success, page.warning, page.info, page.markdown)
    return "\n".join(entry.value for kind in kinds for entry in kind)


def test_right_guesses_of_a_whole_set_give_full_points() -> None:
    page = visit(set="7")
    for number, task in enumerate(TASKS):
        assert page.subheader[0].value == task.title
        guess(page, f"{task.answer:.4f}")
        assert "Exactly right" in page.success[0].value
        assert f"**{3 * (number + 1)} of 24 points**" in progress(page)
        if number < len(TASKS) - 1:
            press(page, "Next task")
    assert address(page)["score"] == "24"
    assert "Set finished: 24 of 24 points" in said(page)


@pytest.mark.parametrize(("off", "points"), [(0.0, 3), (0.03, 2), (0.08, 1), (0.3, 0)])
def test_points_fall_with_the_distance(off, points) -> None:
    page = visit(set="7")
    guess(page, f"{TASKS[0].answer + off:.4f}")
    assert address(page)["score"] == str(points)
    assert f"{TASKS[0].answer:.4g}" in said(page)


def test_the_answer_is_worked_out_and_the_mistake_is_named() -> None:
    page = visit(set="figures")
    task = FIGURES[0]
    both = task.comparison
    assert "Union" not in said(page)
    guess(page, f"{both.counts.tp}/{both.target + both.prediction}")
    text = said(page)
    assert "counts the intersection twice" in text
    assert f"{both.target} + {both.prediction} - {both.counts.tp} = {both.union}" in text
    assert rf"\dfrac{{{both.counts.tp}}}{{{both.union}}}" in text
    assert not page.text_input


@pytest.mark.parametrize("text", ["0.2", "20 %", "1/5", "20%", " 0,2 ", ".2"])
def test_a_guess_may_be_a_decimal_a_fraction_or_a_percentage(text) -> None:
    page = visit(set="figures")
    guess(page, text)
    assert address(page)["guesses"] == "0.2"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "Type your answer first"),
        ("a third", "is no number"),
        ("nan", "is no number"),
        ("-0.5", "is not between 0 and 1"),
        ("1e-3", "is no number"),
        ("3", "not between 0 and 1"),
        ("1/0", "not between 0 and 1"),
        ("9" * 3000, "is no number"),
    ],
)
def test_a_guess_that_is_none_is_told_and_costs_nothing(text, sentence) -> None:
    page = visit(set="figures")
    guess(page, text)
    assert len(page.warning) == 1 and sentence in page.warning[0].value
    assert "guesses" not in page.query_params
    guess(page, "0.2")
    assert address(page)["guesses"] == "0.2"


def test_looking_up_gives_no_points() -> None:
    page = visit(set="7")
    press(page, "Show the answer")
    assert "Looked up" in page.info[0].value
    assert (address(page)["guesses"], address(page)["score"]) == ("x", "0")


def test_the_address_carries_set_answers_and_score() -> None:
    page = visit(set="7")
    guess(page, f"{TASKS[0].answer:.4f}")
    press(page, "Next task")
    press(page, "Show the answer")
    press(page, "Next task")
    copied = address(page)
    other = visit(**copied)
    assert address(other) == copied
    assert progress(other) == progress(page)
    assert other.subheader[0].value == TASKS[2].title
    press(other, "Back")
    assert "Looked up" in other.info[0].value


def test_a_shared_set_is_the_same_for_everybody() -> None:
    first, second = visit(set="7"), visit(set="7")
    alts = [page.image[0].proto.imgs[0].alt for page in (first, second)]
    assert alts[0] == alts[1] != visit(set="8").image[0].proto.imgs[0].alt


def test_starting_over_and_a_new_set() -> None:
    page = visit(set="7")
    guess(page, "0.5")
    press(page, "Start over")
    assert "guesses" not in page.query_params and "score" not in page.query_params
    page.number_input[0].set_value(8).run()
    assert address(page)["set"] == "8"
    guess(page, "0.25")
    page.number_input[0].set_value(7).run()
    assert "guesses" not in page.query_params
    page.number_input[0].set_value(8).run()
    assert address(page)["guesses"] == "0.25"
    press(page, "New set")
    assert 1 <= int(address(page)["set"]) <= 9999


def test_exercise_and_drawing_leave_each_other_alone() -> None:
    page = visit(set="7")
    guess(page, "0.25")
    page.button_group(key="iou-mode").set_value("draw").run()
    assert not {"set", "guesses", "score", "task"} & set(page.query_params)
    field(page, "iou-target-x_min").set_value(400.0).run()
    code = address(page)["shapes"]
    page.button_group(key="iou-mode").set_value("exercise").run()
    assert not page.exception
    assert address(page)["guesses"] == "0.25" and "shapes" not in page.query_params
    page.button_group(key="iou-mode").set_value("draw").run()
    assert address(page)["shapes"] == code


def test_every_figure_has_an_alternative_text_that_suffices_to_answer() -> None:
    for number, task in enumerate(TASKS, 1):
        page = visit(set="7", task=str(number))
        texts = [entry.alt for image in page.image for entry in image.proto.imgs]
        assert all(texts)
        assert texts[0].count("with corners") == len(task.drawing.marks)


@pytest.mark.parametrize("hostile", [
    {"set": "nonsense"}, {"set": "-1"}, {"set": "0"}, {"set": "9" * 5000}, {"set": "1e3"},
    {"set": "nan"}, {"set": "7", "task": "99"}, {"set": "7", "task": "-1"},
    {"set": "7", "task": "nan"}, {"set": "7", "guesses": "2_2"}, {"set": "7", "guesses": "nan"},
    {"set": "7", "guesses": "x_" * 5000}, {"set": "7", "guesses": "1.9999"},
    {"set": "7", "score": "1000000"}, {"set": "figures", "guesses": "_____"}, {"set": ""},
])  # fmt: skip
def test_a_hostile_address_is_ignored(hostile) -> None:
    page = visit(**hostile)
    assert not page.error
    task = int(address(page)["task"])
    total = int(progress(page).split(" of ")[1].split(" ")[0])
    assert 1 <= task <= total in (len(FIGURES), len(LEVELS))
    assert int(address(page).get("score", 0)) == 0
