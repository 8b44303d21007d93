"""The IoU calculator in a real browser: what is kept, typed, large, small and guessed."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from segcore.drawing import PREDICTION, SIDES, TARGET, Box
from segcore.drawing.notation import from_code

from ._iou import IouPage, analytic, one_pixel

EDGES = ("x_min", "y_min", "x_max", "y_max")

# === Keeping ===


def test_pictures_pages_and_reloads_lose_and_mix_up_nothing(visit):
    sheet = visit(1440, 1000, kind=IouPage).open(picture="sheet")
    sheet.draw_boxes()
    drawn, iou = sheet.address["shapes"], sheet.iou

    def pick(title: str) -> None:
        sheet.page.get_by_role("combobox", name="Picture").click()
        sheet.page.get_by_role("option", name=title).click()
        sheet.rest()

    pick("Kitten")
    assert "shapes" not in sheet.address
    kitten = sheet.iou
    assert kitten == 0.6254
    pick("Blank sheet")
    assert (sheet.address["shapes"], sheet.iou) == (drawn, iou)

    # To another page and back.
    sheet.page.get_by_role("link", name="Training").click()
    expect(sheet.page.get_by_role("heading", name="Training")).to_be_visible()
    sheet.settle().page.get_by_role("link", name="IoU calculator").click()
    sheet.shown()
    assert sheet.address == {"picture": "sheet", "shapes": drawn}
    assert sheet.iou == iou

    # The canvas still shows it: another shape is added to what is there.
    sheet.tools(TARGET, "Box")
    sheet.drag((500, 400), (600, 450))
    marks = sheet.drawing.marks
    assert len(marks) == 3 and from_code(drawn).marks == marks[:2]

    # A reload.
    address, iou = sheet.address, sheet.iou
    sheet.page.reload()
    sheet.shown()
    assert sheet.address == address and sheet.iou == iou

    # The address in somebody else's browser.
    other = visit(1440, 1000, kind=IouPage).open(**address)
    assert other.address == address and other.iou == iou
    assert other.drawing == sheet.drawing


def test_typed_numbers_are_exact_and_reach_the_canvas(visit):
    sheet = visit(1440, 1000, kind=IouPage).open(picture="sheet")
    typed = {TARGET: (100, 80, 300, 280), PREDICTION: (150, 130, 400, 380)}
    for place, side in enumerate(SIDES):
        for name, value in zip(EDGES, typed[side], strict=True):
            field = sheet.page.get_by_role("spinbutton", name=name).nth(place)
            field.fill(str(value))
            field.press("Enter")
            sheet.rest()
        assert sheet.shape(side) == Box(*typed[side])
    assert sheet.figure.inner_text() == f"{analytic(*typed.values()):.4f}"

    field = sheet.page.get_by_role("spinbutton", name="x_min").first
    before = sheet.shape(TARGET)
    field.press("ArrowUp")
    field.press("Enter")
    sheet.rest()
    assert sheet.shape(TARGET) == Box(101, *before.bounds()[1:])
    sheet.canvas_button("Edit")
    x, y = before.bounds()[0] + 20, before.bounds()[1] + 20
    sheet.drag((x, y), (x - 50, y))
    assert sheet.shape(TARGET).bounds()[0] == pytest.approx(51, abs=1)


@pytest.mark.alone
def test_a_picture_of_12_megapixels(visit, tmp_path):
    path = tmp_path / "large.jpg"
    ramp = np.linspace(0, 255, 4000).astype(np.uint8)
    Image.fromarray(np.broadcast_to(ramp, (3000, 4000)).copy()).save(path)
    tab = visit(1440, 1000, kind=IouPage).open(picture="sheet")
    tab.size = (3000, 4000)
    tab.page.get_by_role("combobox", name="Picture").click()
    tab.page.get_by_role("option", name="Your own picture").click()
    tab.rest().page.locator("input[type=file]").set_input_files(path)
    expect(tab.page.get_by_text("large.jpg, 4000 × 3000 pixels")).to_be_visible()
    tab.rest().clear()
    target, prediction = (500, 400, 2100, 1900), (1000, 900, 2900, 2500)
    for side, box in ((TARGET, target), (PREDICTION, prediction)):
        tab.tools(side, "Box")
        tab.drag(box[:2], box[2:])
    canvas_pixel = 4000 / tab.canvas.bounding_box()["width"]
    tolerance = canvas_pixel * one_pixel(target, prediction)
    assert tab.iou == pytest.approx(analytic(target, prediction), abs=tolerance)
    assert "shapes" not in tab.address
    began = time.perf_counter()
    tab.press("undo")
    expect(tab.figure).to_have_text("0.0000")
    assert time.perf_counter() - began < 3  # about 0.3 s on two idle cores


# === Looking ===


@pytest.mark.parametrize("address", [
    {"picture": "sheet"}, {"picture": "kitten"},
    {"mode": "exercise", "set": "7", "task": "7"},
])  # fmt: skip
def test_a_telephone_scrolls_in_one_direction_only(visit, address):
    tab = visit(390, 844, kind=IouPage)
    tab.goto("/iou", address)
    expect(tab.page.get_by_role("heading", name="IoU calculator")).to_be_visible()
    expect(tab.page.get_by_text("intersection").first).to_be_visible()
    tab.rest()
    assert tab.overflow() == [0, 0]
    if "mode" not in address:
        tab.shown()
        box = tab.canvas.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
        for name in ("Boxes", "Outlines", "Several objects"):
            tab.page.get_by_role("tab", name=name).click()
            assert tab.settle().overflow() == [0, 0]
    texts = [img.get_attribute("alt") for img in tab.page.locator("img").all()]
    assert len(texts) >= 4 and all(texts)


def test_an_exercise_is_played_with_the_keyboard(visit):
    tab = visit(kind=IouPage)
    tab.goto("/iou", {"mode": "exercise"})
    answer = tab.page.get_by_role("textbox", name="Your answer")
    answer.fill("2/6")
    answer.press("Enter")
    expect(tab.page.get_by_text("Union, each square once")).to_be_visible()
    tab.wait_for_address(mode="exercise", set="figures", guesses="0.3333")
    score = tab.address["score"]
    tab.page.reload()
    expect(tab.page.get_by_text("Union, each square once")).to_be_visible()
    assert tab.settle().address["score"] == score
