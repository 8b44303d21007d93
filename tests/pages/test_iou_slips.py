"""The IoU calculator without a browser: what visitors tripped over once."""

from __future__ import annotations

from segcore.drawing import TARGET, Box, Drawing, Mark
from segcore.drawing.fabric import to_canvas
from segcore.drawing.notation import from_code
from segcore.ui.iou import numbers

from .iou_page import WIDTH, address, field, metric, press, source, visit

TWO_BOXES = "tb10_10_110_110~pb60_60_160_160s0.5"


def test_numbers_of_an_older_drawing_are_not_read_again() -> None:
    """A browser that has not heard of a change yet sends the fields as they were before."""
    page = visit(picture="sheet")
    old = field(page, "iou-target-x_min")
    desk = page.session_state["iou desks"]["sheet"]
    press(page, "iou-clear")
    press(page, "iou-undo")
    assert field(page, "iou-target-x_min").key != old.key
    drawing = desk.drawing
    for stale in (desk.edition - 1, -1):
        numbers._moved(desk, stale, TARGET, 7)
        numbers._retyped(desk, stale, TARGET, 7)
        numbers._scored(desk, stale, 7)
        numbers._remove(desk, stale, 7)
        numbers._to_polygon(desk, stale, 7)
    assert desk.drawing == drawing


def test_a_field_that_is_typed_in_stays_the_same_field() -> None:
    page = visit(picture="sheet")
    before = field(page, "iou-target-x_min")
    before.set_value(33.0).run()
    assert field(page, "iou-target-x_min").key == before.key


def test_an_edge_typed_beyond_its_opposite_pushes_it_along() -> None:
    page = visit(picture="sheet", shapes="tb100_100_200_200~pb100_100_200_200s0.9")
    for name, value, box in (
        ("x_min", 300, (300, 100, 400, 200)),
        ("y_max", 50, (300, -50, 400, 50)),
        ("x_max", 450.5, (300, -50, 450.5, 50)),
    ):
        field(page, f"iou-target-{name}").set_value(float(value)).run()
        marks = from_code(address(page)["shapes"]).marks
        assert marks[0].shape == Box(*box)


def test_a_polygon_cannot_be_typed_flat_and_keeps_its_exact_corners() -> None:
    page = visit(picture="sheet", shapes="tg10_10_50_10_30_60")
    field(page, "iou-target-x_max").set_value(10.0).run()
    assert "needs a width and a height" in page.warning[0].value
    assert address(page)["shapes"] == "tg10_10_50_10_30_60"


def test_exact_numbers_survive_a_change_of_another() -> None:
    page = visit(picture="sheet")
    field(page, "iou-target-x_min").set_value(10.125).run()
    field(page, "iou-target-y_min").set_value(20.0).run()
    desk = page.session_state["iou desks"]["sheet"]
    assert desk.drawing.marks[0].shape.bounds()[:2] == (10.125, 20)


def test_many_boxes_stay_in_the_picture_and_too_many_are_told() -> None:
    page = visit(picture="sheet")
    for _ in range(22):
        press(page, "iou-add-target")
    for mark in from_code(address(page)["shapes"]).marks:
        x0, y0, x1, y1 = mark.shape.bounds()
        assert 0 <= x0 < x1 <= 640 and 0 <= y0 < y1 <= 480
    desk = page.session_state["iou desks"]["sheet"]
    desk.change(Drawing(desk.drawing.marks[:1] * 500))
    press(page, "iou-add-target")
    assert "500" in page.warning[0].value


def test_choosing_a_source_changes_no_drawing_and_shows_the_other_side() -> None:
    page = visit(picture="kitten")
    source(page, "iou-target-from").set_value("Model").run()
    assert page.button(key="iou-undo").disabled
    assert "shapes" not in page.query_params
    assert page.button_group(key="iou-side").value == "prediction"
    press(page, "iou-clear")
    desk = page.session_state["iou desks"]["kitten"]
    assert [mark.side for mark in desk.drawing.marks] == [TARGET]


def test_model_and_threshold_are_in_the_address() -> None:
    page = visit(picture="kitten")
    source(page, "iou-target-from").set_value("Model").run()
    plain = metric(page)
    page.selectbox(key="iou-target-model").set_value("pets-lecture").run()
    page.slider(key="iou-target-threshold").set_value(0.8).run()
    assert metric(page) != plain
    assert metric(visit(**address(page))) == metric(page)
    source(page, "iou-target-from").set_value("Drawn").run()
    assert not {"target-model", "target-threshold"} & set(page.query_params)


def test_sources_belong_to_their_picture() -> None:
    page = visit(picture="chelsea")
    source(page, "iou-target-from").set_value("Ground truth").run()
    page.selectbox(key="iou-picture").set_value("sheet").run()
    assert source(page, "iou-target-from").value == "Drawn"
    page.selectbox(key="iou-picture").set_value("chelsea").run()
    assert source(page, "iou-target-from").value == "Ground truth"


def test_shapes_do_not_wander_to_another_picture_by_the_address() -> None:
    page = visit(picture="sheet", shapes=TWO_BOXES)
    page.selectbox(key="iou-picture").set_value("own").run()
    assert "shapes" not in page.query_params


def test_what_was_cleared_does_not_come_back() -> None:
    """A browser that has not heard of a change yet sends what its canvas showed before."""
    page = visit(picture="sheet", shapes=TWO_BOXES)
    key = f"iou-canvas-sheet-{WIDTH}"
    desk = page.session_state["iou desks"]["sheet"]

    def answer(told: dict, x: float) -> None:
        """Answer as a canvas that was told a drawing and on which a box was added."""
        box = to_canvas(Drawing((Mark(TARGET, Box(x, 200, x + 60, 260)),)), WIDTH / 640)
        raw = {"objects": told["objects"] + box["objects"]}
        page.session_state[key] = {"drawing": {"raw": raw, "data": None}, "backgroundFit": None}
        page.run()

    first = desk.sent
    answer(first, 200)
    assert len(desk.drawing.marks) == 3
    press(page, "iou-clear")
    assert [mark.side for mark in desk.drawing.marks] == ["prediction"]
    answer(first, 210)
    assert [mark.side for mark in desk.drawing.marks] == ["prediction"], "it came too late"
    answer(desk.sent, 220)
    assert len(desk.drawing.marks) == 2, "this one knows of the change"
    answer({"objects": []}, 230)
    assert len(desk.drawing.marks) == 1, "a browser that outlived the server is believed"


def test_a_browser_that_missed_the_first_run_hears_the_settings_in_the_second() -> None:
    page = visit(
        picture="sheet",
        side="prediction",
        tool="brush",
        match="0.75",
        **{"target-from": "Mask file"},
    )
    page.run()
    found = {
        widget.key: (widget.proto.default, widget.proto.set_value)
        for widget in (*page.selectbox, *page.button_group, *page.select_slider)
    }
    assert found["iou-picture"] == (1, False)
    assert found["iou-target-from-sheet"] == (1, False)
    assert [found[f"iou-{name}"] for name in ("mode", "tool", "match")] == [
        ([0], False), ([3], False), ([5], False)
    ]  # fmt: skip
    assert found["iou-side"] == ([1], False)
    page = visit(mode="exercise", set="7")
    page.run()
    (seed,) = page.number_input
    assert (seed.proto.default, seed.proto.set_value) == (7, False)
