"""The view Inside in Streamlit's own test harness."""

import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from segcore.sample_pictures import sample_pictures
from segcore.ui.unet import controls, u_figure
from segcore.ui.unet import inside as view
from segcore.unet import inside
from segcore.unet.inside import SKIPS


def script() -> None:
    from segcore.ui.unet import inside

    inside.show()


def opened(**address: str) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60)
    app.query_params.update(address)
    return app.run()


def on(app: AppTest) -> list[int]:
    return next(w for w in app.get("button_group") if w.key == "unet-skips").value


def drawn(app: AppTest) -> dict:
    (chart,) = app.get("plotly_chart")
    return json.loads(chart.proto.spec)


def skip_labels(app: AppTest) -> list[str]:
    return next(t["text"] for t in drawn(app)["data"] if len(t.get("text", ())) == len(SKIPS))


def told(app: AppTest) -> str:
    return " ".join(caption.value for caption in app.caption)


def test_it_shows_the_first_sample_with_all_skips_at_once():
    app = opened()
    assert not app.exception and not app.error
    assert on(app) == list(SKIPS) and app.selectbox[0].value == "Conv_Down_1_2"
    assert [metric.value for metric in app.metric] == ["1.000"]
    points = drawn(app)["data"][-1]["customdata"]
    assert [name for name, *_ in points] == list(u_figure.places())
    assert ["Conv_Down_3_2", "3×3 convolution, ReLU", "64×64×32"] in points
    assert skip_labels(app) == [f"skip {level}" for level in SKIPS]
    assert "8 channels" in told(app)


def test_the_address_sets_stage_order_and_skips():
    app = opened(sample="chelsea", stage="Conv_Bottle_2", order="most active", skips="1246")
    assert not app.exception
    assert app.selectbox[0].value == "Conv_Bottle_2" and on(app) == [1, 2, 4, 6]
    assert "64 of 512 channels" in told(app)
    assert [label for label in skip_labels(app) if "off" in label] == ["skip 3: off", "skip 5: off"]
    dashed = [t["y"][0] for t in drawn(app)["data"] if t.get("line", {}).get("dash") == "dash"]
    assert dashed == [3, 5]
    with_all, with_outline = (float(metric.value) for metric in app.metric)
    assert 0.5 < with_all < 1 and 0.5 < with_outline < 1


@pytest.mark.parametrize(
    "address",
    [
        {"stage": "Conv_Down_9_9", "skips": "17", "order": "size", "sample": "none"},
        {"stage": "", "skips": "", "order": ""},
        {"skips": "None"},
    ],
)
def test_what_the_address_says_wrong_is_the_default(address):
    app = opened(**address)
    assert not app.exception and not app.error
    assert app.selectbox[0].value == "Conv_Down_1_2" and on(app) == list(SKIPS)


def test_skips_and_stage_are_written_into_the_address():
    app = opened(sample="chelsea")
    app.button(key="unet-all-skips").click().run()
    assert app.query_params["skips"] == "none" and on(app) == []
    assert float(app.metric[0].value) < 1
    app.selectbox[0].set_value("Conv_Out").run()
    assert app.query_params["stage"] == "Conv_Out" and on(app) == []
    app.button(key="unet-all-skips").click().run()
    app.selectbox[0].set_value("Conv_Down_1_2").run()
    assert not {"skips", "stage"} & set(app.query_params) and on(app) == list(SKIPS)


@pytest.mark.parametrize(("clicked", "address"), [([["Conv_Out", "", ""]], "Conv_Out"), ([], "a")])
def test_a_click_on_a_tile_chooses_its_stage_and_one_that_takes_it_back_nothing(
    clicked, address, monkeypatch
):
    """The function that a chart calls: Streamlit's harness cannot click on one."""
    points = [{"customdata": data} for data in clicked]
    state = {"u": SimpleNamespace(selection=SimpleNamespace(points=points))}
    page = SimpleNamespace(session_state=state, query_params={"stage": "a"})
    for module in (view, controls):
        monkeypatch.setattr(module, "st", page)
    view._clicked("u")
    assert page.query_params == {"stage": address}


def test_the_network_runs_only_for_what_was_not_seen_before(network_runs):
    app = opened(sample="coffee")
    runs = len(network_runs)
    app.selectbox[0].set_value("Conv_Up_5_2").run()
    assert len(network_runs) == runs + 1
    app.selectbox[0].set_value("Conv_Down_1_2").run()
    assert len(network_runs) == runs + 1


def test_what_is_downloaded_is_what_was_chosen(offered):
    opened(sample="chelsea", stage="Conv_Up_2_2", skips="1")
    sheet = offered["Channels as PNG"]
    assert sheet["file_name"] == "chelsea_Conv_Up_2_2.png"
    assert Image.open(io.BytesIO(sheet["data"]())).format == "PNG"
    maps = offered["Feature maps as NPZ"]
    assert maps["file_name"] == "chelsea_Conv_Up_2_2.npz"
    expected = inside.activations(sample_pictures()["chelsea"].picture(), {2, 3, 4, 5, 6})
    with np.load(io.BytesIO(maps["data"]())) as file:
        assert (file["feature_map"] == expected.stage("Conv_Up_2_2").feature_map).all()


def test_a_damaged_upload_is_answered_in_one_sentence_and_a_good_one_is_shown():
    app = opened()
    next(w for w in app.get("button_group") if w.key == "source").set_value("Upload").run()
    assert not app.exception and "Add a picture" in app.info[0].value
    app.file_uploader[0].set_value(("cat.jpg", b"\xff\xd8 no more", "image/jpeg")).run()
    assert not app.exception and not app.get("plotly_chart")
    (error,) = app.error
    assert "cat.jpg is damaged" in re.sub(r"\\(\W)", r"\1", error.value)
    file = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(file, "PNG")
    app.file_uploader[0].set_value(("teal.png", file.getvalue(), "image/png")).run()
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1


def test_a_model_that_is_missing_is_said_in_one_sentence(monkeypatch):
    monkeypatch.setattr(inside, "MODEL", "gone")
    view.remembered._overview.clear()
    app = opened()
    assert not app.exception and "no model" in app.error[0].value
