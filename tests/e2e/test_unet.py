"""The page U-Net in a real browser: tiles, skips, views and the address."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from segcore.ui.unet import u_figure
from tests.e2e.conftest import Tab


class UnetPage(Tab):
    """The page U-Net."""

    def open(self, path: str = "/unet", **address: str) -> UnetPage:
        self.goto(path, address)
        expect(self.page.get_by_role("heading", name="U-Net")).to_be_visible()
        return self.settle()

    def channels(self, stage: str):
        """The sheet with a stage's channels."""
        return self.page.get_by_role("img", name=re.compile(f"channels of {stage}"))

    @property
    def result(self) -> str:
        """What the picture with the mask tells."""
        return self.page.get_by_role("img", name=re.compile("marked as pet")).get_attribute("alt")


def test_a_tile_and_the_skips_and_another_visitor(visit):
    tab = visit(kind=UnetPage).open()
    expect(tab.channels("Conv_Down_1_2")).to_be_visible()
    with_all = tab.result

    tile = list(u_figure.places()).index("Conv_Down_3_2")
    place = tab.page.locator(".scatterlayer .trace").last.locator("path.point").nth(tile)
    box = place.bounding_box()  # Plotly's own layer above it takes the click
    tab.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tab.wait_for_address(stage="Conv_Down_3_2")
    expect(tab.channels("Conv_Down_3_2")).to_be_visible()

    tab.page.get_by_role("button", name="All off").click()
    tab.wait_for_address(skips="none")
    expect(tab.page.get_by_text("skip 6: off")).to_be_visible()
    assert tab.result != with_all

    other = visit(kind=UnetPage).open(tab.page.url)
    expect(other.channels("Conv_Down_3_2")).to_be_visible()
    assert other.result == tab.settle().result and other.address == tab.address


@pytest.mark.parametrize(
    ("view", "text"),
    [
        ("Inside", "Skip connections"),
        ("Shapes", "6,667,639"),
        ("Upsampling", "Finished output"),
        ("Losses", "Dice coefficient at 0.5"),
        ("Regularisation", "Batch normalisation"),
    ],
)
def test_each_view_opens_by_its_address_on_a_telephone(visit, view, text):
    tab = visit(390, 844, kind=UnetPage).open(view=view)
    expect(tab.page.get_by_text(text, exact=True).first).to_be_visible()
    expect(tab.page.get_by_test_id("stException")).to_have_count(0)
    wide = "e => e.scrollWidth - e.clientWidth"
    assert tab.page.get_by_test_id("stMain").evaluate(wide) == 0


def test_the_drawing_tells_a_layer_and_grows_with_the_settings(visit):
    tab = visit(kind=UnetPage).open(view="Shapes")
    drawing = tab.page.get_by_role("img", name=re.compile("256×256×3 down to 4×4×512"))
    expect(drawing.locator("title", has_text="Conv_Bottle_2: 4×4×512")).to_have_count(1)
    tab.choose("U-Net", "Original")
    tab.wait_for_address(net="Original")
    drawing = tab.page.get_by_role("img", name=re.compile("572×572×1 down to 28×28×1024"))
    expect(drawing).to_be_visible()
    slider = tab.page.get_by_role("slider", name="Side, pixels")
    slider.focus()
    slider.press("Home")
    tab.wait_for_address(**{"original-side": "188"})
    expect(tab.page.get_by_text("188×188×1 → 4×4×2")).to_be_visible()
