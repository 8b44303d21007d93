"""Techniques in a real browser: the bench opens, a click plants a seed, the address keeps it."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Tab


class TechniquesPage(Tab):
    """The page Techniques."""

    def open(self, **address: str) -> TechniquesPage:
        self.goto("/techniques", address)
        expect(self.page.get_by_text("When which family wins")).to_be_visible()
        return self.settle()


def test_methods_side_by_side_and_their_table(visit):
    tab = visit(kind=TechniquesPage).open(methods="otsu canny")
    for name in ("Otsu", "Canny"):
        expect(tab.page.get_by_role("img", name=re.compile(f"^{name}: IoU 0"))).to_be_visible()
    name, data = tab.download("Table as CSV")
    table = list(csv.DictReader(io.StringIO(data.decode())))
    assert name.endswith(".csv") and [row["Method"] for row in table] == ["Otsu", "Canny"]
    name, data = tab.download("Comparison as PNG")
    assert name.endswith(".png") and data.startswith(b"\x89PNG")


def test_a_click_plants_a_seed(visit):
    tab = visit(kind=TechniquesPage).open(
        view="one", method="growing", sample="hue", seeds="160,120"
    )
    canvas = tab.page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    # It is drawn anew once the server knows the column's width.
    expect(canvas).to_have_attribute("width", re.compile(r"^[4-9]\d\d$"))
    tab.settle()
    box = canvas.bounding_box()
    tab.page.mouse.click(box["x"] + box["width"] / 8, box["y"] + box["height"] / 8)
    tab.page.wait_for_url(re.compile("seeds=160%2C120(%20|\\+)"))
    tab.settle()
    x, y = map(float, tab.address["seeds"].split()[1].split(","))
    assert (x, y) == pytest.approx((40, 30), abs=2)


def test_all_methods_are_stopped_and_gone_on_with(visit):
    tab = visit(kind=TechniquesPage)
    tab.goto("/techniques", {"view": "all", "sample": "german_shepherd"})
    main = tab.page.get_by_test_id("stMain")  # Streamlit's own Stop is above it
    main.get_by_role("button", name="Stop", exact=True).click()
    expect(tab.page.get_by_text(re.compile(r"^Stopped: \d+ of \d+ are done"))).to_be_visible()
    shown = tab.settle().page.get_by_role("img", name=re.compile(r"^.+: \d+ ms"))
    before = shown.count()
    tab.page.get_by_role("button", name="Go on").click()
    expect(tab.page.get_by_text(re.compile("^Stopped:"))).to_have_count(0)
    expect(shown).not_to_have_count(before)
