"""The IoU calculator in a real browser: shapes drawn and changed by mouse."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np
import pytest
import shapely

from segcore.drawing import PREDICTION, SIDES, TARGET, Polygon

from ._iou import PREDICTION_BOX, TARGET_BOX, IouPage, Point, analytic, one_pixel

PENTAGON = [(120, 60), (330, 90), (400, 250), (240, 400), (90, 260)]


@pytest.fixture
def sheet(visit) -> IouPage:
    """Return the page with a blank sheet."""
    return visit(1440, 1000, kind=IouPage).open(picture="sheet")


def exact_iou(a: Sequence[Point], b: Sequence[Point]) -> tuple[float, float]:
    """Return shapely's IoU of two polygons, and what a rim of one pixel around a changes."""
    first, second = (shapely.Polygon(points).buffer(0) for points in (a, b))

    def iou(shape: shapely.Geometry) -> float:
        return shape.intersection(second).area / shape.union(second).area

    return iou(first), max(abs(iou(first.buffer(d)) - iou(first)) for d in (-1, 1))


def test_two_boxes_drawn_by_mouse(sheet):
    sheet.draw_boxes()
    expected, tolerance = (
        analytic(TARGET_BOX, PREDICTION_BOX),
        one_pixel(TARGET_BOX, PREDICTION_BOX),
    )
    assert tolerance < 0.005
    assert sheet.iou == pytest.approx(expected, abs=tolerance)
    for side, box in ((TARGET, TARGET_BOX), (PREDICTION, PREDICTION_BOX)):
        assert sheet.shape(side).bounds() == pytest.approx(box, abs=1)

    # Undo and redo, one shape at a time.
    sheet.press("undo")
    sheet.rest()
    assert len(sheet.drawing.marks) == 1 and sheet.iou == 0
    sheet.press("redo")
    sheet.rest()
    assert sheet.iou == pytest.approx(expected, abs=tolerance)

    # Moved with the pointer.
    sheet.canvas_button("Edit")
    middle = (PREDICTION_BOX[0] + 180, PREDICTION_BOX[1] + 190)
    sheet.drag(middle, (middle[0] + 40, middle[1] - 30))
    moved = (230, 100, 460, 320)
    assert sheet.shape(PREDICTION).bounds() == pytest.approx(moved, abs=1)
    assert sheet.shape(TARGET).bounds() == pytest.approx(TARGET_BOX, abs=1)
    assert sheet.iou == pytest.approx(analytic(TARGET_BOX, moved), abs=tolerance)

    # Made wider at its right edge, by a handle of some width.
    sheet.drag((460, 210), (520, 210))
    wider = (230, 100, 520, 320)
    assert sheet.shape(PREDICTION).bounds() == pytest.approx(wider, abs=6)
    bounds = sheet.shape(PREDICTION).bounds()
    assert sheet.iou == pytest.approx(analytic(TARGET_BOX, bounds), abs=tolerance)
    sheet.press("undo")
    sheet.rest()
    assert sheet.shape(PREDICTION).bounds() == pytest.approx(moved, abs=1)


def test_polygon_and_freehand_against_shapely(sheet):
    sheet.clear()
    sheet.tools(TARGET, "Polygon")
    sheet.click_corners(PENTAGON)
    assert isinstance(sheet.shape(TARGET), Polygon)
    circle = [
        (260 + 120 * math.cos(t), 240 + 120 * math.sin(t)) for t in np.linspace(0, 2 * np.pi, 60)
    ]
    sheet.tools(PREDICTION, "Freehand")
    sheet.drag(*circle)
    assert sheet.shape(PREDICTION).freehand
    meant, rim = exact_iou(PENTAGON, circle)
    assert rim < 0.02
    assert sheet.iou == pytest.approx(meant, abs=rim)
    kept, _ = exact_iou(*(sheet.shape(side).points for side in SIDES))
    assert sheet.iou == pytest.approx(kept, abs=0.001)


def test_brush_and_eraser(sheet):
    sheet.clear()
    sheet.tools(TARGET, "Brush")
    sheet.drag((100, 200), (400, 200))
    stroke = sheet.shape(TARGET)
    assert stroke.bounds()[2] - stroke.bounds()[0] == pytest.approx(300 + stroke.width, abs=2)
    painted = sheet.page.get_by_text(re.compile("only target"))
    before = int(re.sub(r"\D", "", painted.inner_text()))
    assert before == pytest.approx(300 * stroke.width + math.pi * stroke.width**2 / 4, rel=0.03)
    sheet.tools(TARGET, "Eraser")
    sheet.drag((250, 150), (250, 250))
    after = int(re.sub(r"\D", "", painted.inner_text()))
    assert before - after == pytest.approx(stroke.width**2, rel=0.15)
