"""The page's address: what it carries, and links opened first on a fresh server."""

import re

import pytest
from playwright.sync_api import expect

from benchmarks._server import serve


def test_the_address_shows_another_visitor_the_same(visit):
    tab = visit().open()
    tab.page.get_by_role("button", name="Chelsea", exact=True).click()
    expect(tab.result).to_have_attribute("alt", re.compile("tabby"))
    tab.choose("Model", "pets-lecture")
    tab.wait_for_address(model="pets-lecture")
    tab.threshold("ArrowRight", 7)
    tab.choose("View", "Cut-out")
    tab.wait_for_address(sample="chelsea", model="pets-lecture", threshold="0.57", view="Cut-out")
    expect(tab.result).to_have_attribute("alt", re.compile("Cut-out"))

    other = visit().open(tab.page.url)
    assert other.text == tab.settle().text
    assert other.settle_result() == tab.settle_result()
    expect(other.page.get_by_role("radio", name="Cut-out")).to_be_checked()
    expect(other.page.get_by_role("radio", name="pets-lecture")).to_be_checked()
    expect(other.page.get_by_role("slider", name="Threshold")).to_have_value("0.57")
    assert other.address == tab.address


def test_a_reload_shows_the_same(visit):
    tab = visit().open(sample="coffee", view="Mask", threshold="0.4")
    text, shown = tab.text, tab.settle_result()
    tab.page.reload()
    expect(tab.result).to_have_attribute("alt", text)
    assert tab.settle_result() == shown


@pytest.mark.parametrize("path", ["/", "/segment", "/segment?sample=coffee&view=Mask"])
def test_a_deep_link_on_a_cold_server_shows_the_whole_page(visit, path):
    with serve() as server:
        tab = visit(url=server.url).open(path)
        expect(tab.page.get_by_role("heading", name="Segment")).to_be_visible()
        expect(tab.page).to_have_title("Segment · segcore")
        expect(tab.page.get_by_role("combobox", name="Device")).to_be_attached()
        for page in ("Segment", "IoU calculator", "Training"):
            expect(tab.page.get_by_role("link", name=page, exact=True)).to_be_attached()
        expect(tab.page.get_by_role("button", name="Mask", exact=True)).to_be_visible()
        expect(tab.page.get_by_test_id("stException")).to_have_count(0)
        expect(tab.page.get_by_role("dialog")).to_have_count(0)
        assert ("Mask:" in tab.text) == ("view=Mask" in path)
        tab.page.get_by_role("radiogroup", name="View").get_by_text("Cut-out", exact=True).click()
        tab.wait_for_address(view="Cut-out")
        expect(tab.result).to_have_attribute("alt", re.compile("Cut-out"))
        tab.page.get_by_role("link", name="Training", exact=True).click()
        expect(tab.page.get_by_role("heading", name="Training")).to_be_visible()
        assert "rror" not in server.output(), server.output()
        tab.page.close()
