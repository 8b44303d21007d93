"""The page IoU calculator as a visitor's hands and eyes meet it."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

from segcore.drawing import PREDICTION, SIDES, TARGET, Drawing, Shape
from segcore.drawing.notation import from_code

from .conftest import Tab

SHEET = (480, 640)
Point = tuple[float, float]
Corners = tuple[float, float, float, float]
TARGET_BOX, PREDICTION_BOX = (80, 60, 330, 290), (190, 130, 420, 350)


class IouPage(Tab):
    """The page IoU calculator, its canvas in pixels of the picture."""

    size = SHEET

    def open(self, path: str = "/iou", **address: str) -> IouPage:
        """Go to an address and wait until figures and canvas are there."""
        self.goto(path, address)
        expect(self.figure).to_be_visible()
        return self.shown()

    def shown(self) -> IouPage:
        """Wait until there is one canvas: when the width changes, there are two for a moment."""
        expect(self.canvas).to_have_count(1)
        expect(self.canvas).to_be_visible()
        return self.rest()

    def rest(self) -> IouPage:
        """Wait until the script rests for a while: the canvas answers a moment later."""
        for _ in range(2):
            self.page.wait_for_timeout(250)
            self.settle()
        expect(self.page.get_by_test_id("stException")).to_have_count(0)
        return self

    @property
    def figure(self) -> Locator:
        """The large IoU."""
        return self.page.get_by_test_id("stMetricValue").first

    @property
    def canvas(self) -> Locator:
        """What takes the pointer."""
        return self.page.locator("canvas.upper-canvas")

    @property
    def iou(self) -> float:
        """The IoU that the page shows."""
        return float(self.figure.inner_text())

    @property
    def figures(self) -> str:
        """All text of the page: its figures, and the coordinates of what is drawn."""
        return self.page.get_by_test_id("stMain").text_content() or ""

    @property
    def drawing(self) -> Drawing:
        """What the address says is drawn."""
        return from_code(self.address["shapes"])

    def shape(self, side: str) -> Shape:
        """Return the only shape of a side."""
        ((_, mark),) = self.drawing.side(side)
        return mark.shape

    def tools(self, side: str, tool: str) -> None:
        """Choose whose shape to draw, and with what."""
        self.choose("Whose shape to draw", side.capitalize())
        self.choose("Tool", tool)
        self.rest()

    def clear(self) -> None:
        """Remove everything of both sides."""
        for side in SIDES:
            self.choose("Whose shape to draw", side.capitalize())
            self.rest().press("Clear")
        self.rest()

    def press(self, button: str) -> None:
        """Press a button of the page, not of the canvas."""
        buttons = self.page.get_by_test_id("stButton").get_by_role("button")
        buttons.filter(has_text=button).first.click()

    def canvas_button(self, name: str) -> None:
        """Press a button of the canvas."""
        self.canvas.hover(position={"x": 5, "y": 5})
        self.page.locator(".dc-toolbar").get_by_role("button", name=name, exact=True).click()

    def choose(self, group: str, option: str) -> None:
        """Choose an option whose text begins with an icon."""
        control = self.page.get_by_role("radiogroup", name=group)
        control.get_by_role("radio", name=re.compile(rf"\b{option}$")).check(force=True)

    def screen(self, point: Point) -> Point:
        """Return where a point of the picture is on the screen."""
        self.canvas.scroll_into_view_if_needed()
        box = self.canvas.bounding_box()
        scale = box["width"] / self.size[1]
        return box["x"] + point[0] * scale, box["y"] + point[1] * scale

    def drag(self, *points: Point) -> None:
        """Drag the pointer through points of the picture; wait until the figures have changed."""
        before = self.figures
        mouse = self.page.mouse
        mouse.move(*self.screen(points[0]))
        mouse.down()
        for point in points[1:]:
            mouse.move(*self.screen(point), steps=4 if len(points) < 5 else 1)
        mouse.up()
        expect(self.page.get_by_test_id("stMain")).not_to_have_text(before)
        self.rest()

    def click_corners(self, points: list[Point]) -> None:
        """Click a polygon's corners, then the first again; wait until the figures have changed."""
        before = self.figures
        for point in [*points, points[0]]:
            self.page.mouse.click(*self.screen(point))
            self.page.wait_for_timeout(350)  # two quick clicks would be a double click
        expect(self.page.get_by_test_id("stMain")).not_to_have_text(before)
        self.rest()

    def draw_boxes(self) -> None:
        """Draw a box on each side by mouse, in place of those that are there."""
        self.clear()
        for side, box in ((TARGET, TARGET_BOX), (PREDICTION, PREDICTION_BOX)):
            self.tools(side, "Box")
            self.drag(box[:2], box[2:])

    def overflow(self) -> list[int]:
        """Return by how many pixels document and page are wider than the window."""
        return self.page.evaluate(
            "() => [document.documentElement, document.querySelector('[data-testid=stMain]')]"
            ".map(e => e.scrollWidth - e.clientWidth)"
        )


def analytic(a: Corners, b: Corners) -> float:
    """Return the IoU of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0, width) * max(0, height)
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return shared / (sum(areas) - shared)


def one_pixel(a: Corners, b: Corners) -> float:
    """Return by how much the IoU changes at most if one edge of a moves by a pixel."""
    moved = ([*a[:i], a[i] + step, *a[i + 1 :]] for i in range(4) for step in (-1, 1))
    return max(abs(analytic(tuple(box), b) - analytic(a, b)) for box in moved)
