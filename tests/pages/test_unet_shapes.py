"""The view Shapes of the page U-Net."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from segcore.unet import diagram
from segcore.unet.plan import lecture, original

ROOT = Path(__file__).resolve().parents[2]
LECTURE = ROOT / "tests" / "models" / "lecture_unet_layers.csv"


def visit(**address: str) -> AppTest:
    page = AppTest.from_file(ROOT / "pages" / "unet.py", default_timeout=60)
    page.query_params.update({"view": "Shapes", **address})
    page.run()
    assert not page.exception and not page.error
    return page


def figures(page: AppTest) -> list[str]:
    return [m.value.strip("*") for m in page.markdown if m.value.startswith("**")]


def test_both_networks_have_the_lectures_numbers() -> None:
    assert figures(visit())[:2] == ["256×256×3 → 256×256×1", "6,667,639"]
    assert figures(visit(net="Original"))[:2] == ["572×572×1 → 388×388×2", "31,030,658"]


def test_the_settings_of_the_address_count() -> None:
    page = visit(depth="2", side="64", width="4", bn="true")
    plan = lecture(64, depth=2, base_width=4, batch_normalization=True)
    assert figures(page)[:2] == ["64×64×3 → 64×64×1", f"{plan.parameters:,}"]
    page = visit(net="Original", **{"original-side": "188", "original-width": "32"})
    assert figures(page)[0] == "188×188×1 → 4×4×2"


@pytest.mark.parametrize(
    "address", [{"depth": "99"}, {"side": "257"}, {"net": "V-Net"}, {"width": "x"}, {"bn": "7"}]
)
def test_an_address_that_does_not_fit_shows_the_lectures(address) -> None:
    assert figures(visit(**address))[:2] == ["256×256×3 → 256×256×1", "6,667,639"]


def test_more_levels_keep_to_sides_that_can_be_halved() -> None:
    page = visit(side="64")
    assert figures(page)[0] == "64×64×3 → 64×64×1"
    next(s for s in page.slider if s.key == "depth").set_value(7).run()
    assert not page.exception and figures(page)[0] == "128×128×3 → 128×128×1"


def test_the_table_is_the_lectures(offered) -> None:
    visit()
    rows = list(csv.DictReader(io.StringIO(offered["Layers as CSV"]["data"]().decode())))
    with LECTURE.open(encoding="utf-8", newline="") as file:
        wanted = [
            (r["name"], r["height"], r["channels"], r["parameters"]) for r in csv.DictReader(file)
        ]
    assert [(r["name"], r["side"], r["channels"], r["parameters"]) for r in rows] == wanted


@pytest.mark.parametrize("plan", [lecture(), lecture(8, depth=1, base_width=1), original()])
def test_the_drawing_has_every_layer_and_skip(plan) -> None:
    root = ElementTree.fromstring(diagram.svg(plan, 'A "U" & more'))
    assert root.get("aria-label") == 'A "U" & more'
    space = {"s": "http://www.w3.org/2000/svg"}
    titles = [title.text for title in root.iterfind("s:g/s:title", space)]
    assert [text.split(":")[0] for text in titles] == [layer.name for layer in plan.layers]
    dashed = [x for x in root.iterfind("s:line", space) if x.get("stroke-dasharray") != "none"]
    assert len(dashed) == plan.bottom.level - 1
    width, height = float(root.get("width")), float(root.get("height"))
    for rect in root.iterfind("s:g/s:rect", space):
        x, y, w, h = (float(rect.get(name)) for name in ("x", "y", "width", "height"))
        assert 0 <= x < x + w <= width and 0 <= y < y + h <= height
