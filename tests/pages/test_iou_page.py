"""The IoU calculator without a browser: typed boxes, the canvas, the address."""

from __future__ import annotations

import json
import random
import re

import pytest
from streamlit.testing.v1 import AppTest

from segcore.drawing import PREDICTION, TARGET, Box, Drawing, Mark
from segcore.drawing.fabric import to_canvas
from segcore.drawing.notation import from_code, to_code
from segcore.sample_pictures import sample_pictures

from .iou_page import EDGES, WIDTH, address, field, metric, press, source, type_box, visit

TWO_BOXES = "tb10_10_110_110~pb60_60_160_160s0.5"


def draw(page: AppTest, picture: str, drawing: Drawing, size: tuple[int, int]) -> None:
    """Answer as the canvas does when this is on it."""
    scale = WIDTH / size[1]
    raw = to_canvas(drawing, scale)
    state = {"drawing": {"raw": raw, "data": None}, "backgroundFit": None}
    page.session_state[f"iou-canvas-{picture}-{WIDTH}"] = state
    page.run()


def analytic(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    """Return the IoU of two boxes x_min, y_min, x_max, y_max."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (sum(areas) - shared)


def random_box(dice: random.Random, quarter: bool) -> tuple[float, ...]:
    """Return a box on the blank sheet, its corners on whole or quarter pixels."""
    grid = 4 if quarter else 1
    x0, y0 = dice.randint(0, 399 * grid) / grid, dice.randint(0, 299 * grid) / grid
    return x0, y0, x0 + dice.randint(1, 240 * grid) / grid, y0 + dice.randint(1, 180 * grid) / grid


# === Figures ===


def test_typed_boxes_give_exact_values(offered) -> None:
    page = visit(picture="sheet")
    dice = random.Random(4)
    for quarter in [False] * 6 + [True] * 6:
        target, prediction = random_box(dice, quarter), random_box(dice, quarter)
        type_box(page, TARGET, target)
        type_box(page, PREDICTION, prediction)
        assert not page.exception and not page.error and not page.warning
        numbers = json.loads(offered["Numbers, JSON"]["data"]())
        exact = analytic(target, prediction)
        assert numbers["box_iou"] == pytest.approx(exact, abs=1e-12)
        if not quarter:
            assert numbers["iou"] == pytest.approx(exact, abs=1e-12)
            assert metric(page) == f"{exact:.4f}"
        typed = [field(page, f"iou-{TARGET}-{name}").value for name in EDGES]
        assert tuple(typed) == target


def test_a_box_that_leaves_the_picture_is_clipped() -> None:
    page = visit(picture="sheet")
    type_box(page, TARGET, (-100, -50, 100, 50))
    type_box(page, PREDICTION, (0, 0, 100, 100))
    assert metric(page) == "0.5000"


def test_corners_in_the_wrong_order_are_put_in_order() -> None:
    page = visit(picture="sheet")
    type_box(page, TARGET, (110, 120, 10, 20))
    type_box(page, PREDICTION, (10, 20, 110, 120))
    assert metric(page) == "1.0000"


def test_nothing_against_nothing_is_undefined_and_says_why() -> None:
    page = visit(picture="sheet")
    press(page, "iou-remove-target")
    assert metric(page) == "0.0000"
    assert "recall is 0/0" in page.info[0].value
    press(page, "iou-remove-prediction")
    assert metric(page) == "undefined"
    assert "Both sides are empty" in page.info[0].value
    assert "0/0" in page.info[0].value
    assert not page.error
    assert address(page)["shapes"] == ""


def test_corners_of_a_polygon_can_be_typed() -> None:
    page = visit(picture="sheet")
    press(page, "iou-corners-target")
    field(page, "iou-target-points").set_value("0,0 100,0 100,100; 0,100").run()
    type_box(page, PREDICTION, (0, 0, 100, 50))
    assert metric(page) == "0.5000"
    for text, sentence in (
        ("0,0 100,0 and more", "something that is no x,y"),
        ("0,0 100,0", "has 2 points"),
        ("0,0 100,0 9999999,100", "accepted are numbers up to"),
        ("1.2.3,0 100,0 100,100", "something that is no x,y"),
    ):
        field(page, "iou-target-points").set_value(text).run()
        assert not page.exception
        assert len(page.warning) == 1 and sentence in page.warning[0].value
        assert metric(page) == "0.5000"
    type_box(page, TARGET, (0, 0, 50, 100))  # the corners follow the bounds
    assert not page.warning
    assert metric(page) == f"{1 / 3:.4f}"


def test_several_objects_are_matched() -> None:
    page = visit(picture="sheet")
    press(page, "iou-add-target")
    press(page, "iou-add-prediction")
    assert len(page.dataframe[0].value) >= 2
    page.selectbox(key="iou-shape-target").set_value(0).run()
    assert field(page, "iou-target-x_min").value == 160
    press(page, "iou-remove-target")
    assert len(from_code(address(page)["shapes"]).marks) == 3


def test_undo_and_redo_go_back_and_forth() -> None:
    page = visit(picture="sheet")
    before = metric(page)
    type_box(page, TARGET, (1, 1, 2, 2))
    changed = metric(page)
    assert changed != before
    while not page.button(key="iou-undo").disabled:
        press(page, "iou-undo")
    assert metric(page) == before
    while not page.button(key="iou-redo").disabled:
        press(page, "iou-redo")
    assert metric(page) == changed


# === The canvas ===


def test_what_the_canvas_answers_is_measured() -> None:
    page = visit(picture="sheet")
    before = metric(page)
    first, second = (20.0, 40.0, 220.0, 240.0), (120.0, 40.0, 320.0, 240.0)
    drawing = Drawing((Mark(TARGET, Box(*first)), Mark(PREDICTION, Box(*second))))
    draw(page, "sheet", drawing, (480, 640))
    assert not page.exception
    assert metric(page) == f"{analytic(first, second):.4f}"
    press(page, "iou-undo")
    assert metric(page) == before


@pytest.mark.parametrize("raw", [
    None, [], "x", {}, {"objects": None}, {"objects": [None, 3, {}]},
    {"objects": [{"type": "Rect", "stroke": "rgba(0, 114, 178, 1)", "width": "NaN"}]},
    {"objects": [{"type": "Path", "stroke": "rgba(0, 114, 178, 0.6)", "path": [["C", 1]]}]},
])  # fmt: skip
def test_a_canvas_that_answers_nonsense_does_no_harm(raw) -> None:
    page = visit(picture="sheet")
    page.session_state[f"iou-canvas-sheet-{WIDTH}"] = {
        "drawing": {"raw": raw, "data": None}, "backgroundFit": None,
    }  # fmt: skip
    page.run()
    assert not page.exception
    assert metric(page)


def test_each_picture_has_a_drawing_of_its_own() -> None:
    page = visit(picture="sheet", shapes=TWO_BOXES)
    sheet = metric(page)
    page.selectbox(key="iou-picture").set_value("kitten").run()
    assert metric(page) == "0.6254"
    assert "shapes" not in page.query_params
    type_box(page, TARGET, (480, 180, 930, 600))
    assert metric(page) == "1.0000"
    page.selectbox(key="iou-picture").set_value("sheet").run()
    assert metric(page) == sheet
    assert address(page)["shapes"] == TWO_BOXES


# === The address ===


def test_the_address_opens_what_it_was_copied_from() -> None:
    page = visit(picture="sheet")
    type_box(page, TARGET, (10.25, 20, 300.5, 210))
    type_box(page, PREDICTION, (50, 20.75, 310, 250))
    field(page, "iou-score").set_value(0.35).run()
    page.select_slider(key="iou-match").set_value(0.75).run()
    copied = address(page)
    assert copied["picture"] == "sheet" and copied["match"] == "0.75"
    other = visit(**copied)
    assert address(other) == copied
    assert metric(other) == metric(page)
    assert field(other, "iou-score").value == 0.35
    assert field(other, "iou-target-x_max").value == 300.5


def test_shapes_of_an_address_that_cannot_be_read_are_told_until_something_is_drawn() -> None:
    page = visit(picture="sheet", shapes="tp1_2_3_4")
    for _ in range(2):
        assert len(page.warning) == 1 and "that cannot be read" in page.warning[0].value
        page.run()
    type_box(page, TARGET, (1, 1, 20, 20))
    assert not page.warning


def test_where_a_side_comes_from_is_in_the_address() -> None:
    page = visit(picture="chelsea")
    drawn = metric(page)
    source(page, "iou-target-from").set_value("Ground truth").run()
    copied = address(page)
    assert copied["target-from"] == "Ground truth"
    assert metric(visit(**copied)) == metric(page) != drawn


def test_the_mode_is_in_the_address() -> None:
    page = visit()
    assert "mode" not in page.query_params
    page.button_group(key="iou-mode").set_value("exercise").run()
    assert address(page)["mode"] == "exercise"
    assert "Task 1 of" in visit(**address(page)).get("progress")[0].proto.text


@pytest.mark.parametrize("picture", ["squares", "sheet", *sample_pictures()])
def test_every_picture_has_figures_and_an_alternative_text(picture) -> None:
    page = visit(picture=picture)
    assert re.fullmatch(r"0\.\d{4}", metric(page))
    shown = [entry for image in page.image for entry in image.proto.imgs]
    assert len(shown) >= 4 and all(entry.alt for entry in shown)
    assert all(entry.url.startswith("data:image/") for entry in shown), "nothing to fetch"


LONG = "~".join(["tb1_2_3_4"] * 500)


@pytest.mark.parametrize("shapes", [
    "nonsense", "tb1_2_3", "tbnan_0_1_1", "tb1e9_0_1_1", "tb1_2_3_99999999", "tb..._1_1_1",
    "tg1_1_2_2", "tg1_1_2_2_3", "tr0_1_1", "tr-5_1_1", "pb1_1_5_5s7", "pb1_1_5_5s.", LONG,
    "<script>alert(1)</script>", "tb1_2_3_4~~xb1_1_1_1", "\0", "te", "tb١_2_3_4",
])  # fmt: skip
def test_shapes_that_are_none_are_told_in_a_sentence(shapes) -> None:
    page = visit(picture="sheet", shapes=shapes)
    assert not page.error
    assert len(page.warning) == 1 and "address" in page.warning[0].value
    assert metric(page) == metric(visit(picture="sheet"))


@pytest.mark.parametrize("shapes", [
    "tb-500_-500_-400_-400~pb700_700_800_800",  # outside
    "tb-1000000_-1000000_1000000_1000000~pb-1000000_0_1000000_1",  # huge
    "tb5_5_5_5~pb7_7_7_7",  # without extent
    "tg0_0_0_0_0_0~pf5_5_5_5_5_5", "tr1000000_5_5~pr0.01_5_5", "te5_5_5~pe5_5_5",
    "tg-1000000_0_1000000_1_0_1000000", "tr5_-1000000_0_1000000_480",
])  # fmt: skip
def test_shapes_at_the_edge_of_the_possible_are_measured(shapes) -> None:
    page = visit(picture="sheet", shapes=shapes)
    assert not page.error and not page.warning
    assert metric(page) == "undefined" or 0 <= float(metric(page)) <= 1
    assert to_code(from_code(address(page)["shapes"])) == to_code(from_code(shapes))


@pytest.mark.parametrize("address", [
    {"mode": "magic"}, {"picture": "../../etc/passwd"}, {"picture": "own"}, {"match": "nan"},
    {"match": "-1"}, {"match": "1e999"}, {"target-from": "Model", "picture": "sheet"},
    {"prediction-from": "Ground truth"}, {"side": "x", "tool": "y"}, {"picture": ""},
    {"side": "", "tool": "eraser"}, {"mode": ""},
])  # fmt: skip
def test_settings_that_are_none_are_ignored(address) -> None:
    page = visit(**address)
    assert not page.error and not page.warning
    assert metric(page)
