"""The page Compare in a real browser, with stand-in models that are known to the pixel."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks._server import serve
from tests import scene_models
from tests.e2e.conftest import Tab

VIEWS = ("semantic", "instance", "panoptic")
APP = """
from tests import scene_models
scene_models.install()
from segcore.ui.navigation import navigate
navigate().run()
"""
# x, y in pixels of the picture; what each of the three views says there
PIXELS = {
    (10, 10): ("sky · 0.80", "no object, unlabelled", "sky · 0.80"),
    (310, 100): ("sky · 0.80", "no object, unlabelled", "sky · 0.80"),
    (10, 230): ("vegetation · 0.80", "no object, unlabelled", "vegetation · 0.80"),
    (250, 225): ("vegetation · 0.80", "no object, unlabelled", "vegetation · 0.80"),
    (40, 100): ("cat · 0.80", "cat 1 · 0.90", "cat 1 · 0.90"),
    (94, 178): ("cat · 0.80", "cat 1 · 0.90", "cat 1 · 0.90"),
    (98, 62): ("cat · 0.80", "cat 2 · 0.60", "cat 2 · 0.60"),
    (157, 120): ("cat · 0.80", "cat 2 · 0.60", "cat 2 · 0.60"),
    (228, 100): ("dog · 0.80", "no object, unlabelled", "unlabelled"),
    (284, 210): ("dog · 0.80", "no object, unlabelled", "unlabelled"),
}


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Serve the app with the stand-ins in the place of the networks."""
    script = tmp_path_factory.mktemp("compare") / "app.py"
    script.write_text(APP)
    with serve(str(script)) as running:
        yield running.url


class ComparePage(Tab):
    """The page Compare."""

    def open(self, **address):
        self.goto("/compare", address)
        return self.ready()

    def ready(self):
        """Wait until the viewer shows what the server said last."""
        expect(self.page.locator(".viewer")).to_have_attribute("data-ready", re.compile("."))
        return self.settle()

    def upload(self, path, seen="vegetation"):
        """Bring a picture of one's own; wait until the views show it."""
        self.choose("Picture from", "Upload")
        uploader = self.page.get_by_test_id("stFileUploader").filter(has_text="Your picture")
        uploader.locator("input[type=file]").set_input_files(path)
        return self.see("semantic", f"Your picture {path.name}. Semantic: ").see("semantic", seen)

    def see(self, view, text):
        """Wait until a view's alternative text holds a text."""
        expect(self.canvas(view)).to_have_attribute("aria-label", re.compile(re.escape(text)))
        return self.settle()

    def canvas(self, view):
        return self.page.locator(f'[data-view="{view}"] canvas')

    def point(self, x, y, size=scene_models.SIZE, view="panoptic"):
        """Point at a pixel of the picture in one view; return what all three say."""
        canvas = self.canvas(view)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        place = (x + 0.5) / size[1] * box["width"], (y + 0.5) / size[0] * box["height"]
        self.page.mouse.move(box["x"] + place[0], box["y"] + place[1])
        expect(self.page.locator(".viewer")).to_have_attribute("data-point", f"{x},{y}")
        return tuple(self.page.locator(f'[data-view="{v}"] .readout').inner_text() for v in VIEWS)

    def row(self, name):
        return self.page.locator(".legend").get_by_role("button", name=name, exact=True)

    def pixels(self, view):
        """Return the canvas as it is drawn, (h, w, 3)."""
        content = self.canvas(view).screenshot()
        return np.asarray(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)

    def colour(self, view, x, y, size=scene_models.SIZE):
        """Return the colour at a pixel of the picture."""
        drawn = self.pixels(view)
        height, width = drawn.shape[:2]
        return drawn[int((y + 0.5) / size[0] * height), int((x + 0.5) / size[1] * width)]

    def slide(self, label, key, times=1):
        slider = self.page.get_by_role("slider", name=re.compile(label))
        slider.focus()
        for _ in range(times):
            slider.press(key)


@pytest.fixture
def compare(visit, url):
    """Return a function that opens the page in a new browser."""

    def start(width=1280, height=900, options=None, **address):
        return visit(width, height, url, ComparePage, **(options or {})).open(**address)

    return start


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> Path:
    """Return the file of the drawn scene."""
    path = tmp_path_factory.mktemp("pictures") / "scene.png"
    Image.fromarray(scene_models.scene()).save(path)
    return path


# === Reading ===


def test_ten_known_pixels_are_read_in_all_three_views(compare, drawn):
    tab = compare(score="0.5").upload(drawn)
    for (x, y), wanted in PIXELS.items():
        assert tab.point(x, y) == wanted, (x, y)
    x, y = 40, 100
    for view in VIEWS:
        assert tab.point(x, y, view=view) == PIXELS[x, y], f"pointed at in {view}"


def test_the_keyboard_moves_the_point_and_zooms(compare, drawn):
    tab = compare().upload(drawn)
    grid = tab.page.get_by_role("group", name=re.compile("Views of one picture"))
    grid.focus()
    grid.press("ArrowLeft")
    expect(tab.page.locator(".viewer")).to_have_attribute("data-point", "159,120")
    expect(tab.page.locator(".spoken")).to_have_text(
        "Semantic: cat · 0.80. Instance: cat 2 · 0.60. Panoptic: cat 2 · 0.60"
    )
    grid.press("Shift+ArrowRight")
    expect(tab.page.locator(".viewer")).to_have_attribute("data-point", "169,120")
    grid.press("+")
    expect(tab.page.locator(".zoom")).to_have_text("1.5×")
    grid.press("0")
    expect(tab.page.locator(".zoom")).to_have_text("1.0×")


def test_zoom_and_place_are_the_same_in_all_views(compare, drawn):
    tab = compare(view="Flat").upload(drawn)
    canvas = tab.canvas("semantic")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    tab.page.mouse.move(box["x"] + 2, box["y"] + 2)
    tab.page.mouse.dblclick(box["x"] + 2, box["y"] + 2)
    expect(tab.page.locator(".zoom")).to_have_text("2.0×")
    # twice as large from the upper left corner: what was at 40, 50 is at 80, 100 now
    for view in ("semantic", "panoptic"):
        blue = tab.colour(view, 40, 40)
        assert blue[2] > blue[0], f"{view} shows the sky"
        assert np.abs(tab.colour(view, 100, 180) - (240, 0, 165)).max() < 12, view


# === Legend ===


def test_the_legend_isolates_and_the_address_says_so(compare, drawn):
    tab = compare(view="Flat").upload(drawn)
    before = {view: tab.colour(view, 130, 100) for view in VIEWS}
    tab.row("cat 1").click()
    expect(tab.row("cat 1")).to_have_attribute("aria-pressed", "true")
    tab.wait_for_address(isolate="cat 1")
    for view in ("instance", "panoptic"):
        assert np.abs(tab.colour(view, 130, 100) - before[view]).max() > 40, "cat 2 has gone"
        assert np.ptp(tab.colour(view, 60, 100)) > 60, "cat 1 is there"
    assert np.abs(tab.colour("semantic", 130, 100) - before["semantic"]).max() < 12, (
        "semantic segmentation knows the class only"
    )
    tab.row("sky").click()
    tab.wait_for_address(isolate="sky")
    assert np.ptp(tab.colour("panoptic", 60, 100)) < 12
    tab.row("sky").click()
    expect(tab.row("sky")).to_have_attribute("aria-pressed", "false")
    tab.page.wait_for_url(lambda url: "isolate" not in url)


# === Sliders, address ===


@pytest.mark.alone
def test_sliders_answer_within_300_ms(compare, drawn):
    """From the key that moves the slider to the views that show it, as the browser sees both."""
    tab = compare(score="0.4").upload(drawn)  # the dog's score: one step hides it, one shows it
    tab.page.evaluate(
        """() => { const viewer = [...document.querySelectorAll('*')]
            .map(e => e.shadowRoot?.querySelector('.viewer')).find(Boolean);
          addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
          window.times = [];
          new MutationObserver(() => window.times.push(performance.now() - window.pressed))
            .observe(viewer, { attributeFilter: ['data-ready'] }); }"""
    )
    for i in range(10):
        tab.slide("Score threshold", "ArrowLeft" if i % 2 else "ArrowRight")
        tab.page.wait_for_function("n => window.times.length > n", arg=i)
    times = tab.page.evaluate("window.times")
    assert len(times) == 10 and np.median(times) < 300, times


def test_a_slider_changes_the_objects_and_the_address(compare, drawn):
    tab = compare(score="0.5").upload(drawn)
    tab.slide("Score threshold", "ArrowLeft", 3)
    tab.wait_for_address(score="0.35")
    tab.see("panoptic", "1 × dog 10 %")
    assert tab.point(228, 100) == ("dog · 0.80", "dog 1 · 0.40", "dog 1 · 0.40")
    expect(tab.page.get_by_text("no rule dropped anything")).to_be_visible()


def test_an_address_shows_another_browser_the_same(compare):
    mine = compare(sample="cows")
    mine.choose("Show as", "Flat")
    mine.page.get_by_text("Names", exact=True).click()
    mine.slide("Overlap threshold", "ArrowRight", 2)
    mine.row("cow 2").click()
    mine.wait_for_address(sample="cows", view="Flat", names="true", overlap="0.6", isolate="cow 2")
    theirs = compare()
    theirs.goto(mine.page.url, {})
    theirs.ready()
    expect(theirs.row("cow 2")).to_have_attribute("aria-pressed", "true")
    for view in (*VIEWS, "truth"):
        label = mine.canvas(view).get_attribute("aria-label")
        expect(theirs.canvas(view)).to_have_attribute("aria-label", label)
    drawn = [tab.canvas("truth").evaluate("canvas => canvas.toDataURL()") for tab in (mine, theirs)]
    assert drawn[0] == drawn[1]


# === Odd pictures ===


@pytest.mark.parametrize("size", [(200, 800), (64, 64)], ids=["panorama", "icon"])
@pytest.mark.parametrize("width", [1280, 390])
def test_a_panorama_and_an_icon_work(compare, tmp_path, size, width):
    path = tmp_path / "odd.png"
    Image.fromarray(scene_models.scene(size)).save(path)
    tab = compare(width).upload(path)
    shape = (160, 640) if size == (200, 800) else size
    box = tab.canvas("panoptic").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert box["width"] / box["height"] == pytest.approx(size[1] / size[0], rel=0.05)
    x, y = round(0.2 * shape[1]), round(0.5 * shape[0])
    assert tab.point(x, y, shape) == ("cat · 0.80", "cat 1 · 0.90", "cat 1 · 0.90")
    overflow = tab.page.evaluate(
        "() => { const e = document.querySelector('[data-testid=stMain]');"
        " return e.scrollWidth - e.clientWidth; }"
    )
    assert overflow == 0


def test_a_picture_without_known_objects_says_so(compare, tmp_path):
    path = tmp_path / "meadow.png"
    Image.fromarray(scene_models.plain((60, 80))).save(path)
    tab = compare().upload(path)
    sentence = "There is no object in this picture that the models know. It shows sky, vegetation."
    expect(tab.page.get_by_text(sentence)).to_be_visible()
    assert (tab.canvas("instance").get_attribute("aria-label") or "").endswith("Instance: nothing.")


def test_an_upload_is_its_visitors_own(compare, drawn):
    mine, theirs = compare().upload(drawn), compare()
    theirs.goto(mine.page.url, {})
    theirs.ready()
    assert "scene.png" not in theirs.page.content()
    assert "scene.png" not in (theirs.canvas("panoptic").get_attribute("aria-label") or "")


def test_the_zip_downloads(compare):
    tab = compare(sample="cows")
    tab.page.get_by_text("Downloads", exact=True).click()
    name, content = tab.download("Everything (ZIP)")
    assert name == "cows_scene.zip"
    assert content.startswith(b"PK")
