"""The main job in a real browser: a photo in, its mask out, the same as the command line's."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect
from skimage import data

from segcore.ui.text import WORD_JOINER
from segcore.ui.views import VIEWS


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "my cat.jpg"
    Image.fromarray(data.chelsea()).resize((1000, 665)).save(path, quality=92)
    return path


def percent(text: str) -> float:
    return float(re.search(r"([\d.]+) ?% of it marked as pet", text)[1])


# === Upload, threshold, download ===


@pytest.mark.parametrize(
    ("key", "times", "threshold"), [("ArrowLeft", 20, 0.3), ("ArrowRight", 13, 0.63)]
)
def test_downloads_are_what_the_command_line_writes(visit, photo, segment, key, times, threshold):
    files = segment(photo, threshold=threshold, format="mask,overlay,cutout")
    marked = Image.open(io.BytesIO(files["my cat_mask.png"]))
    assert marked.size == (1000, 665)
    share = 100 * marked.histogram()[255] / (1000 * 665)

    tab = visit().open()
    tab.upload(photo)
    expect(tab.result).to_have_attribute("alt", re.compile(r"my cat\.jpg"))
    assert percent(tab.text) != pytest.approx(share, abs=0.1)
    tab.threshold(key, times)
    tab.wait_for_address(threshold=str(threshold))
    expect(tab.result).to_have_attribute("alt", re.compile(rf"\D{share:.1f} ?%"))
    for button, name in {
        "Mask": "my cat_mask.png",
        "Overlay": "my cat_overlay.png",
        "Cut-out": "my cat_cutout.png",
    }.items():
        suggested, content = tab.download(button)
        assert suggested == name
        assert content == files[name], f"{name} differs from the command line's"


def test_many_pictures_come_in_one_zip(visit, photo, segment, tmp_path):
    coffee = tmp_path / "coffee.png"
    Image.fromarray(data.coffee()).save(coffee)
    tab = visit().open()
    tab.upload(photo, coffee)
    expect(tab.result).to_have_attribute("alt", re.compile(r"my cat\.jpg"))
    tab.settle().page.get_by_role("button", name="Make ZIP of all").click()
    expect(tab.page.get_by_role("button", name="Download ZIP")).to_be_visible()
    name, content = tab.download("Download ZIP")
    assert name.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert found == segment(photo, coffee, format="mask")


def test_each_of_two_files_of_one_name_can_be_looked_at(visit, photo, tmp_path):
    other = tmp_path / "other" / photo.name
    other.parent.mkdir()
    Image.fromarray(data.coffee()).save(other)
    tab = visit().open(view="Mask")
    tab.upload(photo, other)
    expect(tab.result).to_have_attribute("alt", re.compile(r"my cat\.jpg"))
    for number, width in ((1, 600), (0, 1000)):
        picker = tab.settle().page.get_by_role("combobox", name="Picture shown")
        picker.click()
        tab.page.get_by_role("option").nth(number).click()
        expect(picker).to_have_attribute("aria-expanded", "false")
        expect(tab.result).to_have_js_property("naturalWidth", width)


# === Files that are none ===


def test_a_broken_upload_shows_one_sentence_and_no_traceback(visit, photo, tmp_path):
    broken = tmp_path / "notes.png"
    broken.write_text("This is not a cat.")
    tab = visit().open()
    tab.upload(broken)
    alert = tab.page.get_by_role("alert")
    expect(alert).to_have_count(1)
    expect(alert).to_contain_text("notes.png is not a picture")
    expect(tab.page.get_by_test_id("stException")).to_have_count(0)
    expect(tab.page.locator("body")).not_to_contain_text("Traceback")
    tab.upload(photo)
    expect(tab.result).to_have_attribute("alt", re.compile(r"my cat\.jpg"))
    expect(alert).to_have_count(1)


def test_names_are_shown_as_they_are(visit, tmp_path):
    name = "a *b* $x$ :red[c] ~~d~~ `e`.png"
    broken = tmp_path / name
    broken.write_text("This is not a cat.")
    tab = visit().open()
    tab.upload(broken)
    expect(tab.page.get_by_role("alert")).to_contain_text(f"{name} is not a picture")


@pytest.mark.parametrize("name", ["photo@2x.png", "www.cat.png"])
def test_names_in_the_table_are_no_links(visit, tmp_path, photo, name):
    named = tmp_path / name
    Image.open(photo).save(named)
    tab = visit().open()
    tab.upload(named)
    table = tab.page.get_by_role("table").filter(has_text="Picture").first
    expect(tab.result).to_have_attribute("alt", re.compile(re.escape(name)))
    expect(table.get_by_role("link")).to_have_count(0)
    tab.settle()
    assert table.get_by_role("cell").first.inner_text().replace(WORD_JOINER, "") == name


def test_another_kind_of_file_is_turned_away(visit, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("This is not a cat.")
    tab = visit().open()
    tab.upload(notes)
    expect(tab.page.get_by_test_id("stFileUploader")).to_contain_text("not allowed")
    expect(tab.page.get_by_test_id("stException")).to_have_count(0)


def test_an_upload_is_its_visitors_own(visit, photo):
    mine, theirs = visit().open(), visit()
    mine.upload(photo)
    expect(mine.result).to_have_attribute("alt", re.compile(r"my cat\.jpg"))
    theirs.open(mine.page.url)
    assert photo.name not in theirs.page.content()
    theirs.choose("Pictures from", "Upload")
    expect(theirs.page.get_by_test_id("stFileUploader")).to_be_visible()
    assert photo.name not in theirs.settle().page.content()
    assert theirs.result.count() == 0


# === Looking ===


def test_every_picture_has_an_alternative_text(visit):
    tab = visit().open()
    for view in VIEWS:
        tab.choose("View", view)
        expect(tab.result).to_have_attribute("alt", re.compile(re.escape(view)))
        texts = [img.get_attribute("alt") for img in tab.settle().page.locator("img").all()]
        assert len(texts) > 5
        assert all(text and text.strip() for text in texts), (view, texts)


def test_the_slider_between_before_and_after_obeys_the_arrow_keys(visit):
    tab = visit().open(view="Before and after")
    slider = tab.page.get_by_role("slider", name=re.compile("without the result"))
    before = tab.page.get_by_role("img").and_(tab.page.locator(".before"))
    expect(slider).to_have_value("50")
    expect(before).to_have_css("clip-path", "inset(0px 50% 0px 0px)")
    for key, value in {"ArrowRight": 51, "ArrowLeft": 50, "Home": 0, "End": 100}.items():
        slider.press(key)
        expect(slider).to_have_value(str(value))
        expect(before).to_have_css("clip-path", f"inset(0px {100 - value}% 0px 0px)")


@pytest.mark.parametrize("view", VIEWS)
def test_a_telephone_scrolls_in_one_direction_only(visit, view):
    tab = visit(390, 844).open(view=view)
    overflow = tab.page.evaluate(
        """() => [document.documentElement, ...document.querySelectorAll('[data-testid=stMain]')]
        .map(e => e.scrollWidth - e.clientWidth)"""
    )
    assert overflow == [0, 0]
    box = tab.result.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
