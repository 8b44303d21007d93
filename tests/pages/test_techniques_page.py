"""The page Techniques without a browser."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from segcore import images
from segcore.inference import zoo
from segcore.techniques import methods
from segcore.ui.techniques import networks

SCRIPT = Path(__file__).resolve().parents[2] / "pages" / "techniques.py"


@pytest.fixture(autouse=True)
def _on_the_cpu(monkeypatch):
    monkeypatch.setenv("SEGCORE_DEVICE", "cpu")


def visit(**address: str) -> AppTest:
    page = AppTest.from_file(SCRIPT, default_timeout=120)
    page.query_params.update(address)
    return healthy(page.run())


def healthy(page: AppTest) -> AppTest:
    assert not page.exception, page.exception
    assert not page.error, page.error
    return page


def address(page: AppTest) -> dict[str, str]:
    params = page.query_params
    return {k: v if isinstance(v, str) else v[-1] for k, v in params.items()}


def scores_missing(page: AppTest) -> bool:
    table = page.dataframe[0].value
    return "IoU" not in table or table["IoU"].isna().all()


def scores(page: AppTest) -> dict[str, float]:
    table = page.dataframe[0].value
    return dict(zip(table["Method"], table["IoU"], strict=True))


def test_it_opens_with_scored_methods():
    page = visit()
    found = scores(page)
    assert len(found) == 4 and found["Canny"] > 0.9
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert address(page) == {}


def test_a_parameter_changes_its_row_and_the_address():
    page = visit(methods="otsu manual")
    before = scores(page)
    page.segmented_control(key="techniques-view").set_value("one").run()
    page.selectbox(key="techniques-method").set_value("manual").run()
    page.slider(key="techniques-manual.threshold").set_value(140).run()
    assert address(healthy(page))["manual.threshold"] == "140"
    page.segmented_control(key="techniques-view").set_value("side").run()
    after = scores(healthy(page))
    assert after["Manual threshold"] != before["Manual threshold"]
    assert after["Otsu"] == before["Otsu"]


def test_all_methods_and_the_networks_are_in_one_table():
    page = visit(view="all", sample="hue", **{"otsu.channel": "red"})
    found = scores(page)
    titles = {zoo.card(name).title for name in ("pets", "scenes-panoptic", "prompt")}
    assert titles < set(found) and len(found) == len(methods()) + len(zoo.names())
    assert found["Otsu"] > 0.9  # orange is redder than blue-green
    next(b for b in page.button if b.label == "All with defaults").click().run()
    assert "otsu.channel" not in address(healthy(page))
    assert scores(page)["Otsu"] < 0.5


def test_seeds_are_typed():
    page = visit(view="one", method="growing", sample="hue")
    page.text_input(key="techniques-typed-seeds").set_value("10,10").run()
    assert address(healthy(page))["seeds"] == "10,10"
    page.text_input(key="techniques-typed-seeds").set_value("ten").run()
    assert "no seeds" in page.warning[0].value and address(page)["seeds"] == "10,10"


def test_nonsense_in_the_address_is_passed_over():
    page = visit(
        sample="moon", view="x", methods="a b", seeds="1", box="4,3,2,1", **{"otsu.pick": "none"}
    )
    assert len(scores(page)) == 4


def test_a_guides_button_opens_its_case():
    page = visit()
    page.button(key="techniques-wins-Thresholding").click().run()
    assert address(healthy(page)) == {"sample": "light", "view": "one", "method": "local"}
    assert page.metric[0].value.startswith("IoU 0.9")


def test_a_guides_button_sets_what_its_case_needs():
    page = visit()
    page.button(key="techniques-fails-Interactive").click().run()
    assert address(healthy(page))["model:prompt.prompt"] == "seeds"
    assert page.metric[0].value.startswith(("IoU 0.3", "IoU 0.4"))


def test_an_own_picture_with_its_mask_is_scored():
    picture = np.full((900, 1200, 3), 40, np.uint8)
    picture[300:600, 300:900] = 220
    mask = images.encode_png(picture[..., 0] > 100)
    page = visit(methods="otsu li", sample="own")
    page.file_uploader(key="techniques-upload").set_value(
        ("mine.png", images.encode_png(picture), "image/png")
    ).run()
    healthy(page)
    assert scores_missing(page)
    page.file_uploader(key="techniques-truth-0").set_value(("mask.png", mask, "image/png")).run()
    assert scores(healthy(page)) == {"Otsu": 1.0, "Li": 1.0}
    assert any("480 × 360" in caption.value for caption in page.caption)
    page.selectbox(key="techniques-sample").set_value("coins").run()
    page.selectbox(key="techniques-sample").set_value("own").run()
    assert scores(healthy(page)) == {"Otsu": 1.0, "Li": 1.0}  # remembered, and can be removed
    page.button(key="techniques-truth-remove").click().run()
    assert scores_missing(healthy(page))


def test_an_own_picture_can_be_removed():
    page = visit(methods="otsu li", sample="own")
    file = ("mine.png", images.encode_png(np.full((60, 80, 3), 40, np.uint8)), "image/png")
    page.file_uploader(key="techniques-upload").set_value(file).run()
    page.selectbox(key="techniques-sample").set_value("coins").run()
    page.selectbox(key="techniques-sample").set_value("own").run()
    healthy(page.button(key="techniques-picture-remove").click().run())
    assert any("Add a picture" in info.value for info in page.info) and not page.dataframe


def test_a_model_that_failed_is_tried_again(monkeypatch):
    find, failing = networks.find, [True]

    def fail_first(*args):
        if failing:
            raise zoo.ModelUnavailable("The file is gone.")
        return find(*args)

    monkeypatch.setattr(networks, "find", fail_first)
    page = visit(methods="otsu model:pets", sample="chelsea")
    assert any("The file is gone" in caption.value for caption in page.caption)
    failing.clear()
    healthy(page.run())
    assert not any("The file is gone" in caption.value for caption in page.caption)
    assert any("Networks ran on" in caption.value for caption in page.caption)


def test_a_mask_is_not_the_truth_of_the_next_picture():
    first, second = np.full((60, 80, 3), 40, np.uint8), np.full((60, 80, 3), 200, np.uint8)
    first[20:40, 20:60] = second[5:15, 5:75] = 120
    page = visit(methods="otsu li", sample="own")
    for name, picture in (("first", first), ("second", second)):
        file = (f"{name}.png", images.encode_png(picture), "image/png")
        page.file_uploader(key="techniques-upload").set_value(file).run()
        assert scores_missing(healthy(page))
        if name == "first":
            mask = images.encode_png(picture[..., 0] > 100)
            page.file_uploader(key="techniques-truth-0").set_value(
                ("mask.png", mask, "image/png")
            ).run()
            assert scores(healthy(page)) == {"Otsu": 1.0, "Li": 1.0}


def test_removed_seeds_do_not_come_back_with_a_late_answer():
    page = AppTest.from_file(SCRIPT, default_timeout=120)
    page.session_state["column widths"] = {"techniques": 300}
    page.query_params.update(sample="hue", view="one", method="growing", seeds="10,10")
    healthy(page.run())
    canvas = page.session_state["techniques canvas"]
    key, _ = canvas["told"]

    def answer(told, x):
        """Answer as a canvas that was told a drawing and on which a seed was set."""
        seed = {"type": "Circle", "left": x, "top": 40, "originX": "center", "originY": "center"}
        raw = {"objects": [*told["objects"], seed]}
        page.session_state[key] = {"drawing": {"raw": raw, "data": None}, "backgroundFit": None}
        healthy(page.run())

    first = canvas["sent"]
    answer(first, 50)
    assert len(address(page)["seeds"].split()) == 2
    next(b for b in page.button if b.label == "Remove seeds").click().run()
    assert address(page)["seeds"] == "none"
    answer(first, 60)
    assert address(page)["seeds"] == "none", "it came too late"
    answer(page.session_state["techniques canvas"]["sent"], 70)
    assert len(address(page)["seeds"].split()) == 1, "this one knows of the change"


def test_what_was_stopped_shows_what_is_done_and_goes_on():
    page = visit(methods="otsu canny")
    page.session_state["techniques stopped"] = ("coins", "otsu", "canny")
    page.session_state["techniques done"] = ["otsu"]
    page.run()
    assert list(scores(healthy(page))) == ["Otsu"] and "1 of 2" in page.info[0].value
    next(b for b in page.button if b.label == "Go on").click().run()
    assert len(scores(healthy(page))) == 2 and not page.info
